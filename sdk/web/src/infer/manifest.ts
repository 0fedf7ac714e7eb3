/**
 * Verify the embedded models before anything is made of them. The bytes that were verified are the bytes that run. The twin of `mien/infer/manifest.py`; this
 * room fetches nothing: it is given bytes.
 */

import { ModelTampered } from "../errors.ts";
import { EXPRESSIONS } from "../values.ts";
import type { Bytes } from "../wire/bytes.ts";
import { MANIFEST_SHA256 } from "./pin.ts";

/** The models that read expression; the fourth looks for brief movements, which is not done in a browser. */
export const NETWORKS = ["detector", "landmarks", "expression"] as const;
export type NetworkName = (typeof NETWORKS)[number];
/** No model here is near this. */
export const MOST_BYTES = 4_000_000;
const FORMAT = 2;

/** One input or output: name, type, shape (null: any size). */
export type Tensor = readonly [name: string, type: string, shape: readonly (number | null)[]];

export interface Entry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** A manifest that holds. */
export interface Manifest {
  readonly model: number;
  readonly temperature: number;
  readonly faceThreshold: number;
  readonly actions: readonly string[];
  readonly files: Readonly<Record<NetworkName, Entry>>;
}

interface Written {
  readonly format: number;
  readonly model_id: number;
  readonly labels: readonly string[];
  readonly temperature: number;
  readonly face_threshold: number;
  readonly actions: readonly string[];
  readonly files: Readonly<Record<string, { readonly file: string; readonly bytes: number; readonly sha256: string; readonly inputs: readonly WrittenTensor[]; readonly outputs: readonly WrittenTensor[] }>>;
}
interface WrittenTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | null)[];
}

/** The manifest in `raw`, whose hash must be the one in the code: nothing in it is believed before that. Throws `ModelTampered`. */
export async function readManifest(raw: Bytes, pinned: string = MANIFEST_SHA256): Promise<Manifest> {
  if ((await sha256(raw)) !== pinned) {
    throw new ModelTampered("the model manifest is not the one of this version; serve the models of the version of mien that the page loads");
  }
  // Known to the byte from here on, so its form needs no parser of its own. What it means is compared with this code once more.
  const written = JSON.parse(new TextDecoder().decode(raw)) as Written;
  if (written.format !== FORMAT || written.labels.join() !== EXPRESSIONS.join()) {
    throw new ModelTampered("the label map of the models is not the one of this version; serve the models of the version of mien that the page loads");
  }
  const files = Object.fromEntries(NETWORKS.map((name) => [name, entry(name, written)])) as Record<NetworkName, Entry>;
  return { model: written.model_id, temperature: written.temperature, faceThreshold: written.face_threshold, actions: written.actions, files };
}

function entry(name: NetworkName, written: Written): Entry {
  const found = written.files[name];
  if (found === undefined || !/^[a-z]+\.onnx$/.test(found.file)) {
    throw new ModelTampered("the model manifest does not name the models of this version; serve the models of the version of mien that the page loads");
  }
  const tensors = (some: readonly WrittenTensor[]): readonly Tensor[] => some.map((one) => [one.name, one.dtype, one.shape]);
  return { file: found.file, bytes: found.bytes, sha256: found.sha256, inputs: tensors(found.inputs), outputs: tensors(found.outputs) };
}

/** `blob`, when it is the model of that entry to the byte. Throws `ModelTampered`. */
export async function checkedModel(blob: Bytes, entry: Entry): Promise<Bytes> {
  if (blob.length !== entry.bytes || (await sha256(blob)) !== entry.sha256) {
    throw new ModelTampered(`model file \`${entry.file}\` was changed after release; serve the files that come with mien`);
  }
  return blob;
}

/** `runtime`, when its hash is the one in `integrity` (`sha384-` and base64, as in Subresource Integrity). Throws `ModelTampered`. */
export async function checkedRuntime(runtime: Bytes, integrity: string): Promise<Bytes> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-384", runtime));
  if (integrity !== `sha384-${btoa(String.fromCharCode(...digest))}`) {
    throw new ModelTampered("the runtime for models is not the one that the page was built with; serve the files that come with mien");
  }
  return runtime;
}

async function sha256(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
