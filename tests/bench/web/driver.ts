/**
 * The built worker and `@vladmandic/face-api` in one page of a real Chromium, on the same pictures in turns; and the camera from its start to the first label.
 * Told on standard input where things are; tells milliseconds on standard output. Driven by `bench_web.py`.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join, normalize } from "node:path";

import type { Permit, Reading, Vision } from "../../../sdk/web/src/vision/index.ts";
import type { FromWorker, ToWorker } from "../../../sdk/web/src/vision/messages.ts";
import { launched } from "../../web/frames/driver.ts";
import { served } from "../../web/served.ts";

interface Told {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly camera: string;
  readonly pictures: string;
  readonly width: number;
  readonly height: number;
  readonly times: readonly (readonly [at: number, unix: number, affirmed: boolean])[];
  readonly purposes: Permit["purposes"];
  /** Pictures that one looks at before the other has its turn, and turns. */
  readonly block: number;
  readonly blocks: number;
}

/** What is used of face-api, which is asked as its documentation shows: the quick detector at its own size, then the expression. */
interface FaceApi {
  readonly tf: {
    setBackend(name: string): Promise<boolean>; ready(): Promise<void>; getBackend(): string; wasm?: { setWasmPaths(folder: string): void };
    setWasmPaths?(folder: string): void; registerBackend(name: string, make: () => unknown, priority?: number): boolean;
  };
  readonly nets: Readonly<Record<"tinyFaceDetector" | "faceExpressionNet", { loadFromUri(address: string): Promise<void> }>>;
  readonly TinyFaceDetectorOptions: new () => object;
  detectSingleFace(canvas: HTMLCanvasElement, options: object): { withFaceExpressions(): Promise<{ readonly expressions: Readonly<Record<string, number>> } | undefined> };
}

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const PACKAGES = new URL("node_modules/", import.meta.url).pathname;
const frame = told.width * told.height * 4;
const file = openSync(told.pictures, "r");

function more(path: string): Buffer | null {
  if (path === "/face-api.js") return readFileSync(join(PACKAGES, "@vladmandic/face-api/dist/face-api.esm.js"));
  if (path.startsWith("/face-api/")) return readFileSync(join(PACKAGES, "@vladmandic/face-api/model", normalize(path.slice("/face-api/".length))));
  if (path.startsWith("/tfjs/")) return readFileSync(join(PACKAGES, "@tensorflow/tfjs-backend-wasm/dist", normalize(path.slice("/tfjs/".length))));
  if (!path.startsWith("/pictures/")) return null;
  const bytes = Buffer.alloc(frame);
  readSync(file, bytes, 0, frame, frame * Number(path.slice("/pictures/".length)));
  return bytes;
}

// Their library may need more of a policy than ours; none here, so that it is not measured hobbled.
const origin = await served(more, "frame-ancestors 'none'");
const browser = await launched(told, ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${told.camera}`]);
try {
  const context = await browser.newContext({ permissions: ["camera"] });
  const page = await context.newPage();
  await page.goto(`${origin.address}/page`);
  const turns = await page.evaluate(async ([files, given, backends]) => {
    const address = "/face-api.js";
    const api = (await import(address)) as FaceApi;
    const setPaths = api.tf.setWasmPaths ?? api.tf.wasm?.setWasmPaths;
    setPaths?.("/tfjs/");
    const [ours, theirs]: [number[], Record<string, number[]>] = [[], {}];
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [given.width, given.height];
    const context = canvas.getContext("2d")!;

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

    const words = { ours: [] as (string | null)[], theirs: {} as Record<string, (string | null)[]> };
    const usable: string[] = [];
    for (const backend of backends) {
      if (!(await api.tf.setBackend(backend).catch(() => false))) continue;
      await api.tf.ready();
      usable.push(backend);
      [theirs[backend], words.theirs[backend]] = [[], []];
      await api.nets.tinyFaceDetector.loadFromUri("/face-api/");
      await api.nets.faceExpressionNet.loadFromUri("/face-api/");
    }
    for (let block = 0; block < given.blocks; block += 1) {
      const pictures: ImageData[] = [];
      for (let place = block * given.block; place < (block + 1) * given.block; place += 1) {
        pictures.push(new ImageData(new Uint8ClampedArray(await (await fetch(`/pictures/${place}`)).arrayBuffer()), given.width, given.height));
      }
      for (const [place, picture] of pictures.entries()) {
        const [at, unix] = given.times[block * given.block + place]!;
        const bitmap = await createImageBitmap(picture);
        const since = performance.now();
        say({ kind: "look", at, unix, purposes: given.purposes, picture: bitmap }, [bitmap]);
        const heard = await answer("reading");
        ours.push(performance.now() - since);
        words.ours.push(heard.kind === "reading" ? heard.reading.now?.expression ?? null : null);
      }
      for (const backend of usable) {
        await api.tf.setBackend(backend);
        for (const picture of pictures) {
          context.putImageData(picture, 0, 0);
          const since = performance.now();
          const found = await api.detectSingleFace(canvas, new api.TinyFaceDetectorOptions()).withFaceExpressions();
          theirs[backend]!.push(performance.now() - since);
          const sorted = Object.entries(found?.expressions ?? {}).toSorted(([, one], [, other]) => other - one);
          words.theirs[backend]!.push(sorted[0]?.[0] ?? null);
        }
      }
    }
    worker.terminate();
    return { ours, theirs, words };
  }, [origin.files, told, ["wasm", "webgl"]] as const);

  const camera = await context.newPage();
  await camera.goto(`${origin.address}/page`);
  const began = origin.asked.length;
  const start = await camera.evaluate(async ([files, purposes]) => {
    const address = "/src/vision/index.ts";
    const { Vision: Made } = (await import(address)) as { Vision: typeof Vision };
    const since = performance.now();
    const moments: Record<string, number> = {};
    const reached = (what: string): void => { moments[what] ??= performance.now() - since; };
    await new Promise<void>((resolve, reject) => {
      const vision = Made.create({
        ...files, permit: () => ({ model: 2, purposes }),
        clock: { now: () => Date.now() / 1000, monotonic: () => performance.now() / 1000 },
        onState: (state, why) => {
          reached(state);
          if (state === "stopped" || state === "denied") reject(why ?? new Error(state));
        },
        onReading: (reading: Reading) => {
          reached("reading");
          if (reading.why === "affirm again") vision.affirm(); // a busy machine: pictures seconds apart are an absence
          if (reading.label === null) return;
          reached("label");
          resolve();
        },
      });
      void vision.start();
    });
    return moments;
  }, [origin.files, told.purposes] as const);
  process.stdout.write(JSON.stringify({ ...turns, start, asked: origin.asked.slice(began), version: browser.version() }));
} finally {
  await browser.close();
  origin.close();
  closeSync(file);
}
