/** Parts of frame and loader that need no browser: who is let in, what is dropped, what a confirmation asks, and when the camera's sign counts as gone. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { LANGUAGES, type ToPage } from "../../sdk/web/src/channel/index.ts";
import type { Held } from "../../sdk/web/src/frame/held.ts";
import { InSight } from "../../sdk/web/src/frame/insight.ts";
import { line } from "../../sdk/web/src/frame/port.ts";
import { Servant } from "../../sdk/web/src/frame/serve.ts";
import { ACTS, CONFIRM, isAct } from "../../sdk/web/src/frame/words.ts";
import { connect } from "../../sdk/web/src/loader/index.ts";
import { Link } from "../../sdk/web/src/loader/link.ts";
import { Pupil, rank } from "../../sdk/web/src/loader/nobody.ts";
import { LoaderError } from "../../sdk/web/src/loader/said.ts";

const HELLO = { mien: 1, view: "indicator", site: "shop", key: "pk_abc", page: "0".repeat(32), lang: "en", theme: {}, asked: { jurisdictions: [] } } as const;
const EVENT = `evt_${"a".repeat(26)}`;

/** Give a global of a browser for a while. */
async function having(things: Readonly<Record<string, unknown>>, does: () => Promise<void> | void): Promise<void> {
  const before = Object.keys(things).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(things)) Object.defineProperty(globalThis, name, { configurable: true, value });
  try {
    await does();
  } finally {
    for (const [name, own] of before) {
      if (own === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, own);
    }
  }
}

// ---- the camera's sign ----
test("a sign that no drawn frame shows ends the camera: never seen, gone, and in a page that draws no more", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  let tell: (entries: readonly object[]) => void = () => undefined;
  let draws = true;
  const page = { hidden: false };
  const things = {
    document: page, requestAnimationFrame: (does: () => void) => { if (draws) does(); },
    IntersectionObserver: class {
      constructor(heard: typeof tell) { tell = heard; }
      observe(): void { /* told by the test */ }
      disconnect(): void { /* nothing is told after it */ }
    },
  };
  await having(things, () => {
    const after = (seen: boolean | null, seconds: number): number => {
      let lost = 0;
      const sight = new InSight({} as Element, () => { lost += 1; });
      sight.watch();
      if (seen !== null) tell([{ isIntersecting: true, isVisible: seen }]);
      mock.timers.tick(seconds * 1000);
      sight.rest();
      return lost;
    };
    assert.equal(after(true, 60), 0, "in sight");
    assert.equal(after(null, 4), 0);
    assert.equal(after(null, 60), 1, "nothing was ever told");
    assert.equal(after(false, 60), 1, "covered");
    page.hidden = true;
    assert.equal(after(true, 60), 1, "a hidden tab");
    page.hidden = false;
    draws = false;
    assert.equal(after(true, 60), 1, "nothing is drawn");
  });
  mock.timers.reset();
});

// ---- who is let in ----
test("a page of the frame's own origin is not let in, and a greeting that is refused says so where its maker looks", async () => {
  const warned = mock.method(console, "warn", () => undefined);
  const heard: ((event: object) => void)[] = [];
  const parent = {};
  const here = {
    parent, location: { origin: "https://mien.example" },
    addEventListener: (_kind: string, listener: (event: object) => void) => heard.push(listener), removeEventListener: () => undefined,
  };
  const let_in = line(["https://mien.example", "https://shop.example"], "shop", here as unknown as Window);
  const { port1, port2 } = new MessageChannel();
  const greets = (origin: string, data: unknown): void => heard[0]?.({ source: parent, origin, data, ports: [port1] });
  let done = false;
  void let_in.then(() => { done = true; });
  greets("https://mien.example", HELLO);
  greets("https://shop.example", { ...HELLO, theme: { accent: "x".repeat(65) } });
  await Promise.resolve();
  assert.equal(done, false);
  const said = warned.mock.calls.map(({ arguments: [text] }) => String(text));
  assert.deepEqual(said.map((each) => /\((.*)\)$/.exec(each)?.[1]), ["settings-invalid", "request-invalid"]);
  greets("https://shop.example", HELLO);
  assert.deepEqual((await let_in).hello, HELLO);
  warned.mock.restore();
  port1.close();
  port2.close();
});

test("a loader of the page's own origin is refused", async () => {
  await having({ location: { origin: "https://shop.example" } }, () => {
    const refused = (error: unknown): boolean => error instanceof LoaderError && error.code === "settings-invalid";
    assert.throws(() => connect({ server: "https://shop.example/mien", site: "shop", key: "pk_abc" }), refused);
  });
});

test("a patience that is no number is refused, before an order fails for it", async () => {
  await having({ location: { origin: "https://shop.example" } }, () => {
    for (const patience of [Number.NaN, 0, -1]) {
      assert.throws(() => connect({ server: "https://mien.example", site: "shop", key: "pk_abc", patience }), (error) => error instanceof LoaderError && error.code === "settings-invalid");
    }
  });
});

