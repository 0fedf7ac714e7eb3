/**
 * Visitors of the shop and pupils of the classroom in a real Chromium with a rendered person before its camera: told on standard input where everything is,
 * tells on standard output what came of it. Driven by `test_shop.py`.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Browser, Frame, Page } from "playwright-core";

import { frameOf, launched, press, type Program, saidIn, Visitor } from "./frames/driver.ts";

interface Told extends Program {
  readonly shop: string;
  readonly mien: string;
  readonly school: string;
  /** The clips that the camera plays. */
  readonly joy: string;
  readonly two: string;
}
interface Card {
  readonly offer: string;
  readonly price: string;
}
type Found = { readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly target: unknown }[] }[] };
declare global {
  var axe: { run(): Promise<Found> };
}

const PATIENCE = 30_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const { shop, mien, school, joy, two, ...program } = JSON.parse(readFileSync(0, "utf8")) as Told;
const told: Record<string, unknown> = {};
const violations: string[] = [];
const camera = (file: string): readonly string[] => ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${file}`];

// ---- what everybody does ----
/** What axe-core finds in a page, and in the frames that it shows. */
async function looked(page: Page): Promise<void> {
  for (const place of page.frames().filter((each) => each.url().startsWith("http"))) {
    await place.waitForSelector("h1", { state: "attached", timeout: PATIENCE }); // a frame is drawn by its script
    await place.evaluate(axeSource);
    const { violations: found } = await place.evaluate(() => axe.run());
    violations.push(...found.map(({ id, nodes }) => `${place.url()}: ${id} ${JSON.stringify(nodes[0]?.target)}`));
  }
}

/** The offers of the strip in their order, once mien made it; else as they stand. */
async function strip(page: Page, ranked = true): Promise<readonly Card[]> {
  if (ranked) await page.waitForSelector(".strip[data-event]", { timeout: PATIENCE });
  return page.$$eval(".strip .card", (cards) => cards.map((card) => ({
    offer: (card as HTMLElement).dataset["offer"] ?? "", price: card.querySelector(".price")?.textContent ?? "",
  })));
}

const consent = (page: Page, word: string): Promise<unknown> => page.waitForFunction((wanted) => document.documentElement.dataset["mien"] === wanted, word, { timeout: PATIENCE });
const cameraIs = (page: Page, word: string): Promise<unknown> => page.waitForFunction((wanted) => document.documentElement.dataset["camera"] === wanted, word, { timeout: PATIENCE });
const words = (frame: Frame): Promise<string> => frame.evaluate(() => document.body.innerText);
/** Wait until a frame says it. */
async function says(frame: Frame, text: RegExp): Promise<void> {
  const seen = (source: string): boolean => new RegExp(source, "i").test(document.body.innerText);
  await frame.waitForFunction(seen, text.source, { timeout: PATIENCE }).catch(async () => {
    throw new Error(`it does not say ${text}, but: ${await words(frame)}`);
  });
}

/** Wait until the camera's sign says it. On a busy machine the pictures stop for a moment, which is an absence: then the visitor affirms. */
async function shows(page: Page, sign: Frame, text: RegExp): Promise<void> {
  for (let tried = 0; tried < 60; tried += 1) {
    if (text.test(await words(sign))) return;
    if (await sign.locator("[data-offer=yes]").isVisible()) await press(page, sign, "[data-offer=yes]").catch(() => undefined); // it was offered no more
    await page.waitForTimeout(500);
  }
  throw new Error(`the camera's sign does not say ${text}, but: ${await words(sign)}`);
}

/** Open the question (null: it is open), say how old, and yes to these purposes or, with null, to all. */
async function yes(page: Page, opener: string | null, age: string, purposes: readonly string[] | null): Promise<Frame> {
  if (opener !== null) await page.click(opener);
  const frame = await frameOf(page, "consent");
  await frame.waitForSelector("[data-answer=yes]", { timeout: PATIENCE });
  // Their labels are what is seen: a click waits until the frame has the room that it asked for, and nothing moves any more.
  await frame.locator(`label:has(input[value="${age}"])`).click({ timeout: PATIENCE });
  for (const each of purposes ?? []) await frame.locator(`label:has(input[data-purpose="${each}"][value=yes])`).click({ timeout: PATIENCE });
  await press(page, frame, purposes === null ? "[data-answer=yes]" : "[data-answer=some]");
  return frame;
}

/** The rank calls that a visitor's browser made, each with whether somebody asked. */
function ranks(visitor: Visitor): readonly { readonly asker: boolean; readonly fields: string }[] {
  return visitor.seen.filter(({ url }) => url.endsWith("/v1/rank")).map(({ body }) => {
    const asked = JSON.parse(body ?? "{}") as Record<string, unknown>;
    return { asker: asked["asker"] !== null, fields: Object.keys(asked).sort().join(" ") };
  });
}

