/**
 * What a page costs a visitor, in a real Chromium with nothing cached: bytes on the way, requests, milliseconds of the main thread, the largest paint. Told on
 * standard input which pages; tells the runs on standard output. Driven by `bench_page.py`.
 */

import { readFileSync } from "node:fs";

import { frameOf, launched, press } from "../../web/frames/driver.ts";

type Browser = Awaited<ReturnType<typeof launched>>;

interface Told {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly without: string;
  readonly shop: string;
  readonly mien: string;
  readonly runs: number;
}
interface Cost {
  readonly bytes: number;
  readonly requests: number;
  /** Of these, from and to the mien server. */
  readonly mien_bytes: number;
  readonly mien_requests: number;
  readonly main_ms: number;
  readonly lcp_ms: number;
}

/** Milliseconds after the load in which what still comes is counted: an order is asked for and shown. */
const SETTLE = 1500;
const told = JSON.parse(readFileSync(0, "utf8")) as Told;

/** One visit of a fresh visitor. `before` prepares the visitor on a page that is not counted. */
async function visit(browser: Browser, url: string, yes = false): Promise<Cost> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  if (yes) {
    const first = await context.newPage();
    await first.goto(url);
    await first.click("footer [data-open]");
    const frame = await frameOf(first, "consent");
    await frame.locator("label:has(input[value=adult])").click();
    await press(first, frame, "[data-answer=yes]");
    await first.waitForFunction(() => document.documentElement.dataset["mien"] === "on");
    await first.close();
  }
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Performance.enable");
  if (!yes) await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let [bytes, requests, ours, asked] = [0, 0, 0, 0];
  const mien = new Set<string>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => { if (request.url.startsWith(told.mien)) mien.add(requestId); });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
    if (!mien.has(requestId)) return;
    ours += encodedDataLength;
    asked += 1;
  });
  await page.addInitScript(() => {
    new PerformanceObserver((list) => { Object.assign(globalThis, { lcp: list.getEntries().at(-1)?.startTime }); }).observe({ type: "largest-contentful-paint", buffered: true });
  });
  await page.goto(url, { waitUntil: "load" });
  await page.waitForTimeout(SETTLE);
  const { metrics } = await session.send("Performance.getMetrics");
  const lcp = await page.evaluate(() => (globalThis as { readonly lcp?: number }).lcp ?? 0);
  await context.close();
  return { bytes, requests, mien_bytes: ours, mien_requests: asked, main_ms: (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000, lcp_ms: lcp };
}

const browser = await launched(told);
try {
  const found: Record<string, Cost[]> = { without: [], with: [], standing: [] };
  await visit(browser, told.without); // the browser itself warms up
  await visit(browser, told.shop);
  for (let run = 0; run < told.runs; run += 1) { // in turns: what slows the machine slows all alike
    found["without"]?.push(await visit(browser, told.without));
    found["with"]?.push(await visit(browser, told.shop));
  }
  for (let run = 0; run < Math.ceil(told.runs / 3); run += 1) found["standing"]?.push(await visit(browser, told.shop, true));
  process.stdout.write(JSON.stringify({ ...found, version: browser.version() }));
} finally {
  await browser.close();
}
