/** The embedded networks as sessions of ONNX Runtime: WebAssembly with SIMD on one thread. The only file that knows the runtime. */

import { env, InferenceSession, Tensor as OrtTensor } from "onnxruntime-web/wasm";

import { ModelTampered } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import { checkedModel, type Entry, type Manifest, type NetworkName, NETWORKS, type Tensor } from "./manifest.ts";

/** One verified network, ready to run. */
export interface Network {
  /** Its outputs for one input of the type and shape in the manifest, in the order of the manifest. */
  run(data: Uint8Array, dims: readonly number[]): Promise<readonly Output[]>;
}
export interface Output {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** The verified networks, and what the manifest says of them. */
export interface Models extends Manifest {
  readonly networks: Readonly<Record<NetworkName, Network>>;
}

/**
 * Verify and load the models. `runtime` is `ort-wasm-simd-threaded.wasm`, already checked; `blobs` the models' files. Throws `ModelTampered`.
 *
 * One thread, because threads need shared memory, which browsers give to cross-origin isolated pages only, and a frame in a shop's page is none.
 */
export async function loadModels(manifest: Manifest, runtime: Bytes, blobs: Readonly<Record<NetworkName, Bytes>>): Promise<Models> {
  env.wasm.wasmBinary = runtime.buffer;
  env.wasm.numThreads = 1;
  env.wasm.proxy = false; // this already is a worker
  env.logLevel = "error";
  const checked = await Promise.all(NETWORKS.map((name) => checkedModel(blobs[name], manifest.files[name])));
  const networks: Partial<Record<NetworkName, Network>> = {};
  // One after the other: the runtime starts with the first.
  for (const [place, name] of NETWORKS.entries()) networks[name] = await opened(name, manifest.files[name], checked[place]!);
  return { ...manifest, networks: networks as Record<NetworkName, Network> };
}

async function opened(name: NetworkName, entry: Entry, blob: Bytes): Promise<Network> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(blob, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  } catch (cause) { // the runtime has no error tree of its own
    throw new ModelTampered(`model \`${name}\` is not a network this browser can run; serve the files that come with mien`, { cause });
  }
  if (!same(session.inputMetadata, entry.inputs) || !same(session.outputMetadata, entry.outputs)) {
    throw new ModelTampered(`model \`${name}\` has other inputs or outputs than its manifest says; serve the files that come with mien`);
  }
  const [input] = entry.inputs;
  return {
    run: async (data, dims) => {
      const answer = await session.run({ [input![0]]: new OrtTensor("uint8", data, dims) });
      return entry.outputs.map(([output]) => answer[output] as OrtTensor & { readonly data: Float32Array });
    },
  };
}

function same(real: readonly InferenceSession.ValueMetadata[], said: readonly Tensor[]): boolean {
  return real.length === said.length && said.every(([name, type, shape], place) => {
    const found = real[place]!;
    if (!found.isTensor || found.name !== name || found.type !== type || found.shape.length !== shape.length) return false;
    return shape.every((size, axis) => (size === null ? typeof found.shape[axis] === "string" : found.shape[axis] === size));
  });
}
