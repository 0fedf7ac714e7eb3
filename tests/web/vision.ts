/**
 * Camera and worker in a real Chromium, with a camera that plays a rendered person: told on standard input where things are, tells on standard output what
 * came of it. Driven by `test_vision.py`.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";

import { type BrowserContext, chromium, type Page } from "playwright-core";

import type { MienError } from "../../sdk/web/src/errors.ts";
import type { CameraState, Permit, Reading, Vision } from "../../sdk/web/src/vision/index.ts";
import type { FromWorker, ToWorker } from "../../sdk/web/src/vision/messages.ts";
import { served } from "./served.ts";

interface Told {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the camera plays. */
  readonly camera: string;
  /** A file of RGBA pictures of one size, one after the other, and the times of each. */
  readonly pictures: string;
  readonly width: number;
  readonly height: number;
  readonly times: readonly (readonly [at: number, unix: number, affirmed: boolean])[];
  readonly purposes: Permit["purposes"];
}

type Sources = typeof import("../../sdk/web/src/vision/index.ts") & typeof import("../../sdk/web/src/errors.ts");
declare global {
  var sources: Sources;
  /** Every message that a worker of this page sent, and how many workers began and were ended. */
  var heard: FromWorker[];
  var workers: { begun: number; ended: number };
  var tracks: MediaStreamTrack[];
  /** The handle, and what it told. */
  var vision: Vision;
  var seen: { readonly states: (readonly [CameraState, string | null, number])[]; readonly readings: Reading[]; asked: number; may: boolean; cameras: number };
  /** Called when the page asks for a camera. */
  var asking: (() => void) | null;
}

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const frame = told.width * told.height * 4;
const pictures = openSync(told.pictures, "r");
let spoilt: string | null = null;
/** How many requests there had been when a run began. */
let since = 0;

function more(path: string): Buffer | null {
  if (path === spoilt) return Buffer.concat([readFileSync(new URL(`../../sdk/python/mien/infer${path}`, import.meta.url)), Buffer.of(0)]);
  if (!path.startsWith("/pictures/")) return null;
  const bytes = Buffer.alloc(frame);
  readSync(pictures, bytes, 0, frame, frame * Number(path.slice("/pictures/".length)));
  return bytes;
}

const origin = await served(more);

