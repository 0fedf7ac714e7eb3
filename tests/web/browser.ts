/**
 * The built module in a page of the server's own origin, in a real Chromium: told on standard input where server and browser are, tells on standard output
 * what came of it. Driven by `test_journey.py`.
 */

import { readFileSync } from "node:fs";

import { type BrowserContext, chromium, type Page, type Request } from "playwright-core";

import type * as sdk from "../../sdk/web/src/index.ts";

interface Told {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** An origin that the site lists, of a page that is not the server's. */
  readonly shop: string;
  readonly options: { readonly server: string; readonly site: string; readonly key: string; readonly trust: string };
}
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}
declare global {
  /** Set by the page: the module, and a client made with it. */
  var built: typeof sdk;
  var client: sdk.Client;
}

const PAGE = `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,"><script type="module">
globalThis.built = await import("/mien.js");
globalThis.ready = true;
</script>`;
const CLAIMS = { jurisdictions: ["EU-DE"], age_band: "adult" } as const;
const { program, env, options, shop } = JSON.parse(readFileSync(0, "utf8")) as Told;
const module = readFileSync(new URL("../../sdk/web/dist/mien.js", import.meta.url), "utf8");
const seen: Seen[] = [];
const troubles: string[] = [];

/** A page of this origin with the module, and nothing from anywhere else. */
async function opened(context: BrowserContext, origin: string): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request: Request) => seen.push({ method: request.method(), url: request.url(), body: request.postData() }));
  await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  await page.route(`${origin}/mien.js`, (route) => route.fulfill({ contentType: "text/javascript", body: module }));
  await page.goto(`${origin}/page`);
  await ready(page);
  return page;
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction("globalThis.ready === true");
  await page.evaluate(async (given) => { globalThis.client = await built.Client.open(given); }, options);
}

/** The keys that lie in this page's storage, and what of them can be had. */
const keysOf = (page: Page): Promise<unknown> => page.evaluate(async () => {
  const request = indexedDB.open("mien");
  await new Promise((resolve, reject) => { request.onsuccess = resolve; request.onerror = reject; });
  const store = request.result.transaction("kept").objectStore("kept");
  const [names, kept] = await Promise.all([store.getAllKeys(), store.getAll()].map((each) => (
    new Promise<unknown[]>((resolve) => { each.onsuccess = () => resolve(each.result); })
  )));
  request.result.close();
  const keys = (kept as readonly { readonly value: unknown }[]).map(({ value }) => value).filter((value) => value instanceof CryptoKey);
  const given = await Promise.all(keys.map((key) => crypto.subtle.exportKey("jwk", key).then(() => "given out", (error: Error) => error.name)));
  return { names, algorithms: keys.map((key) => key.algorithm.name).sort(), extractable: keys.map((key) => key.extractable), given };
});

const browser = await chromium.launch({
  executablePath: program,
  env: { ...process.env, ...env },
  // The shop's page has no address, so the browser would ask before it may speak to this machine.
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks"],
});
try {
  const context = await browser.newContext();
  const page = await opened(context, options.server);
  const before = await page.evaluate(async () => [(await client.rank()).places.length, (await client.standing()).state, (await indexedDB.databases()).length]);
  const consented = await page.evaluate(async (claims) => {
    await client.notice("en");
    const receipt = await client.consent({ purposes: ["declare_mood", "personalize_offers"], claims });
    await client.declare("joy");
    return { receipt, standing: await client.standing(), recovery: client.recoveryCode };
  }, CLAIMS);
  const keys = await keysOf(page);
  await page.reload();
  await ready(page);
  const reloaded = await page.evaluate(async () => {
    await client.declare("sadness");
    const held = await client.export();
    const ranking = await client.rank();
    return { standing: await client.standing(), moods: (held["labels"] as { expression: string }[]).map((label) => label.expression).sort(), why: ranking.why };
  });
  const other = await opened(context, options.server);
  const withdrawn = await other.evaluate(async () => (await client.withdraw())?.outcome);
  const after = await page.evaluate(async () => [
    await client.declare("joy").then(() => "said", (error: sdk.MienError) => `${error.name} ${error.code}`), (await client.rank()).used_emotion, document.cookie, localStorage.length,
  ]);
  const erased = await page.evaluate(async () => (await client.erase())?.stage);
  const left = await keysOf(page);
  const embedded = await (await opened(await browser.newContext(), shop)).evaluate(async (claims) => {
    const first = (await client.rank()).places.length;
    await client.notice("en");
    const { outcome } = await client.consent({ purposes: ["declare_mood"], claims });
    await client.declare("joy");
    const { waiting } = await client.standing();
    const held = (await client.export())["labels"] as unknown[];
    return { first, outcome, waiting, held: held.length, refused: (await client.withdraw())?.outcome };
  }, CLAIMS);
  process.stdout.write(JSON.stringify({ embedded, version: browser.version(), before, consented, keys, reloaded, withdrawn, after, erased, left, seen, troubles }));
} finally {
  await browser.close();
}
