/** The camera's handle with a pretended camera and worker: the order of its questions, and every way in which it ends. In Chromium, with real ones: `vision.ts`. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { type Feed, handOver, openCamera } from "../../sdk/web/src/capture/index.ts";
import { ConsentMissing, type MienError } from "../../sdk/web/src/errors.ts";
import type { Reading } from "../../sdk/web/src/label/index.ts";
import type { Purpose } from "../../sdk/web/src/values.ts";
import { type CameraState, type Permit, Vision } from "../../sdk/web/src/vision/index.ts";
import type { FromWorker, ToWorker } from "../../sdk/web/src/vision/messages.ts";

/** What happened, in order, as words. */
let log: string[] = [];

class Track extends EventTarget {
  readonly kind = "video";
  readyState = "live";

  stop(): void {
    if (this.readyState === "live") log.push("camera shut");
    this.readyState = "ended";
  }

  clone(): Track {
    return new Track();
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: "cam" };
  }
}

class Devices extends EventTarget {
  readonly track = new Track();
  there = true;
  refusal: string | null = null;

  getUserMedia(): Promise<unknown> {
    log.push("camera asked");
    return this.refusal === null ? Promise.resolve({ getTracks: () => [this.track] }) : Promise.reject(new DOMException("", this.refusal));
  }

  enumerateDevices(): Promise<unknown> {
    return Promise.resolve(this.there ? [{ kind: "videoinput", deviceId: "cam" }] : []);
  }
}

/** Answers each message at once; `says` may answer otherwise. */
class Pretended {
  static says: (message: ToWorker) => FromWorker | null | undefined = () => undefined;
  static last: Pretended | null = null;
  onmessage: ((event: { readonly data: FromWorker }) => void) | null = null;
  onerror: (() => void) | null = null;
  #ended = false;

  constructor() {
    log.push("worker begun");
    Pretended.last = this;
    setTimeout(() => { this.answer({ kind: "here", takesTracks: false }); });
  }

  postMessage(message: ToWorker): void {
    log.push(message.kind);
    const found = Pretended.says(message);
    const answer = found === undefined ? usual(message) : found;
    if (answer !== null) setTimeout(() => { this.answer(answer); });
  }

