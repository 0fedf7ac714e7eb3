/** What a frame's core makes of a no, of what waits for the server, and of what was erased: with a real client and a server that has bad days. In Chromium: `frames`. */

import assert from "node:assert/strict";
import { before, beforeEach, test, type TestContext } from "node:test";

import { Client, MemoryShelf } from "../../sdk/web/src/index.ts";
import type { ViewName } from "../../sdk/web/src/channel/index.ts";
import { Held, type Parts } from "../../sdk/web/src/frame/held.ts";
import { FakeServer } from "./fake.ts";
import { counted, HandClock } from "./parts.ts";

const MOOD = { purposes: ["declare_mood"], claims: { jurisdictions: ["EU-DE"], age_band: "adult" } } as const;
const MARK = "mien shop";

/** Other frames of this browser hear each word; a frame does not hear its own. */
class Channel {
  static all: Channel[] = [];
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;

  constructor() {
    Channel.all.push(this);
  }

  postMessage(data: unknown): void {
    for (const each of Channel.all) if (each !== this) queueMicrotask(() => each.onmessage?.({ data }));
  }
}
class Watches { observe(): void { /* nothing is drawn here */ } }
const stored = new Map<string, string>();
const storage = { getItem: (name: string) => stored.get(name) ?? null, setItem: (name: string, value: string) => stored.set(name, value), removeItem: (name: string) => stored.delete(name) };

before(() => {
  const browser = {
    BroadcastChannel: Channel, IntersectionObserver: Watches, IntersectionObserverEntry: Watches, MutationObserver: Watches, localStorage: storage,
    addEventListener: () => undefined,
  };
  for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
});
beforeEach(() => {
  stored.clear();
  Channel.all = [];
});

interface Browser {
  readonly server: FakeServer;
  readonly client: Client;
  /** Paths that were asked for, also of a server that does not answer. */
  readonly tried: string[];
  frame(view: ViewName): Held;
}

async function browser(): Promise<Browser> {
  const clock = new HandClock();
  const [server, shelf] = [await FakeServer.at(clock), new MemoryShelf()];
  const tried: string[] = [];
  const transport: typeof server.transport = (url, init) => {
    tried.push(new URL(url).pathname);
    return server.transport(url, init);
  };
  const options = { server: "https://mien.example", site: "shop", key: "pk_shop", trust: server.trust, shelf, clock, transport, gpc: false };
  const open = (): Promise<Client> => Client.open({ ...options, entropy: counted() });
  const root = { querySelectorAll: () => [] } as unknown as HTMLElement;
  const frame = (view: ViewName): Held => new Held({
    document: { site: { id: "shop" }, vision: null }, server: "https://mien.example", root, open, vision: null,
    line: { hello: { view, page: "p", asked: { jurisdictions: [] }, lang: "en", theme: {} }, say: () => undefined },
  } as unknown as Parts);
  const client = await open();
  await client.notice();
  return { server, client, frame, tried };
}

async function consented(): Promise<Browser> {
  const made = await browser();
  await made.client.consent(MOOD);
  stored.set(MARK, "known");
  return made;
}

/** Until it holds: each step is a few turns of promises. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const began = performance.now(); performance.now() - began < 5000;) {
    if (await holds()) return;
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  assert.fail("it did not come to hold");
}

test("a no takes back a yes whose answer was lost, whether or not it is known how things stand", async () => {
  for (const looked of [true, false]) {
    const { server, client, frame } = await browser();
    server.lose = ["/v1/consents", "/v1/consents", "/v1/consents", "/v1/consents"];
    await assert.rejects(client.consent(MOOD));
    stored.set(MARK, "known");
    const held = frame("consent");
    if (looked) await held.begin();
    assert.equal(await held.no(), "withdrawn");
    assert.equal(server.paths.at(-1), "/v1/withdrawals");
    assert.equal(held.consent, "off");
  }
});

test("a no of nobody is sent nowhere", async () => {
  const nobody = await browser();
  const before = nobody.server.arrived.length;
  assert.equal(await nobody.frame("consent").no(), "no");
  assert.deepEqual([nobody.server.arrived.length, stored.get(MARK)], [before, "refused"]);
});

test("a no that the server cannot hear waits", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { server, frame } = await consented();
  server.away = true;
  const held = frame("consent");
  assert.equal(await held.no(), "untold");
  assert.deepEqual([held.consent, held.waits], ["off", true]);
});

test("what waits is told by whichever frame is opened next, and tried again without being asked", async (t: TestContext) => {
  const { server, client, frame, tried } = await consented();
  server.away = true;
  await client.withdraw();
  const [given, inVain] = [server.paths.length, tried.length];
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const held = frame("why");
  await held.begin();
  assert.deepEqual([held.consent, held.waits], ["off", true]);
  await until(() => tried.length > inVain); // at once, in vain
  await client.standing();
  server.away = false;
  t.mock.timers.tick(5000);
  await until(() => !held.waits);
  assert.deepEqual(server.paths.slice(given), ["/v1/withdrawals"]);
  t.mock.timers.tick(600_000);
  await client.standing();
  assert.deepEqual(server.paths.slice(given), ["/v1/withdrawals"], "what was told is not told again");
});

test("after an erasure that had waited nobody is known, in any frame", async () => {
  const { server, client, frame } = await consented();
  server.away = true;
  await client.erase();
  server.away = false;
  server.problem.set("/v1/erasures", "person-erased");
  const [core, other] = [frame("indicator"), frame("me")];
  await Promise.all([core.begin(), other.begin()]);
  await until(() => !core.waits && !other.waits && core.standing() === null);
  assert.deepEqual([stored.has(MARK), core.consent, other.consent, core.said()], [false, "none", "none", "nothing"]);
});

test("nothing is told of who is there before it is known", async () => {
  const { frame } = await consented();
  const held = frame("me");
  assert.equal(held.sure, false);
  await held.begin();
  assert.deepEqual([held.sure, held.consent], [true, "on"]);
});

test("the language that the person chose outlasts another theme of the page, in all its frames", async () => {
  const { frame } = await browser();
  const [held, other] = [frame("consent"), frame("me")];
  held.dress("fr", {});
  assert.equal(held.lang, "fr");
  held.speak("de");
  await Promise.resolve();
  for (const each of [held, other]) each.dress("en", { radius: "4px" });
  assert.deepEqual([held.lang, other.lang, other.theme], ["de", "de", { radius: "4px" }]);
});
