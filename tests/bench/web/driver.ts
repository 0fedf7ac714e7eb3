/**
 * The built worker and `@vladmandic/face-api` in one page of a real Chromium, on the same pictures in turns; the camera from its start to the first label; and
 * a shop's page from the yes to the first label, with two presses in between as a person makes them.
 * Told on standard input where things are; tells milliseconds on standard output. Driven by `bench_web.py`.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join, normalize } from "node:path";

import type { Permit, Reading, Vision } from "../../../sdk/web/src/vision/index.ts";
import type { FromWorker, ToWorker } from "../../../sdk/web/src/vision/messages.ts";
import { frameOf, launched, press, Visitor } from "../../web/frames/driver.ts";
import { shown, stands, visit } from "../../web/frames/parts.ts";
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
  /** A page of a shop that a server's site lists. */
  readonly shop: string;
}

/** What is used of face-api, which is asked as its documentation shows: the quick detector at its own size, then the expression. */
interface FaceApi {
  readonly tf: { setBackend(name: string): Promise<boolean>; ready(): Promise<void>; setWasmPaths?(folder: string): void; readonly wasm?: { setWasmPaths(folder: string): void } };
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

/** Milliseconds from the yes, and from the press that starts the camera, to the first label in a shop's page. */
async function fromYes(): Promise<Record<string, number>> {
  const visitor = await Visitor.of(browser, { permissions: ["camera"], viewport: { width: 1000, height: 1200 } });
  let labelled: (at: number) => void = () => undefined;
  const first = new Promise<number>((resolve) => { labelled = resolve; });
  await visitor.context.exposeBinding("labelled", () => { labelled(Date.now()); });
  await visitor.context.addInitScript(() => {
    globalThis.Worker = class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        this.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
          if (data.kind === "reading" && data.reading.label !== null) (globalThis as unknown as { labelled: () => void }).labelled();
        });
      }
    };
  });
  const page = await visit(visitor, told.shop);
  const asking = await shown(page, "consent", "[data-answer=yes]");
  await press(page, asking, "[data-answer=yes]");
  const said = Date.now();
  await stands(page, "on");
  await page.evaluate(() => { mien.hide("consent"); });
  const frame = await frameOf(page, "indicator");
  await frame.locator("button").first().waitFor();
  await press(page, frame, "button");
  const begun = Date.now();
  const at = await Promise.race([first, page.waitForTimeout(120_000).then(() => Number.NaN)]);
  return { yes: at - said, press: at - begun };
}

// Their library may need more of a policy than ours; none here, so that it is not measured hobbled.
const origin = await served(more, "frame-ancestors 'none'");
const browser = await launched(told, ["--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${told.camera}`]);
try {
  const context = await browser.newContext({ permissions: ["camera"] });
  const page = await context.newPage();
  await page.goto(`${origin.address}/page`);
  const turns = await page.evaluate(async ([files, given]) => {
    const address = "/face-api.js";
    const api = (await import(address)) as FaceApi;
    const setPaths = api.tf.setWasmPaths ?? api.tf.wasm?.setWasmPaths;
    setPaths?.("/tfjs/");
    const spent = { ours: [] as number[], theirs: [] as number[] };
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

    const words = { ours: [] as (string | null)[], theirs: [] as (string | null)[] };
    if (!(await api.tf.setBackend("wasm"))) throw new Error("face-api has no WebAssembly here");
    await api.tf.ready();
    await api.nets.tinyFaceDetector.loadFromUri("/face-api/");
    await api.nets.faceExpressionNet.loadFromUri("/face-api/");
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
        spent.ours.push(performance.now() - since);
        words.ours.push(heard.kind === "reading" ? heard.reading.now?.expression ?? null : null);
      }
      for (const picture of pictures) {
        context.putImageData(picture, 0, 0);
        const since = performance.now();
        const found = await api.detectSingleFace(canvas, new api.TinyFaceDetectorOptions()).withFaceExpressions();
        spent.theirs.push(performance.now() - since);
        const sorted = Object.entries(found?.expressions ?? {}).toSorted(([, one], [, other]) => other - one);
        words.theirs.push(sorted[0]?.[0] ?? null);
      }
    }
    worker.terminate();
    return { spent, words };
  }, [origin.files, told] as const);

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
  const yes = await fromYes();
  process.stdout.write(JSON.stringify({ ...turns, start, yes, asked: origin.asked.slice(began), version: browser.version() }));
} finally {
  await browser.close();
  origin.close();
  closeSync(file);
}