  answer(answer: FromWorker): void {
    if (!this.#ended) this.onmessage?.({ data: answer });
  }

  terminate(): void {
    if (!this.#ended) log.push("worker ended");
    this.#ended = true;
  }
}

const READING: Reading = { at: 0, why: "gathering", label: null, now: null, because: "" };

function usual(message: ToWorker): FromWorker | null {
  if (message.kind === "load") return { kind: "loaded", model: 2 };
  if (message.kind === "next") return { kind: "picture", there: true };
  return message.kind === "look" ? { kind: "reading", reading: { ...READING, at: message.at } } : null;
}

const own = { Worker: globalThis.Worker, processor: Reflect.get(globalThis, "MediaStreamTrackProcessor") as unknown };
let devices: Devices;
beforeEach(() => {
  log = [];
  devices = new Devices();
  Pretended.says = () => undefined;
  Object.defineProperty(navigator, "mediaDevices", { value: devices, configurable: true });
  Object.assign(globalThis, { Worker: Pretended, MediaStreamTrackProcessor: class { readonly readable = "stream"; } });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, "mediaDevices");
  Object.assign(globalThis, { Worker: own.Worker, MediaStreamTrackProcessor: own.processor });
});

interface Watched {
  readonly vision: Vision;
  readonly states: string[];
  /** The last error, and what to do. */
  readonly why: MienError[];
  permit: () => Permit;
}
const READS: readonly Purpose[] = ["personalize_offers"];

/** A handle that stops itself after so many readings. */
function watched(readings = 2, permit: () => Permit = () => ({ model: 2, purposes: READS }), integrity: Readonly<Record<string, string>> = { "/w": "sha384-x" }): Watched {
  let [left, seconds] = [readings, 0];
  const found: Watched = {
    permit, states: [], why: [],
    vision: Vision.create({
      worker: "/worker.js", models: "/m/", wasm: "/w", integrity,
      permit: () => {
        log.push("permit");
        return found.permit();
      },
      clock: { now: () => 1000 + seconds, monotonic: () => (seconds += 1) },
      onReading: ({ why }: Reading) => {
        log.push(why);
        left -= 1;
        if (left === 0) found.vision.stop();
      },
      onState: (state: CameraState, why?: MienError) => {
        found.states.push(state);
        if (why !== undefined) found.why.push(why);
      },
    }),
  };
  return found;
}

/** Start, and wait for the end. */
async function through(one: Watched): Promise<void> {
  await one.vision.start();
  await over(one);
}

async function over(one: Watched): Promise<void> {
  for (let tried = 0; tried < 1000 && !["denied", "unplugged", "stopped"].includes(one.vision.state); tried += 1) await new Promise((resolve) => { setTimeout(resolve, 1); });
}

test("the permit is asked before models, before the camera, and around the wait for each picture", async () => {
  const one = watched();
  await through(one);
  assert.deepEqual(log, [
    "permit", "worker begun", "load", "permit", "camera asked", "feed",
    "permit", "next", "permit", "look", "gathering", "permit", "next", "permit", "look", "gathering", "camera shut", "worker ended",
  ]);
  assert.deepEqual(one.states, ["asking", "loading", "on", "stopped"]);
});

test("a permit that ends while a picture is waited for ends all of it, and that picture is not looked at", async () => {
  const one = watched(9);
  Pretended.says = ({ kind }) => {
    if (kind === "next") one.permit = () => { throw new ConsentMissing("taken back"); };
    return undefined;
  };
  await through(one);
  assert.deepEqual(log.slice(-5), ["permit", "next", "permit", "camera shut", "worker ended"]);
  assert.deepEqual([one.states.at(-1), one.why[0]?.code], ["stopped", "consent-missing"]);
});

test("a permit for nothing that reads a face opens nothing", async () => {
  const one = watched(1, () => ({ model: 2, purposes: ["declare_mood", "contribute"] }));
  await through(one);
  assert.deepEqual([log, one.why[0]?.code], [["permit"], "consent-missing"]);
});

test("a reading that the stop overtakes is not told", async () => {
  const one = watched(9);
  Pretended.says = ({ kind }) => {
    if (kind !== "look") return undefined;
    setTimeout(() => {
      Pretended.last?.answer({ kind: "reading", reading: READING });
      one.vision.stop(); // before anybody could hear it
    });
    return null;
  };
  await through(one);
  assert.deepEqual([one.states.at(-1), log.includes("gathering")], ["stopped", false]);
});

test("models that the capability is not for read nothing", async () => {
  const one = watched(1, () => ({ model: 3, purposes: READS }));
  await through(one);
  assert.deepEqual([one.why[0]?.code, log.includes("look"), devices.track.readyState], ["capability-invalid", false, "ended"]);
});

test("a runtime without a hash is not loaded", async () => {
  const one = watched(1, undefined, {});
  await through(one);
  assert.deepEqual([one.why[0]?.code, log], ["model-tampered", ["permit"]]);
});

for (const code of ["model-tampered", "model-missing", "server-unreachable", "frame-rejected", "model-error"]) {
  test(`what the worker says comes out as the error it was: ${code}`, async () => {
    const one = watched();
    Pretended.says = ({ kind }) => (kind === "load" ? { kind: "failed", code, message: "do this" } : undefined);
    await through(one);
    assert.deepEqual([one.states.at(-1), one.why[0]?.code, one.why[0]?.message], ["stopped", code, "do this"]);
    assert.deepEqual([devices.track.readyState, log.at(-1)], ["ended", "worker ended"]);
  });
}

test("a worker that cannot be started says so", async () => {
  const one = watched();
  Pretended.says = ({ kind }) => {
    if (kind === "load") setTimeout(() => Pretended.last?.onerror?.());
    return null;
  };
  await through(one);
  assert.equal(one.why[0]?.code, "model-missing");
});

test("each way of having no camera says what to do", async () => {
  const words = new Set<string>();
  for (const refusal of ["NotAllowedError", "SecurityError", "NotFoundError", "NotReadableError", "OverconstrainedError"]) {
    devices.refusal = refusal;
    const one = watched();
    await through(one);
    assert.deepEqual([one.states, one.why[0]?.code, log.at(-1)], [["asking", "denied"], "camera-unavailable", "worker ended"]);
    words.add(one.why[0]!.message);
  }
  assert.equal(words.size, 5);
  await assert.rejects(openCamera(() => undefined, undefined as unknown as MediaDevices), { code: "camera-unavailable" });
});

test("a camera that is pulled out is unplugged, whether its track ends or only its device goes", async () => {
  for (const gone of [() => devices.track.dispatchEvent(new Event("ended")), () => { devices.there = false; devices.dispatchEvent(new Event("devicechange")); }]) {
    const one = watched(1e9);
    await one.vision.start();
    devices.dispatchEvent(new Event("devicechange")); // another device came or went
    await new Promise((resolve) => { setTimeout(resolve, 5); });
    assert.equal(one.vision.state, "on");
    gone();
    await over(one);
    assert.deepEqual([one.states.at(-1), one.why.at(-1)?.code, log.at(-1)], ["unplugged", "camera-unavailable", "worker ended"]);
  }
});

test("a stream that ends is a camera that is gone", async () => {
  const one = watched();
  Pretended.says = ({ kind }) => (kind === "next" ? { kind: "picture", there: false } : undefined);
  await through(one);
  assert.deepEqual([one.states.at(-1), log.includes("look")], ["unplugged", false]);
});

test("when nobody affirms for a minute it ends", async () => {
  const one = watched(1e9); // the clock goes on a second a picture
  Pretended.says = (message) => (message.kind === "look" ? { kind: "reading", reading: { ...READING, at: message.at, why: "affirm again" } } : undefined);
  await through(one);
  assert.deepEqual([one.states.at(-1), one.why[0]?.code], ["stopped", "affirmation-needed"]);
  const asked = log.filter((word) => word === "affirm again").length;
  assert.ok(asked >= 58 && asked <= 62, String(asked));
});

test("somebody affirms: the worker is told, and it begins anew after a stop", async () => {
  const one = watched(3);
  await one.vision.start();
  await one.vision.start(); // it runs already
  one.vision.affirm();
  await over(one);
  one.vision.affirm(); // nobody is there to hear it
  assert.equal(log.filter((word) => word === "affirm").length, 1);
  await one.vision.start();
  one.vision.stop();
  assert.equal(log.filter((word) => word === "worker begun").length, log.filter((word) => word === "worker ended").length);
});

test("the best way that a browser has is taken to hand pictures over", () => {
  const given: Feed[] = [];
  const track = devices.track as unknown as MediaStreamTrack;
  assert.equal(handOver(track, true, (feed) => { given.push(feed); }), true);
  assert.ok(given[0]?.track !== undefined && given[0].track !== track); // a copy: the page's own still shuts the camera
  const refusing = (feed: Feed): void => {
    if (feed.track !== undefined) throw new DOMException("", "DataCloneError");
    given.push(feed);
  };
  assert.equal(handOver(track, true, refusing), true);
  assert.deepEqual([given[1]?.stream, log.at(-1)], ["stream", "camera shut"]); // the copy that could not go
  Reflect.deleteProperty(globalThis, "MediaStreamTrackProcessor");
  assert.equal(handOver(track, false, refusing), false);
});