// ---- the journeys ----
/** Nobody is asked anything: look, choose, buy. */
async function browses(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 }, colorScheme: "dark" });
  const page = await visitor.open(`${shop}/`);
  const first = await strip(page);
  await looked(page);
  await page.click(".strip .card a");
  await page.waitForSelector("[data-add]");
  const beside = await strip(page);
  await page.click("[data-add]");
  await looked(page);
  for (const path of ["/your-data", "/help", "/search?q=tea", "/c/rest", "/desk"]) {
    await page.goto(shop + path);
    await looked(page);
  }
  await page.goto(`${shop}/cart`);
  const lines = await page.locator(".lines li").count();
  await strip(page);
  await looked(page);
  await page.click("#buy");
  await page.waitForFunction(() => document.querySelector(".said")?.textContent !== "", null, { timeout: PATIENCE });
  const rewards = visitor.seen.filter(({ url }) => url.endsWith("/v1/rewards")).map(({ body }) => (JSON.parse(body ?? "{}") as { kind: string }).kind);
  const files = visitor.paths(mien).filter((path) => path.startsWith("/web/"));
  told["browses"] = { first, beside, lines, rewards, ranks: ranks(visitor), files, said: await page.textContent(".said"), troubles: visitor.troubles };
  await visitor.context.close();
}

/** The server is away: the shop's own order, and everything can be bought. */
async function alone(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser);
  await visitor.context.route(`${mien}/**`, (route) => route.abort());
  const page = await visitor.open(`${shop}/`);
  await page.click("footer [data-open]");
  await page.waitForSelector("dialog .away:not([hidden])", { timeout: PATIENCE });
  told["alone"] = { cards: await strip(page, false), order: await page.textContent("[data-order]") };
  await visitor.context.close();
}

/** Yes, camera, another order and why, no again; the next page has none of it; forgotten, with both certificates. */
async function agrees(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 } });
  await visitor.context.grantPermissions(["camera"], { origin: shop });
  const page = await visitor.open(`${shop}/`);
  await strip(page);
  const question = await yes(page, "footer [data-open]", "adult", null);
  await consent(page, "on");
  await says(question, /recovery code/);
  await looked(page);
  await page.click("[data-close]");
  const sign = await frameOf(page, "indicator");
  await press(page, sign, "[data-offer=start]");
  await cameraIs(page, "on");
  await sign.locator("[data-offer=live]").click();
  await shows(page, sign, /it says: joy/i);
  await page.waitForTimeout(2500); // labels, one a second
  await sign.locator("[data-offer=stop]").click();
  await cameraIs(page, "stopped");
  await sent(page, visitor);
  const adapted = await explained(page, /How you feel was used|used for this order/);
  await page.goto(`${shop}/`);
  await strip(page);
  await page.click("details.ways summary");
  const why = await frameOf(page, "why");
  await press(page, why, "[data-answer=stop]");
  await consent(page, "off");
  const before = ranks(visitor).length;
  await page.goto(`${shop}/product/ukulele`);
  const first = { cards: await strip(page), ranks: ranks(visitor).slice(before) };
  await page.waitForFunction(() => localStorage.length === 0, null, { timeout: PATIENCE }); // gone when the server has heard, which the next page may still have to tell
  const later = { ...first, state: await page.evaluate(() => localStorage.length) };
  const said = JSON.stringify(await saidIn(page));
  const erased = await forgotten(page);
  const bodies = visitor.seen.filter(({ url, body }) => url.startsWith(mien) && body !== null).map(({ url, body }) => [new URL(url).pathname, body]);
  const hosts = [...new Set(visitor.seen.map(({ url }) => new URL(url)).filter(({ protocol }) => protocol.startsWith("http")).map(({ origin }) => origin))];
  told["agrees"] = { adapted, later, said, erased, bodies, hosts, ranks: ranks(visitor), troubles: visitor.troubles };
  await visitor.context.close();
}

/** Wait until an envelope left. */
async function sent(page: Page, visitor: Visitor): Promise<void> {
  for (let tried = 0; tried < 100 && !visitor.seen.some(({ url }) => url.endsWith("/v1/labels")); tried += 1) await page.waitForTimeout(100);
}

/** Pages until an order was made with how the visitor feels: what was sent sealed is there with the next one, or the one after it. */
async function explained(page: Page, used: RegExp): Promise<unknown> {
  for (let tried = 0; ; tried += 1) {
    await page.goto(`${shop}/`);
    const cards = await strip(page);
    await page.click("details.ways summary");
    const why = await frameOf(page, "why");
    await says(why, /place by place/);
    const text = await words(why);
    if (used.test(text) && !/not used/.test(text)) {
      await looked(page);
      return { cards: await strip(page), text, said: JSON.stringify(await saidIn(page)) };
    }
    if (tried === 5) return { cards, text, said: "" };
  }
}

