/**
 * Frames of the mien origin in a shop's page, in a real Chromium: told on standard input where everything is, tells on standard output what came of it.
 * Driven by `test_frame.py`.
 */

import { readFileSync, writeFileSync } from "node:fs";

import type { Frame, Page } from "playwright-core";

import { launched, press, saidIn, Visitor } from "./driver.ts";
import { HOSTILE } from "./hostile.ts";
import { connected, type Journey, shown, stands, type Told, visit, yes } from "./parts.ts";

const [OLD, NEW] = ["If you only tell us yourself how you feel", "ANOTHER WORDING"];

const orders = (page: Page): Promise<readonly string[]> => page.evaluate(async () => (await mien.rank()).places.map(({ offer }) => offer.id));
const told = (frame: Frame): Promise<string> => frame.locator("main").innerText();
const marks = (page: Page): Promise<readonly string[]> => page.evaluate(() => Object.keys(localStorage));
/** The page's own mark goes when the server has heard. */
const unmarked = (page: Page): Promise<unknown> => page.waitForFunction(() => localStorage.length === 0);

/** What a frame of the mien origin keeps in this shop. */
const kept = (frame: Frame): Promise<unknown> => frame.evaluate(async () => ({
  marks: Object.entries(localStorage), databases: (await indexedDB.databases()).map(({ name }) => name), cookies: document.cookie,
}));

/** Nobody opens anything; then somebody reads, and says no. */
const refusal: Journey = async (browser, { server, shop }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  const places = (await orders(page)).length;
  const unopened = visitor.paths(server);
  const frame = await shown(page, "consent", "[data-answer=no]");
  const asked = await kept(frame);
  await frame.locator("[data-answer=no]").click(); // at once: a no needs nothing
  await stands(page, "off");
  const refused = await kept(frame);
  await page.reload();
  await connected(page);
  const again = await orders(page);
  const { seen, troubles } = visitor;
  return { places, unopened, asked, refused, paths: visitor.paths(server), after: [again.length, await page.evaluate(() => mien.state), page.frames().length], marks: await marks(page), seen, troubles };
};

/** Yes, a mood, an order, why, and taken back in another tab. */
const consent: Journey = async (browser, { server, shop }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  const frame = await yes(page);
  const code = await frame.locator("code, .code, output").first().innerText().catch(() => "");
  const mood = await shown(page, "mood", "[data-mood=joy]");
  await press(page, mood, "[data-mood=joy]");
  await visitor.asked("/v1/labels");
  const first = await orders(page);
  const event = await page.evaluate(async () => {
    const order = await mien.rank({ history: [{ kind: "view", offer: "ukulele", ago: 60 }] });
    await mien.reward(order, 1, "view");
    return order;
  });
  const why = await told(await shown(page, "why", "h1"));
  const said = await saidIn(page);
  const reached = await page.evaluate(() => {
    const outcomes = [...document.querySelectorAll("mien-consent, mien-me")].map((each) => each.shadowRoot);
    return { shadow: outcomes, text: document.body.innerText, keys: Object.keys(localStorage) };
  });
  // Another tab: it knows, and takes it back.
  const other = await visit(visitor, `${shop}/`);
  await stands(other, "on");
  const alike = await orders(other);
  const me = await shown(other, "me", "[data-answer=all]");
  await me.locator("[data-answer=all]").click(); // at once: taking back needs nothing either
  await Promise.all([stands(other, "off"), stands(page, "off")]);
  await unmarked(page);
  const left = { marks: await marks(page), cookies: await page.evaluate(() => document.cookie) };
  await visitor.asked("/v1/withdrawals");
  await other.close(); // it goes on showing what is held
  const before = visitor.seen.length;
  await page.reload();
  await connected(page);
  const after = { places: (await orders(page)).length, state: await page.evaluate(() => mien.state), frames: page.frames().length, paths: visitor.seen.slice(before).map(({ url }) => new URL(url).pathname) };
  const { seen, troubles } = visitor;
  return { code, first, event, why, said, reached, alike, left, after, paths: visitor.paths(server), seen, troubles };
};

/** Offline: the shop does not wait; what is said waits; a no is in force at once and told later. */
const offline: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  await yes(page);
  const [mood, me] = [await shown(page, "mood", "[data-mood=joy]"), await shown(page, "me", "[data-answer=all]")];
  await visitor.context.setOffline(true);
  const began = Date.now();
  const order = await page.evaluate(() => mien.rank().then(() => "an order", (error: { code: string }) => error.code));
  const waited = Date.now() - began;
  await press(page, mood, "[data-mood=sadness]");
  await page.waitForTimeout(300);
  await me.locator("[data-answer=all]").click();
  await stands(page, "off");
  const told = visitor.seen.filter(({ url }) => url.endsWith("/v1/withdrawals")).length;
  const tried = visitor.seen.filter(({ url }) => url.endsWith("/v1/labels")).length;
  await visitor.context.setOffline(false);
  await visitor.asked("/v1/withdrawals", told + 1);
  await page.waitForTimeout(300);
  const sent = visitor.seen.filter(({ url }) => url.endsWith("/v1/labels")).length;
  return { order, waited, tried, sent, troubles: visitor.troubles };
};

