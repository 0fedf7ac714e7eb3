/** A page that attacks what it embeds: it looks in, forges, clicks, covers, fades, shrinks, moves, floods. Nothing of it may count as the person. */

import type { Frame } from "playwright-core";

import { frameOf, hush, press, SIGHT, Visitor } from "./driver.ts";
import { connected, type Journey, shown, stands, visit } from "./parts.ts";

const YES = "[data-answer=yes]";

/** Where the middle of a control of a frame is in the window, however the page has shaped the frame. */
async function middle(frame: Frame, selector: string): Promise<{ x: number; y: number }> {
  const inside = await frame.locator(selector).first().evaluate((control) => {
    const { x, y, width, height } = control.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, wide: innerWidth };
  });
  const host = await frame.page().locator("mien-consent").evaluate((element) => {
    const { x, y, width } = element.getBoundingClientRect();
    return { x, y: y - element.scrollTop, width };
  });
  const scale = host.width / inside.wide;
  return { x: host.x + inside.x * scale, y: host.y + inside.y * scale };
}

/** What the view says when a press did not count. */
async function trouble(frame: Frame): Promise<string> {
  await frame.waitForFunction(() => document.querySelector("[role=alert]")?.textContent !== "");
  return frame.locator("[role=alert]").first().innerText();
}

/** What scripts of the page can try without anybody pressing anything. */
const scripts: Journey = async (browser, { server, site, key, shop, stranger }) => {
  const visitor = await Visitor.of(browser);
  const page = await visit(visitor, `${shop}/bare`);
  const before = visitor.seen.length;
  const forged = await page.evaluate(async ({ address, origin, hello }) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    frame.style.cssText = "width:600px;height:600px";
    frame.allow = "camera";
    document.body.append(frame);
    await new Promise((resolve) => { frame.onload = resolve; });
    const read = [frame.contentDocument === null ? "nothing" : "a document"];
    for (const look of [() => frame.contentWindow?.document, () => frame.contentWindow?.location.href, () => (frame.contentWindow as unknown as { localStorage: Storage }).localStorage]) {
      try { read.push(String(look())); } catch (error) { read.push((error as Error).name); }
    }
    // Not as the loader says it: each must be dropped.
    for (const wrong of [{}, null, { ...hello, mien: 2 }, { ...hello, site: "another" }, { ...hello, more: 1 }, { ...hello, view: "confirm" }]) {
      frame.contentWindow?.postMessage(wrong, origin, [new MessageChannel().port2]);
    }
    const { port1, port2 } = new MessageChannel();
    const heard: { kind: string }[] = [];
    port1.onmessage = ({ data }) => { heard.push(data as { kind: string }); };
    frame.contentWindow?.postMessage(hello, origin, [port2]);
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    // A second greeting, and whatever a page might say.
    const second = new MessageChannel();
    const secondly: unknown[] = [];
    second.port1.onmessage = ({ data }) => { secondly.push(data); };
    frame.contentWindow?.postMessage(hello, origin, [second.port2]);
    for (const word of ["yes", "consent", "start", "camera", "affirm", "declare", "withdraw", "erase", "export", "standing", "label", "live", "why", "changed"]) {
      port1.postMessage({ kind: word });
      port1.postMessage({ kind: word, id: 1, asked: {} });
      frame.contentWindow?.postMessage({ kind: word }, origin);
    }
    port1.postMessage({ kind: "rank", id: 7, asked: { candidates: "x".repeat(200_000) } });
    port1.postMessage({ kind: "rank", id: 8, asked: {}, more: 1 });
    const channel = new BroadcastChannel(`mien ${hello.site}`);
    channel.postMessage({ kind: "camera", page: hello.page, act: "start" });
    channel.postMessage({ kind: "changed" });
    // Clicks that nobody made.
    const { x, y, width, height } = frame.getBoundingClientRect();
    for (let step = 0; step < 40; step += 1) {
      const at = { clientX: x + width / 2, clientY: y + (height * step) / 40, bubbles: true };
      document.elementFromPoint(at.clientX, at.clientY)?.dispatchEvent(new MouseEvent("click", at));
    }
    frame.click();
    frame.focus();
    frame.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    port1.postMessage({ kind: "rank", id: 9, asked: {} }); // what may be asked is answered: of nobody
    await new Promise((resolve) => { setTimeout(resolve, 500); });
    // A flood; the frame works on.
    const circle: Record<string, unknown> = {};
    circle["circle"] = circle;
    for (let each = 0; each < 10_000; each += 1) port1.postMessage(each % 2 === 0 ? { kind: "rank", id: each + 10, asked: {} } : circle);
    const began = performance.now();
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    return { read, heard, secondly, waited: performance.now() - began };
  }, { address: `${server}/web/frame/${site}`, origin: server, hello: { mien: 1, view: "indicator", site, key, page: "0".repeat(32), lang: "en", theme: {}, asked: { jurisdictions: ["EU-DE"] } } });
  const frame = page.frames().find((each) => each.url().startsWith(`${server}/web/frame/`));
  const alive = await frame?.evaluate(() => document.body.innerText);
  const asked = visitor.seen.slice(before).filter(({ url }) => url.startsWith(server)).map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  const [unlisted, alone, lured] = [await embeddedBy(visitor, stranger, server, site), await topLevel(visitor, server, site), await luring(visitor, shop, server, site)];
  return { ...forged, asked, alive, unlisted, alone, lured, troubles: visitor.troubles };
};