/** Said to be sad: the frame offers a person, and asks what they may know. The page hears of it at the press. */
async function helped(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 } });
  const page = await visitor.open(`${shop}/help`);
  await page.fill("#words", "It came broken, and I am tired of it");
  await page.press("#words", "Enter");
  await page.waitForSelector("#said li[data-who=machine]", { timeout: PATIENCE });
  await yes(page, "footer [data-open]", "adult", null);
  await consent(page, "on");
  await page.click("[data-close]");
  await page.goto(`${shop}/`);
  await page.click("details.ways summary");
  const mood = await frameOf(page, "mood");
  await page.locator("mien-mood").scrollIntoViewIfNeeded(); // out of sight a frame draws nothing
  await press(page, mood, "[data-mood=sadness]");
  await sent(page, visitor);
  await page.goto(`${shop}/help`);
  const asks = await frameOf(page, "help");
  await asks.waitForSelector("[data-answer=no-person]", { timeout: PATIENCE });
  const [offered, before] = [await words(asks), JSON.stringify(await saidIn(page))];
  await looked(page);
  await press(page, asks, "[data-answer=person]");
  await press(page, asks, "[data-answer=tell]");
  await says(asks, /a person takes over/);
  await page.waitForSelector("#person button", { state: "hidden", timeout: PATIENCE });
  const lines = await page.$$eval("#said li", (items) => items.map((item) => (item as HTMLElement).dataset["who"]));
  const desk = await visitor.open(`${shop}/desk`);
  await desk.waitForSelector("[data-tone]", { timeout: PATIENCE });
  await looked(desk);
  told["helped"] = { offered, before, lines, desk: await desk.innerText("#waiting"), troubles: visitor.troubles };
  await visitor.context.close();
}

async function forgotten(page: Page): Promise<unknown> {
  await page.goto(`${shop}/your-data`);
  const me = await frameOf(page, "me");
  await me.waitForSelector("[data-answer=erase]", { timeout: PATIENCE });
  await looked(page);
  await press(page, me, "[data-answer=erase]");
  await press(page, me, "[data-answer=erase-all]");
  await me.waitForSelector("[data-answer=accepted]", { timeout: PATIENCE });
  await me.waitForSelector("[data-answer=completed]", { timeout: PATIENCE }).catch(() => undefined);
  const certificates = await me.$$eval("[data-answer]", (buttons) => buttons.map((each) => (each as HTMLElement).dataset["answer"]));
  return { certificates, text: await words(me) };
}

/** The browser says no by itself; the visitor says yes all the same, to offers alone, and has no camera to give. */
async function signals(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 } });
  await visitor.context.addInitScript(() => { Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }); });
  const page = await visitor.open(`${shop}/`);
  await strip(page);
  const untouched = visitor.paths(mien).filter((path) => path.startsWith("/web/frame"));
  const stands = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset["mien"]);
  const fromTheStart = [await stands()];
  await page.click("footer [data-open]");
  await says(await frameOf(page, "consent"), /Global Privacy Control/);
  fromTheStart.push(await stands());
  const question = await yes(page, null, "adult", ["personalize_offers"]);
  await consent(page, "on");
  await says(question, /You said yes to/);
  const text = await words(question);
  await page.click("[data-close]");
  const sign = await frameOf(page, "indicator");
  await press(page, sign, "[data-offer=start]");
  await cameraIs(page, "denied");
  told["signals"] = { untouched, fromTheStart, text, sign: await words(sign), troubles: visitor.troubles };
  await visitor.context.close();
}

/** Somebody of fourteen, and whoever answers for them on a device of their own. */
async function young(browser: Browser): Promise<void> {
  const [child, parent] = [await Visitor.of(browser, { viewport: { width: 1100, height: 900 } }), await Visitor.of(browser, { viewport: { width: 1100, height: 900 } })];
  const page = await child.open(`${shop}/`);
  const asks = await yes(page, "footer [data-open]", "13_to_15", ["declare_mood"]);
  await asks.waitForSelector("button:text-is('Ask a parent or guardian')", { timeout: PATIENCE });
  const refused = await words(asks);
  await press(page, asks, "button:text-is('Ask a parent or guardian')");
  await press(page, asks, "button:text-is('Make the request')");
  const request = await asks.locator("textarea[readonly]").inputValue({ timeout: PATIENCE });
  const other = await parent.open(`${shop}/`);
  await other.click("footer [data-open]");
  const reads = await frameOf(other, "consent");
  await reads.locator("button:text-is('I am a parent or guardian')").click({ timeout: PATIENCE });
  await reads.getByLabel("The request from the child’s device").fill(request);
  await reads.locator("button:text-is('I have no code yet')").click();
  await reads.waitForSelector("code", { timeout: PATIENCE });
  await reads.locator("button:text-is('Read the request')").click();
  await reads.waitForSelector("button:text-is('I agree')", { timeout: PATIENCE });
  await looked(other);
  await press(other, reads, "button:text-is('I agree')");
  const answer = await reads.locator("textarea[readonly]").inputValue({ timeout: PATIENCE });
  await asks.getByLabel("Their answer").fill(answer);
  await press(page, asks, "button:text-is('Finish with their answer')");
  await says(asks, /choices are in force/);
  told["young"] = { refused, given: await words(asks), troubles: [...child.troubles, ...parent.troubles] };
  await Promise.all([child.context.close(), parent.context.close()]);
}