test("a refusal is told with its code and laws, and what is no problem document with a code of ours", async () => {
  const way = { server: "https://mien.example", site: "shop", key: "pk_abc", timeout: 1000 };
  const cases = [
    [{ code: "effect-refused", detail: "not this", laws: ["AI Act 5(1)(b)"] }, "effect-refused", ["AI Act 5(1)(b)"]],
    [{ code: 502, message: "bad gateway" }, "request-refused", []],
  ] as const;
  for (const [body, code, laws] of cases) {
    await having({ fetch: () => Promise.resolve(Response.json(body, { status: 403 })) }, async () => {
      await assert.rejects(rank(way, {}), (error) => error instanceof LoaderError && error.code === code && String(error.laws) === String(laws));
    });
  }
});

test("a word of a frame of another version is told on the console, and nothing else is swallowed", async () => {
  const [told, heard]: [string[], string[]] = [[], []];
  const link = new Link("https://mien.example", ({ kind }) => heard.push(kind));
  let port: MessagePort | undefined;
  const frame = { postMessage: (_hello: unknown, _origin: string, [given]: readonly MessagePort[]) => { port = given; } };
  await having({ console: { ...console, warn: (text: string) => told.push(text) } }, async () => {
    link.greet(frame as unknown as Window, HELLO);
    port?.postMessage({ kind: "sings" });
    port?.postMessage({ kind: "close" });
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  });
  assert.deepEqual([heard, told.length], [["close"], 1]);
  assert.match(told[0] ?? "", /^mien: the message is refused/);
  port?.close();
  link.close();
});

// ---- what is late ----
test("a question that nobody waits for any more is not asked, or taken back", async () => {
  const link = new Link("https://mien.example", () => undefined);
  await assert.rejects(link.ask({ kind: "rank", asked: {} }, 1), LoaderError); // before the frame is there
  const said: unknown[] = [];
  let port: MessagePort | undefined;
  const frame = { postMessage: (_hello: unknown, _origin: string, [given]: readonly MessagePort[]) => { port = given; } };
  link.greet(frame as unknown as Window, HELLO);
  assert.ok(port);
  const heard = new Promise<void>((resolve) => {
    port!.onmessage = ({ data }) => { if (said.push(data) === 2) resolve(); };
  });
  port.postMessage({ kind: "ready", version: 1 });
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  await assert.rejects(link.ask({ kind: "rank", asked: {} }, 1), LoaderError);
  await heard;
  assert.deepEqual(said, [{ kind: "rank", id: 2, asked: {} }, { kind: "drop", id: 2 }]);
  port.close();
  link.close();
});

test("an order that the page dropped is not the one whose why is shown", async () => {
  const remembered: unknown[] = [];
  const order = (name: string): object => ({ event: EVENT, behaviour: "new", agreed: null, places: [], name });
  let [asked, wait] = [0, Promise.resolve()];
  const rank = async (): Promise<unknown> => {
    asked += 1;
    const mine = order(`order ${asked}`);
    await wait;
    return mine;
  };
  const core = {
    consent: "on", begin: () => Promise.resolve(), client: () => Promise.resolve({ rank }),
    remember: (ranking: { readonly name: string } | null) => remembered.push(ranking?.name ?? null),
  };
  const told: ToPage[] = [];
  const servant = new Servant(core as unknown as Held, (message) => told.push(message));
  const ask = (id: number): Promise<void> => servant.serve({ kind: "rank", id, asked: {} });
  await ask(1);
  await ask(2);
  servant.drop(2); // it was answered too late
  servant.drop(9); // which nobody asked
  assert.deepEqual(remembered, ["order 1", "order 2", null]);
  let go: () => void = () => undefined;
  wait = new Promise((resolve) => { go = resolve; });
  const late = ask(3);
  await new Promise((resolve) => { setTimeout(resolve); });
  servant.drop(3); // while it is worked on
  go();
  await late;
  const early = ask(4);
  servant.drop(4); // before anything was asked
  await early;
  assert.deepEqual([remembered.slice(3), asked], [[null, null], 3]);
  assert.deepEqual(told.at(-1), { kind: "failed", id: 4, code: "request-invalid", message: told.at(-1)?.kind === "failed" ? (told.at(-1) as { message: string }).message : "", laws: [] });
});

test("help that was not asked for is told with the word that nobody hears too", async () => {
  const core = { consent: "on", begin: () => Promise.resolve(), client: () => Promise.resolve({ help: () => Promise.resolve({ mode: "human", ticket: "t" }) }) };
  const told: ToPage[] = [];
  await new Servant(core as unknown as Held, (message) => told.push(message)).serve({ kind: "help", id: 1, asked: {} });
  assert.deepEqual(told, [{ kind: "done", id: 1, said: { mode: "auto", ticket: null } }]);
});

test("a lesson that is none is a loader's error", async () => {
  const answers = (): Promise<Response> => Promise.resolve(new Response('{"lesson":"x"}', { headers: { "Content-Type": "application/json" } }));
  await having({ fetch: answers }, async () => {
    const pupil = new Pupil({ server: "https://mien.example", site: "shop", key: "pk_abc", timeout: 1000 });
    await assert.rejects(pupil.lesson([]), (error) => error instanceof LoaderError && error.code === "server-answer-invalid");
  });
});

// ---- what is confirmed ----
test("each act has a question of its own in each language, naming the site", () => {
  for (const lang of LANGUAGES) {
    const asked = ACTS.map((act) => CONFIRM[lang][act]);
    assert.equal(new Set(asked).size, ACTS.length);
    for (const each of asked) assert.ok(each.includes("{site}"), each);
  }
  for (const none of ["yes", "no", "toString", "", null, undefined]) assert.equal(isAct(none), false);
});
