/** Helpers for what drives a real browser through pages with frames of the mien origin: what was asked of whom, what was said over ports, and presses that count. */

import { type Browser, type BrowserContext, chromium, type Frame, type Page, type Request } from "playwright-core";

/** A press counts when its control was in sight for half a second before: this much and some. */
export const SIGHT = 750;

/** A window in which the whole question has room: it counts once all of it was on the screen. */
const TALL = { width: 1280, height: 2600 };

/** What is to be said of a press is said by then. */
const AFTER = 100;

export interface Program {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}
/** What a page saw and said over ports, in order. */
export interface Said {
  readonly way: "in" | "out";
  readonly data: unknown;
}

/** Chromium; `more` are further switches, such as those of a fake camera. */
export function launched({ program, env }: Program, more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    env: { ...process.env, ...env },
    // A shop on this machine embeds a server on this machine: the browser would ask the person whether it may.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks", ...more],
  });
}

/** A visitor whose every request is recorded, of whatever frame or worker, and whose pages record what goes over ports. */
export class Visitor {
  readonly context: BrowserContext;
  readonly seen: Seen[] = [];
  readonly troubles: string[] = [];

  private constructor(context: BrowserContext) {
    this.context = context;
  }

  static async of(browser: Browser, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Visitor> {
    const visitor = new Visitor(await browser.newContext({ viewport: TALL, ...options }));
    visitor.context.on("request", (request: Request) => visitor.seen.push({ method: request.method(), url: request.url(), body: request.postData() }));
    visitor.context.on("weberror", (error) => visitor.troubles.push(String(error.error())));
    await visitor.context.addInitScript(recordPorts);
    return visitor;
  }

  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    return page;
  }

  /** Wait until a path was asked for so many times. */
  async asked(path: string, times = 1): Promise<void> {
    for (let tried = 0; tried < 200; tried += 1) {
      if (this.seen.filter(({ url }) => new URL(url).pathname === path).length >= times) return;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    throw new Error(`nobody asked for ${path}`);
  }

  /** The paths that were asked of an origin, once each, in order. */
  paths(origin: string): readonly string[] {
    return [...new Set(this.seen.filter(({ url }) => url.startsWith(origin)).map(({ url }) => new URL(url).pathname))];
  }
}

/** Runs in every document: what its scripts send and get over ports. Frames of the mien origin keep their own, out of the page's reach. */
function recordPorts(): void {
  const said: Said[] = [];
  Object.assign(globalThis, { said });
  const post = MessagePort.prototype.postMessage;
  MessagePort.prototype.postMessage = function (this: MessagePort, data: unknown, ...rest: readonly unknown[]) {
    said.push({ way: "out", data: structuredClone(data) });
    (post as (this: MessagePort, ...given: readonly unknown[]) => void).call(this, data, ...rest);
  } as MessagePort["postMessage"];
  const own = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage") ?? {};
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    configurable: true,
    get(this: MessagePort) { return own.get?.call(this) as unknown; },
    set(this: MessagePort, listener: ((event: MessageEvent) => void) | null) {
      own.set?.call(this, listener === null ? null : (event: MessageEvent) => {
        said.push({ way: "in", data: structuredClone(event.data) });
        listener.call(this, event);
      });
    },
  });
}

/** What went over ports in this document so far. */
export function saidIn(place: Page | Frame): Promise<readonly Said[]> {
  return place.evaluate(() => (globalThis as unknown as { said: readonly Said[] }).said);
}

/** Wait for the frame of a view. */
export async function frameOf(page: Page, view: string): Promise<Frame> {
  for (let tried = 0; tried < 200; tried += 1) {
    const found = page.frames().find((frame) => frame.url().includes("/web/frame/") && frame.url().endsWith(`#${view}`));
    if (found !== undefined) return found;
    await page.waitForTimeout(50);
  }
  throw new Error(`no frame shows ${view}`);
}

/** Press as a person does: bring it in sight, rest on it, press; and once more where a slow machine drew it too late for the press to count. */
export async function press(page: Page, frame: Frame, selector: string, times = 3): Promise<void> {
  await hush(frame); // before anything is aimed at: what is said takes room
  // A frame that is out of the window is not drawn: the page brings it in sight first.
  await page.evaluate((view) => { document.querySelector(`mien-${view}`)?.scrollIntoView(); }, frame.url().split("#")[1] ?? "");
  const control = frame.locator(selector).first();
  if ((await control.getAttribute("data-act")) === "agree") await read(page, frame);
  await control.scrollIntoViewIfNeeded();
  await control.hover();
  await page.waitForTimeout(SIGHT);
  await control.click();
  await page.waitForTimeout(AFTER);
  const said = await frame.locator("[role=alert]").allTextContents().catch(() => []); // it may have gone, as it should
  if (times > 1 && said.some((each) => each.includes("press-refused"))) await press(page, frame, selector, times - 1);
}

/** Look at all that must have been on the screen before a yes, as far as it has to be scrolled to. */
async function read(page: Page, frame: Frame): Promise<void> {
  let place = "";
  for (const each of await frame.locator("[data-read]").all()) {
    await each.scrollIntoViewIfNeeded();
    const box = await frame.locator("[data-read]").first().boundingBox(); // of the window: tells whether anything was scrolled
    if (String(box?.y) !== place) await page.waitForTimeout(SIGHT);
    place = String(box?.y);
  }
}

/** Take away what was said before, so that the next word is of the next press. */
export function hush(frame: Frame): Promise<void> {
  return frame.evaluate(() => { document.querySelector("[role=alert]")?.replaceChildren(); });
}