/** Two languages one after the other, of which the first comes last; then a withdrawal that the server is too busy to hear until the page is another. */
const untold: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  await visitor.context.route("**/notices/de", async (route) => {
    await new Promise((resolve) => { setTimeout(resolve, 600); });
    await route.continue();
  });
  const frame = await shown(page, "consent", "select");
  const choose = (lang: string): Promise<unknown> => frame.locator("select").first().selectOption(lang);
  const late = page.waitForResponse(/notices.de$/);
  await Promise.all([page.waitForRequest(/notices.de$/), choose("de")]);
  await choose("en");
  await late;
  const lang = await frame.evaluate(() => document.documentElement.lang);
  await press(page, frame, "[data-answer=yes]");
  await stands(page, "on");
  const answered = visitor.seen.map(({ url }) => new URL(url).pathname).filter((path) => path.includes("/notices/")).at(-1);
  const tries = (): number => visitor.seen.filter(({ url }) => url.endsWith("/v1/withdrawals")).length;
  const me = await shown(page, "me", "[data-answer=all]");
  const busy = "**/v1/withdrawals";
  await visitor.context.route(busy, (route) => route.fulfill({ status: 503, headers: { "retry-after": "60", "access-control-allow-origin": "*" } }));
  await me.locator("[data-answer=all]").click();
  await stands(page, "off");
  await visitor.asked("/v1/withdrawals");
  const marked = (where: Page): Promise<unknown> => where.evaluate(() => Object.values(localStorage));
  const waiting = await marked(page);
  await page.close();
  await visitor.context.unroute(busy);
  const vain = tries();
  const other = await visit(visitor, `${shop}/`);
  const next = [await other.evaluate(() => mien.state.consent), (await orders(other)).length];
  await visitor.asked("/v1/withdrawals", vain + 1);
  await other.waitForFunction(() => localStorage.length === 0);
  return { lang, answered, waiting, next, troubles: visitor.troubles };
};

/** The browser's storage is cleared, and the recovery code brings the person back. */
const recovery: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  const frame = await yes(page);
  const code = (await frame.locator(".code").first().innerText()).trim();
  const mood = await shown(page, "mood", "[data-mood=anger]");
  await press(page, mood, "[data-mood=anger]");
  await visitor.asked("/v1/labels");
  // As a browser that clears a site's data does: of the frame's origin, and not of the shop's.
  await frame.evaluate(async () => {
    localStorage.clear();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name ?? "");
  });
  await page.reload();
  await connected(page);
  await stands(page, "none");
  const cleared = { marks: await marks(page), places: (await orders(page)).length };
  const me = await shown(page, "me", "input");
  await me.locator("input").fill(code);
  await press(page, me, "section .row button");
  await stands(page, "on");
  await me.locator("[data-answer=all]").waitFor();
  await me.waitForFunction(() => document.body.innerText.includes("Anger"));
  return { cleared, held: await told(me), troubles: visitor.troubles };
};

/** A capability that ran out while the server could not be reached: nothing is said on it; renewed, all goes on. */
const expiry: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser);
  // The clock of the frames can be moved on, as a device that slept moves on.
  await visitor.context.addInitScript(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + Number(localStorage.getItem("slept") ?? 0);
  });
  const page = await visit(visitor, `${shop}/`);
  const frame = await yes(page);
  const mood = await shown(page, "mood", "[data-mood=joy]");
  const sleep = (seconds: number): Promise<void> => frame.evaluate((given) => { localStorage.setItem("slept", String(given * 1000)); }, seconds);
  await sleep(301);
  await visitor.context.setOffline(true);
  await press(page, mood, "[data-mood=joy]");
  await mood.waitForFunction(() => document.querySelector("[role=alert]")?.textContent !== "");
  const refused = await mood.locator("[role=alert]").first().innerText();
  const sent = visitor.seen.filter(({ url }) => url.endsWith("/v1/labels")).length;
  await visitor.context.setOffline(false);
  await sleep(0);
  await press(page, mood, "[data-mood=joy]");
  await visitor.asked("/v1/labels");
  return { refused, sent, troubles: visitor.troubles };
};

/** The notice is another by the time the person answers. */
const stale: Journey = async (browser, { shop, server, site, notice }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/`);
  const frame = await shown(page, "consent", "[data-answer=yes]");
  const before = await told(frame);
  const source = readFileSync(notice, "utf8");
  writeFileSync(notice, source.replace(OLD, NEW));
  try {
    await until(async () => (await (await fetch(`${server}/v1/sites/${site}/notices/en`)).text()).includes(NEW));
    await press(page, frame, "[data-answer=yes]");
    await frame.waitForFunction((text) => document.body.innerText.includes(text), NEW);
    const state = await page.evaluate(() => mien.state.consent);
    const posted = visitor.seen.filter(({ url }) => url.endsWith("/v1/consents")).length;
    await press(page, frame, "[data-answer=yes]");
    await stands(page, "on");
    return { changed: !before.includes(NEW), state, posted, troubles: visitor.troubles };
  } finally {
    writeFileSync(notice, source);
  }
};

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tried = 0; tried < 100; tried += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error("it did not come to hold");
}

const JOURNEYS: Readonly<Record<string, Journey>> = { refusal, consent, offline, untold, recovery, expiry, ...HOSTILE };

const given = JSON.parse(readFileSync(0, "utf8")) as Told;
const browser = await launched(given, ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
try {
  const wanted = process.argv.slice(2);
  const found: Record<string, unknown> = {};
  const run = async ([name, journey]: readonly [string, Journey]): Promise<void> => {
    if (wanted.length > 0 && !wanted.includes(name)) return;
    const began = performance.now();
    found[name] = await journey(browser, given).catch((error: Error) => ({ broke: error.stack }));
    process.stderr.write(`${name} ${Math.round(performance.now() - began)} ms\n`);
  };
  // Two at a time: half of a journey is waiting. The one that changes what everybody reads comes last.
  const waiting = Object.entries(JOURNEYS);
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
  };
  await Promise.all([lane(), lane()]);
  await run(["stale", stale]);
  process.stdout.write(JSON.stringify(found));
} finally {
  await browser.close();
}