/** A page of an origin that the site does not list. */
async function embeddedBy(visitor: Visitor, stranger: string, server: string, site: string): Promise<unknown> {
  const page = await visitor.open(`${stranger}/bare`);
  await page.evaluate((address) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    document.body.append(frame);
    return new Promise((resolve) => { frame.onload = resolve; });
  }, `${server}/web/frame/${site}`);
  return page.frames().slice(1).map((each) => each.url().split("#")[0]);
}

/** The document on its own. */
async function topLevel(visitor: Visitor, server: string, site: string): Promise<unknown> {
  const page = await visitor.open(`${server}/web/frame/${site}#consent`);
  await page.waitForTimeout(300);
  return [await page.locator("body").innerText(), await page.locator("button").count()];
}

/** The page opens the window that asks once more, and waits for its answer; the person presses yes there. */
async function luring(visitor: Visitor, shop: string, server: string, site: string): Promise<unknown> {
  const page = await visitor.open(`${shop}/bare`);
  const [popup] = await Promise.all([
    visitor.context.waitForEvent("page"),
    page.evaluate((address) => {
      const heard: unknown[] = [];
      Object.assign(globalThis, { heard });
      addEventListener("message", ({ data }) => heard.push(data));
      open(address, "lured");
    }, `${server}/web/frame/${site}#confirm=${"0".repeat(32)}&act=agree&lang=en`),
  ]);
  await popup.locator("button").first().waitFor();
  await popup.waitForTimeout(SIGHT);
  await popup.locator("button").first().click().catch(() => undefined); // it closes itself
  await page.waitForTimeout(300);
  return page.evaluate(() => (globalThis as unknown as { heard: unknown[] }).heard);
}

/** The page lies over, fades, shrinks or moves the frame, and the person really presses. */
const clickjacking: Journey = async (browser, told) => {
  const visitor = await Visitor.of(browser, { viewport: { width: 1000, height: 3000 } });
  const found: Record<string, unknown> = {};
  const page = await visit(visitor, `${told.shop}/`);
  const style = (css: string): Promise<void> => page.evaluate((text) => { (document.querySelector("mien-consent") as HTMLElement).style.cssText = text; }, css);
  const cut = (height: number): string => `overflow:hidden;block-size:${height}px;`;
  await style("opacity:0.9"); // nothing of it counts as seen
  const frame = await shown(page, "consent", YES);
  await frame.waitForFunction(() => innerHeight >= (document.querySelector("#mien")?.getBoundingClientRect().height ?? Number.POSITIVE_INFINITY));
  /** Only what is around the button is left of the frame. */
  const around = async (height: number): Promise<void> => {
    await hush(frame); // what was said takes room
    await style(`${cut(height)}opacity:0.9`);
    await page.evaluate(() => { (document.querySelector("mien-consent") as HTMLElement).scrollTop = 0; }); // it is remembered
    const { y } = await middle(frame, YES);
    await page.evaluate((by) => { (document.querySelector("mien-consent") as HTMLElement).scrollTop = by; }, y - (await host()) - height / 2);
    await style(cut(height));
  };
  const host = (): Promise<number> => page.evaluate(() => document.querySelector("mien-consent")?.getBoundingClientRect().y ?? 0);
  const pressed = async (): Promise<unknown> => {
    await hush(frame);
    const at = await middle(frame, YES);
    await page.mouse.move(at.x, at.y);
    await page.waitForTimeout(SIGHT);
    await page.mouse.click(at.x, at.y);
    return [await trouble(frame), await page.evaluate(() => mien.state.consent)];
  };
  // The page cuts the frame: the end of the question alone, its beginning never; and, once all of it was seen, the button alone.
  await around(300);
  found["unread"] = await pressed();
  await style("");
  await page.waitForTimeout(SIGHT);
  await around(60);
  found["cropped"] = await pressed();
  await style("");
  // Something of the page over the button, which lets presses through.
  await page.evaluate(() => {
    const lure = document.createElement("div");
    lure.id = "lure";
    lure.textContent = "win a prize";
    lure.style.cssText = "position:fixed;inset:0;background:white;pointer-events:none;z-index:9";
    document.body.append(lure);
  });
  found["covered"] = await pressed();
  await page.evaluate(() => { document.querySelector("#lure")?.remove(); });
  await style("opacity:0.01");
  found["faded"] = await pressed();
  await style("transform:scale(0.2);transform-origin:top left");
  found["shrunk"] = await pressed();
  await style("filter:brightness(9)");
  found["bleached"] = await pressed();
  // In sight all the time, and moved under the pointer just before the press.
  await style("position:relative;inset-block-start:120px");
  await page.waitForTimeout(SIGHT);
  await hush(frame);
  const aim = await middle(frame, YES);
  await page.mouse.move(aim.x, aim.y - 120);
  await page.waitForTimeout(SIGHT);
  await style("position:relative;inset-block-start:0");
  await page.mouse.move(aim.x, aim.y - 119);
  await page.mouse.click(aim.x, aim.y - 120);
  found["moved"] = [await trouble(frame), await page.evaluate(() => mien.state.consent)];
  const posted = visitor.seen.filter(({ url }) => url.endsWith("/v1/consents")).length;
  await style("");
  await press(page, frame, YES); // and as it should be, it counts
  await stands(page, "on");
  return { ...found, posted, troubles: visitor.troubles };
};