/** A page that writes down what its workers say, and what cameras it opened. */
async function opened(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin.address}/page`);
  await page.evaluate(async () => {
    [globalThis.heard, globalThis.workers, globalThis.tracks] = [[], { begun: 0, ended: 0 }, []];
    globalThis.Worker = class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        workers.begun += 1;
        this.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => { heard.push(data); });
      }

      override terminate(): void {
        workers.ended += 1;
        super.terminate();
      }
    };
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      globalThis.asking?.();
      const stream = await ask(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
    const [vision, errors] = ["/src/vision/index.ts", "/src/errors.ts"]; // addresses of the page, not of this file
    globalThis.sources = { ...await import(vision!), ...await import(errors!) } as Sources;
  });
  return page;
}

/** A `Vision` in the page, whose gate is open while `seen.may`. */
async function made(page: Page, files: typeof origin.files = origin.files): Promise<void> {
  since = origin.asked.length;
  await page.evaluate(([given, purposes]) => {
    globalThis.seen = { states: [], readings: [], asked: 0, may: true, cameras: tracks.length };
    const permit = (): { model: number; purposes: typeof purposes } => {
      seen.asked += 1;
      if (!seen.may) throw new sources.ConsentMissing("taken back");
      return { model: 2, purposes };
    };
    globalThis.vision = sources.Vision.create({
      ...given, permit,
      clock: { now: () => Date.now() / 1000, monotonic: () => performance.now() / 1000 },
      onReading: (reading: Reading) => {
        seen.readings.push(reading);
        if (reading.why === "affirm again") vision.affirm(); // on a busy machine pictures may be seconds apart, which is an absence
      },
      onState: (state: CameraState, why?: MienError) => { seen.states.push([state, why?.code ?? null, tracks.filter((track) => track.readyState === "live").length]); },
    });
  }, [files, told.purposes] as const);
}

const OVER: readonly CameraState[] = ["denied", "unplugged", "stopped"];
const LONGEST = 120_000;

/** Start, and wait until so many readings and labels were told or the run is over. */
async function started(page: Page, readings = Infinity, labels = 0): Promise<void> {
  await page.evaluate(() => vision.start());
  await until(page, (state, read, labelled) => OVER.includes(state) || (read >= readings && labelled >= labels));
}

/** Wait; the page's own way of waiting would evaluate text, which its policy forbids. */
async function until(page: Page, holds: (state: CameraState, read: number, labelled: number) => boolean): Promise<void> {
  for (const begun = Date.now(); Date.now() - begun < LONGEST;) {
    const [state, read, labelled] = await page.evaluate(() => [vision.state, seen.readings.length, seen.readings.filter(({ label }) => label !== null).length] as const);
    if (holds(state, read, labelled)) return;
    await pause(20);
  }
  throw new Error("nothing came of it");
}

/** What came of it, since `made`. */
async function toldOf(page: Page): Promise<Record<string, unknown>> {
  const told = await page.evaluate(() => ({
    ...seen, workers, live: tracks.filter((track) => track.readyState === "live").length, cameras: tracks.length - seen.cameras,
  }));
  return { ...told, requests: origin.asked.slice(since) };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/** The same pictures as Python's, through the built worker. */
async function onPictures(page: Page): Promise<unknown> {
  return page.evaluate(async ([files, times, purposes, width, height]) => {
    const worker = new Worker(files.worker, { type: "module" });
    const say = (message: ToWorker, transfer: Transferable[] = []): void => { worker.postMessage(message, transfer); };
    const answer = (kind: string): Promise<FromWorker> => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === kind) resolve(data);
        if (data.kind === "failed") reject(new Error(data.message));
      };
    });
    say({ kind: "load", models: files.models, wasm: files.wasm, integrity: files.integrity[files.wasm]! });
    await answer("loaded");
    const readings: FromWorker[] = [];
    for (const [place, [at, unix]] of times.entries()) {
      const pixels = new Uint8ClampedArray(await (await fetch(`/pictures/${place}`)).arrayBuffer());
      const picture = await createImageBitmap(new ImageData(pixels, width, height));
      say({ kind: "look", at, unix, purposes, picture }, [picture]);
      readings.push(await answer("reading"));
    }
    worker.terminate();
    return readings;
  }, [origin.files, told.times, told.purposes, told.width, told.height] as const);
}

const browser = await chromium.launch({
  executablePath: told.program,
  env: { ...process.env, ...told.env },
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${told.camera}`,
  ],
});
try {
  const context = await browser.newContext({ permissions: ["camera"] });
  const page = await opened(context);
  const found: Record<string, unknown> = {};

  // No permit: nothing is asked for.
  await made(page);
  await page.evaluate(() => { seen.may = false; });
  await started(page);
  found["forbidden"] = await toldOf(page);

  // The camera plays; then the permit ends.
  await made(page);
  await started(page, 1, 1);
  found["on"] = await toldOf(page);
  const read = await page.evaluate(() => {
    seen.may = false;
    return seen.readings.length;
  });
  await until(page, (state) => OVER.includes(state));
  const left = await page.evaluate(() => seen.readings.length);
  await pause(200);
  found["withdrawn"] = { ...await toldOf(page), late: left - read, after: await page.evaluate((count) => seen.readings.length - count, left) };

  // Stopped while the browser asks.
  await made(page);
  await page.evaluate(async () => {
    globalThis.asking = () => { vision.stop(); };
    await vision.start();
    globalThis.asking = null;
  });
  await pause(200);
  found["stopped early"] = await toldOf(page);

  // Files that are not ours.
  spoilt = "/models/detector.onnx";
  await made(page);
  await started(page);
  found["spoilt model"] = await toldOf(page);
  spoilt = null;
  await made(page, { ...origin.files, integrity: { [origin.files.wasm]: "sha384-AAAA" } });
  await started(page);
  found["spoilt runtime"] = await toldOf(page);

  // Without a stream to hand over; then the camera goes away by itself, as the browser takes it back.
  await page.evaluate(() => { Reflect.deleteProperty(globalThis, "MediaStreamTrackProcessor"); });
  await made(page);
  await started(page, 1, 1);
  found["by hand"] = await toldOf(page);
  await context.clearPermissions();
  await until(page, (state) => OVER.includes(state));
  found["gone"] = await toldOf(page);
  found["heard"] = await page.evaluate(() => heard);

  // Never allowed.
  const refused = await opened(await browser.newContext({ permissions: [] }));
  await made(refused);
  await started(refused);
  found["denied"] = await toldOf(refused);

  found["pictures"] = await onPictures(await opened(context));
  process.stdout.write(JSON.stringify({ ...found, version: browser.version() }));
} finally {
  await browser.close();
  origin.close();
  closeSync(pictures);
}