/** In a German school: the emotion path is refused with its article; what the pupil says, and their answers, choose. */
async function learns(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 } });
  const page = await visitor.open(`${school}/`);
  await page.waitForSelector("#ask[data-item]", { timeout: PATIENCE });
  const alone = [await answered(page, true), await answered(page, true)];
  await looked(page);
  const question = await yes(page, "[data-open]", "adult", null);
  await says(question, /5\(1\)\(f\)/);
  const refused = await words(question);
  await consent(page, "on");
  const mood = await frameOf(page, "mood");
  await press(page, mood, "[data-mood=sadness]");
  await says(mood, /sadness|sad/);
  const known = [await answered(page, false), await answered(page, false)];
  await looked(page);
  await page.goto(`${school}/teacher`);
  await looked(page);
  const teacher = await page.innerText("main");
  const posted = visitor.seen.filter(({ method, url }) => method === "POST" && url.startsWith(mienOf(visitor))).map(({ url, body }) => [new URL(url).pathname, body]);
  told["learns"] = { alone, known, refused, teacher, posted, troubles: visitor.troubles };
  await visitor.context.close();
}

/** Where the school's mien server is: whoever serves the frame. */
function mienOf(visitor: Visitor): string {
  return new URL(visitor.seen.find(({ url }) => url.includes("/web/frame/"))?.url ?? "http://nowhere").origin;
}

/** Answer the exercise, rightly or not; the item, and the next one. */
async function answered(page: Page, rightly: boolean): Promise<readonly [string, string]> {
  const item = (await page.getAttribute("#ask", "data-item")) ?? "";
  const right = await page.evaluate(async (wanted) => {
    const bank = (await (await fetch("/api/exercises")).json()) as { item: string; right: number }[];
    return bank.find((each) => each.item === wanted)?.right ?? 0;
  }, item);
  await page.locator("#choices button").nth(rightly ? right : (right + 1) % 4).click();
  await page.waitForSelector("#next:not([hidden])", { timeout: PATIENCE });
  await page.click("#next");
  await page.waitForSelector("#next[hidden]", { state: "attached", timeout: PATIENCE });
  return [item, (await page.getAttribute("#ask", "data-item")) ?? ""];
}

/** Two people before the camera: no word about either. */
async function together(browser: Browser): Promise<void> {
  const visitor = await Visitor.of(browser, { viewport: { width: 1100, height: 900 } });
  await visitor.context.grantPermissions(["camera"], { origin: shop });
  const page = await visitor.open(`${shop}/`);
  await yes(page, "footer [data-open]", "adult", null);
  await consent(page, "on");
  await page.click("[data-close]");
  const sign = await frameOf(page, "indicator");
  await press(page, sign, "[data-offer=start]");
  await cameraIs(page, "on");
  await sign.locator("[data-offer=live]").click();
  await shows(page, sign, /more than one|two faces|several/i);
  told["together"] = { sign: await words(sign), troubles: visitor.troubles };
  await visitor.context.close();
}

/** These journeys one after the other, in a browser of their own. */
async function lane(file: string, names: readonly string[]): Promise<void> {
  const journeys = names.flatMap((name) => (only === undefined || only.includes(name) ? [all[name as keyof typeof all]] : []));
  if (journeys.length === 0) return;
  const browser = await launched(program, camera(file));
  try {
    for (const journey of journeys) {
      const began = performance.now();
      await journey(browser);
      process.stderr.write(`${journey.name}: ${Math.round(performance.now() - began)} ms\n`);
    }
  } finally {
    await browser.close();
  }
}

const all = { browses, alone, agrees, helped, signals, young, learns, together };
const only = process.env["MIEN_JOURNEYS"]?.split(",");
// Most of it is waiting: for a press to count, for a label a second. So two go at a time, and one of them alone has a camera.
await Promise.all([lane(joy, ["agrees"]).then(() => lane(two, ["together"])), lane(joy, ["browses", "alone", "helped", "signals", "young", "learns"])]);
process.stdout.write(JSON.stringify({ ...told, violations }));