/** The camera: no script starts it, no covered press does, and a page that hides its sign ends it. */
const camera: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser, { viewport: { width: 1000, height: 1200 } });
  const page = await visit(visitor, `${shop}/`);
  const consent = await shown(page, "consent", YES);
  await press(page, consent, YES);
  await stands(page, "on");
  await page.evaluate(() => { mien.hide("consent"); });
  const frame = await frameOf(page, "indicator");
  await frame.locator("button").first().waitFor();
  const opened = async (): Promise<boolean> => frame.evaluate(() => (globalThis as unknown as { opened?: number }).opened !== undefined);
  await frame.evaluate(() => {
    const devices = navigator.mediaDevices;
    const own = devices.getUserMedia.bind(devices);
    devices.getUserMedia = (wanted) => { Object.assign(globalThis, { opened: 1 }); return own(wanted); };
    document.querySelector("button")?.click(); // even from within: no script's click counts
  });
  await page.waitForTimeout(300);
  const scripted = [await opened(), await page.evaluate(() => mien.state.camera)];
  await press(page, frame, "button");
  await page.waitForFunction(() => mien.state.camera === "loading" || mien.state.camera === "on");
  const begun = Date.now();
  await page.evaluate(() => { (document.querySelector("mien-indicator") as HTMLElement).style.opacity = "0.02"; });
  await page.waitForFunction(() => mien.state.camera === "stopped", undefined, { timeout: 15_000 });
  const ended = Date.now() - begun;
  // Not displayed at all: nothing of it is drawn, so no observer speaks.
  await page.evaluate(() => { (document.querySelector("mien-indicator") as HTMLElement).style.opacity = ""; });
  await press(page, frame, "button");
  await page.waitForFunction(() => mien.state.camera === "loading" || mien.state.camera === "on");
  await page.evaluate(() => { (document.querySelector("mien-indicator") as HTMLElement).style.display = "none"; });
  await page.waitForFunction(() => mien.state.camera === "stopped", undefined, { timeout: 15_000 });
  await page.evaluate(() => { (document.querySelector("mien-indicator") as HTMLElement).style.display = ""; });
  // Another worker than the one that was built, at its address.
  await page.evaluate(() => {
    (document.querySelector("mien-indicator") as HTMLElement).style.opacity = "";
    const states: string[] = [];
    Object.assign(globalThis, { states });
    mien.onState(({ camera: state }) => { states.push(state); });
  });
  await visitor.context.route("**/web/worker-*.js", (route) => route.fulfill({ contentType: "text/javascript", body: "postMessage('read')" }));
  await press(page, frame, "button");
  await page.waitForFunction(() => (globalThis as unknown as { states: string[] }).states.at(-1) === "stopped");
  const spoiled = await page.evaluate(() => (globalThis as unknown as { states: string[] }).states);
  return { scripted, ended, spoiled, troubles: visitor.troubles };
};

/** A browser that does not tell what can be seen: the person is asked once more in a window of the mien origin. */
const elsewhere: Journey = async (browser, { shop }) => {
  const visitor = await Visitor.of(browser);
  await visitor.context.addInitScript(() => { Reflect.deleteProperty(IntersectionObserverEntry.prototype, "isVisible"); });
  const page = await visit(visitor, `${shop}/`);
  const frame = await shown(page, "consent", YES);
  const answered = async (which: number): Promise<string> => {
    const [popup] = await Promise.all([visitor.context.waitForEvent("page"), press(page, frame, YES)]);
    await popup.locator("button").first().waitFor();
    const words = await popup.locator("h1").innerText();
    await popup.waitForTimeout(SIGHT);
    await popup.locator("button").nth(which).click().catch(() => undefined);
    return words;
  };
  const words = await answered(1);
  const no = [await trouble(frame), await page.evaluate(() => mien.state.consent)];
  await answered(0);
  await stands(page, "on");
  await connected(page);
  // What was confirmed counts for nothing else.
  const mood = await shown(page, "mood", "[data-mood=joy]");
  const [another] = await Promise.all([visitor.context.waitForEvent("page"), press(page, mood, "[data-mood=joy]", 1)]);
  const next = await another.locator("h1").innerText();
  await another.close();
  return { words, next, no, troubles: visitor.troubles };
};

export const HOSTILE: Readonly<Record<string, Journey>> = { scripts, clickjacking, camera, elsewhere };
