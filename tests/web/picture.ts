/** The shop as the README shows it: an order that follows what the visitor said, and why. Driven by `picture.py`. */

import { readFileSync } from "node:fs";

import { frameOf, launched, press, type Program } from "./frames/driver.ts";

const { shop, file, ...program } = JSON.parse(readFileSync(0, "utf8")) as Program & { readonly shop: string; readonly file: string };
const PATIENCE = 60_000;
const browser = await launched(program);
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 960 }, colorScheme: "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(shop);
  await page.click("footer [data-open]");
  const question = await frameOf(page, "consent");
  await question.locator("label:has(input[value=adult])").click();
  await press(page, question, "[data-answer=yes]");
  await page.waitForFunction(() => document.documentElement.dataset["mien"] === "on");
  await page.click("[data-close]");
  await page.click("details.ways summary");
  const mood = await frameOf(page, "mood");
  await page.locator("mien-mood").scrollIntoViewIfNeeded();
  await press(page, mood, "[data-mood=joy]");
  await page.waitForTimeout(3000); // it is sealed, sent and kept
  for (let tried = 0; tried < 5; tried += 1) {
    await page.goto(shop);
    await page.waitForSelector(".strip[data-event]");
    await page.click("details.ways summary");
    const why = await frameOf(page, "why");
    await why.waitForFunction(() => /place by place/i.test(document.body.innerText), null, { timeout: PATIENCE });
    if (/feel was used/.test(await why.evaluate(() => document.body.innerText))) break;
  }
  await page.mouse.move(5, 5);
  await page.evaluate(() => { // by the object model: the shop's policy allows no inline style
    for (const each of document.querySelectorAll<HTMLElement>("mien-mood, #indicator")) each.style.setProperty("display", "none", "important");
    document.querySelector<HTMLElement>(".ways")?.style.setProperty("--mien-height", "26rem");
  });
  await page.waitForTimeout(500);
  const end = await page.evaluate(() => (document.querySelector(".ways")?.getBoundingClientRect().bottom ?? 0) + scrollY);
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.ceil(end) + 24 } });
} finally {
  await browser.close();
}
