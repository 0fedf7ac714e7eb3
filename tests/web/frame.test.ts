/** The core of a frame on bad days, without a browser: a camera that is stopped before it is there, and what is said of a consent. In Chromium: `frames`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Client, Watching } from "../../sdk/web/src/client/index.ts";
import { Watching as Beats } from "../../sdk/web/src/client/watching.ts";
import { CapabilityExpired, KeepError } from "../../sdk/web/src/errors.ts";
import { type Given, NearCamera, type OpenVision } from "../../sdk/web/src/frame/looking.ts";
import type { Tabs, Word } from "../../sdk/web/src/frame/tabs.ts";

interface Began {
  readonly camera: NearCamera;
  /** What the core said to others, and did, in order. */
  readonly log: string[];
  /** Another core says this. */
  readonly hears: (word: Word) => void;
  /** The client gives, or refuses, what it was asked for so many starts ago. */
  readonly watches: (() => void)[];
  permits: () => Promise<unknown>;
}

const PRESS = {} as Event;
const turn = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve); });

/** A core's camera whose client takes as long as the test wants. */
function core(vision: OpenVision): Began {
  const log: string[] = [];
  const listeners: ((word: Word) => void)[] = [];
  const watches: (() => void)[] = [];
  const tabs = {
    say: (word: Word) => { log.push(word.kind === "camera-is" ? word.word.state : word.kind); },
    hear: (listener: (word: Word) => void) => { listeners.push(listener); return () => undefined; },
  } as unknown as Tabs;
  const watch = (): Promise<Watching> => new Promise((resolve) => {
    watches.push(() => {
      resolve({ permit: () => began.permits(), close: () => { log.push("closed"); return Promise.resolve(); } } as unknown as Watching);
    });
  });
  const file = { name: "worker.js", integrity: "sha384-x" };
  const given: Given = {
    root: {} as HTMLElement, tabs, page: "p", base: "https://mien.example/web/", vision,
    files: { worker: file, wasm: file, models: "models/", model: 1 } as unknown as NonNullable<Given["files"]>,
    client: () => Promise.resolve({ watch } as unknown as Client), person: () => Promise.resolve(), changed: () => undefined,
  };
  const began: Began = {
    camera: new NearCamera(given), log, watches, permits: () => Promise.resolve(), hears: (word) => { for (const each of listeners) each(word); },
  };
  return began;
}

test("a camera that is stopped, or taken, while it starts does not open, and a second start is its own", async () => {
  for (const ends of [(one: Began) => one.camera.stop(), (one: Began) => one.hears({ kind: "camera-taken" })]) {
    const one = core(() => { one.log.push("opened"); return new Promise(() => undefined); });
    const first = one.camera.start(PRESS);
    await turn();
    assert.equal(one.camera.state, "asking");
    ends(one);
    assert.equal(one.camera.state, "stopped");
    const second = one.camera.start(PRESS);
    await turn();
    one.watches[0]?.();
    await first;
    assert.deepEqual([one.camera.state, one.log], ["asking", ["asking", "stopped", "asking", "closed"]]);
    one.camera.stop();
    one.watches[1]?.();
    await second;
    assert.deepEqual(one.log.slice(4), ["stopped", "closed"]);
  }
});

test("a part of the camera that does not load ends the start, and is told", async (t) => {
  t.mock.method(globalThis, "fetch", () => Promise.resolve(new Response("")));
  const one = core(() => Promise.reject(new TypeError("failed to fetch dynamically imported module")));
  const start = one.camera.start(PRESS);
  await turn();
  one.watches[0]?.();
  await assert.rejects(start, TypeError);
  assert.equal(one.camera.state, "stopped");
  assert.equal((one.camera.why as { readonly code?: string }).code, "camera-unavailable");
  assert.deepEqual(one.log, ["asking", "closed", "stopped"]);
});

test("a camera ends when it cannot be told that it may go on, also where no picture asks", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  for (const error of [new CapabilityExpired("it ran out"), new KeepError("the storage is full")]) {
    const one = core(() => new Promise(() => undefined));
    t.mock.method(globalThis, "fetch", () => Promise.resolve(new Response("")));
    void one.camera.start(PRESS);
    await turn();
    one.watches[0]?.();
    await turn();
    t.mock.timers.tick(10_000);
    await turn();
    assert.equal(one.camera.state, "asking");
    one.permits = () => Promise.reject(error);
    t.mock.timers.tick(10_000);
    await turn();
    assert.deepEqual([one.camera.state, one.camera.why], ["stopped", error]);
  }
});

test("a beat that finds no room is told, and the next one goes out", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const desk = { permit: () => Promise.resolve({ may: ["send"] }) } as unknown as Parameters<typeof Beats.begin>[0];
  let full: Error | null = new KeepError("the storage is full");
  let sealed = 0;
  const seal = (): Promise<void> => {
    if (full !== null) return Promise.reject(full);
    sealed += 1;
    return Promise.resolve();
  };
  const beats = await Beats.begin(desk, { seal, carry: () => Promise.resolve() }, 10);
  t.mock.timers.tick(10_000);
  await turn();
  assert.deepEqual([sealed, beats.trouble], [0, full]);
  full = new TypeError("a fault"); // heard by whoever asked, and no end of all beats
  await assert.rejects(beats.close(), TypeError);
  full = null;
  await beats.close();
  assert.deepEqual([sealed, beats.trouble], [1, null]);
});
