/**
 * Infer: picture -> faces -> scores, with small embedded networks in WebAssembly.
 *
 * Takes pixels, and model files as bytes, which are compared with pinned hashes before they are used. Gives `Face` and `Scores`. Deliberately absent: brief
 * movements, a site's own models, face recognition; fetching.
 */

export { Eyes } from "./eyes.ts";
export { checkedRuntime, type Manifest, MOST_BYTES, type NetworkName, NETWORKS, readManifest } from "./manifest.ts";
export { loadModels, type Models } from "./models.ts";
export { MODEL_ID } from "./pin.ts";
