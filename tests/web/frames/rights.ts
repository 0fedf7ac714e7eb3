/**
 * What a person may do about what is held of them, on real frames and a real server: correct, add and remove a device, take the file along, erase. Told on
 * standard input where everything is, tells on standard output what came of it. Driven by `test_rights.py`.
 */

import { readFileSync } from "node:fs";

import type { Download, Frame, Page } from "playwright-core";

import { launched, press, Visitor } from "./driver.ts";
import { shown, type Told, visit, yes } from "./parts.ts";

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const found: Record<string, unknown> = {};
const LIST = "[data-answer=export]";

/** What the person is given as a file when they press this. */
async function file(page: Page, frame: Frame, selector: string): Promise<unknown> {
  const [download] = await Promise.all([page.waitForEvent("download"), frame.locator(selector).first().click()]) as [Download, void];
  return [download.suggestedFilename(), JSON.parse(readFileSync((await download.path()) ?? "", "utf8"))];
}

const browser = await launched(told);
try {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${told.shop}/`);
  await yes(page);
  const mood = await shown(page, "mood", "[data-mood=joy]");
  await press(page, mood, "[data-mood=joy]");
  await mood.getByText("You said: Joy").waitFor();
  const me = await shown(page, "me", LIST);
  found["held"] = await me.locator("details").first().locator("xpath=..").innerText();
  await me.locator("details summary").first().click();
  await me.locator("details[open] select").selectOption("sadness");
  await press(page, me, "details[open] button");
  await me.getByText("Corrected.").waitFor();
  found["corrected"] = await me.locator("details").first().locator("xpath=..").innerText();

  await press(page, me, "button:has-text('Add a device')");
  const code = await me.locator("code").innerText();
  const elsewhere = await Visitor.of(browser);
  const other = await visit(elsewhere, `${told.shop}/`);
  const joined = await shown(other, "me", "input");
  await joined.locator("input").fill(code);
  await press(other, joined, "button:has-text('Use the code of another device')");
  await joined.locator(LIST).waitFor();
  found["there"] = await joined.locator("details").first().locator("xpath=..").innerText();
  found["export"] = await file(other, joined, LIST);
  await press(other, joined, "button[aria-label^='Remove']");
  await joined.getByText("It can say nothing any more.").waitFor();
  await joined.locator(LIST).waitFor();

  await joined.locator("[data-answer=erase]").click();
  await press(other, joined, "[data-answer=erase-all]");
  await joined.locator("[data-answer=completed]").waitFor();
  found["certificates"] = [await file(other, joined, "[data-answer=accepted]"), await file(other, joined, "[data-answer=completed]")];
  found["troubles"] = [...visitor.troubles, ...elsewhere.troubles];
  process.stdout.write(JSON.stringify(found));
} finally {
  await browser.close();
}
