/**
 * The worker that reads the camera: capture -> infer -> label. It looks at a picture when it is told to and never by itself; the page side tells it after asking
 * the gate. What it says is `FromWorker`: readings, and no pixel. Nothing of it is kept: it ends with `terminate`.
 */

import { handed, Pictures, trackProcessor } from "../capture/index.ts";
import { FrameRejected, MienError, ModelMissing } from "../errors.ts";
import { checkedRuntime, Eyes, loadModels, MOST_BYTES, type NetworkName, NETWORKS, readManifest } from "../infer/index.ts";
import { fetched } from "../send/fetched.ts";
import type { Bytes } from "../wire/bytes.ts";
import { Looker } from "./looker.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** The runtime is 14 MB. */
const MOST_RUNTIME = 32_000_000;

/** What is used of a worker's global scope: the types of pages do not have it. */
interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}
const scope = globalThis as unknown as Scope;

let looker: Looker | null = null;
let pictures: Pictures | null = null;

async function load({ models, wasm, integrity }: Extract<ToWorker, { kind: "load" }>): Promise<FromWorker> {
  const [runtime, manifest] = await Promise.all([
    file(wasm, MOST_RUNTIME).then((bytes) => checkedRuntime(bytes, integrity)),
    file(`${models}manifest.json`, MOST_BYTES).then((bytes) => readManifest(bytes)),
  ]);
  const blobs = await Promise.all(NETWORKS.map((name) => file(models + manifest.files[name].file, MOST_BYTES)));
  const loaded = await loadModels(manifest, runtime, Object.fromEntries(NETWORKS.map((name, place) => [name, blobs[place]!])) as Record<NetworkName, Bytes>);
  looker = new Looker(new Eyes(loaded), loaded.model);
  return { kind: "loaded", model: loaded.model };
}

async function file(address: string, most: number): Promise<Bytes> {
  const bytes = await fetched(address, most);
  if (bytes === null) throw new ModelMissing("a file that reads the camera is not on the server; serve the files that come with mien");
  return bytes;
}

async function look({ at, unix, purposes, picture }: Extract<ToWorker, { kind: "look" }>): Promise<FromWorker> {
  const seen = picture === null ? await pictures?.take() : handed(picture);
  if (seen === undefined || looker === null) throw new FrameRejected("nothing is there to look at, or nothing to look with; start again");
  return { kind: "reading", reading: await looker.look(seen, at, unix, purposes) };
}

async function answered(message: ToWorker): Promise<FromWorker | null> {
  switch (message.kind) {
    case "load":
      return load(message);
    case "feed":
      pictures = new Pictures(message.feed);
      return null;
    case "next":
      return { kind: "picture", there: (await pictures?.next()) === true };
    case "look":
      return look(message);
    case "affirm":
      looker?.affirm();
      return null;
  }
}

scope.onmessage = ({ data }) => {
  answered(data).then(
    (answer) => { if (answer !== null) scope.postMessage(answer); },
    (error: unknown) => { scope.postMessage(failed(error)); },
  );
};
scope.postMessage({ kind: "here", takesTracks: trackProcessor() !== undefined });

/** An error in words: its code and what to do, nothing of a picture. What is none of ours is told as such, so that reading ends. */
function failed(error: unknown): FromWorker {
  if (error instanceof MienError) return { kind: "failed", code: error.code, message: error.message };
  return { kind: "failed", code: "model-error", message: "reading the camera failed; start again" };
}
