/** What `Vision` is given and what it tells. */

import type { MienError } from "../errors.ts";
import type { Reading } from "../label/reading.ts";
import type { Purpose } from "../values.ts";

/**
 * How the camera stands. It is open, and its indicator must show, in `loading` (the models are on their way) and `on`.
 *
 * `off`: not started. `asking`: the browser asks the person for it. `denied`: the person or the browser said no, or there is none. `unplugged`: it was there
 * and went away. `stopped`: by `stop`, or because something ended it (`why`).
 */
export type CameraState = "off" | "asking" | "loading" | "on" | "denied" | "unplugged" | "stopped";

/** What a capability to `infer` allows at this moment: the model it names, and the purposes that stand. A `Capability` is one. */
export interface Permit {
  readonly model: number;
  readonly purposes: readonly Purpose[];
}

/** The two clocks, in seconds. */
export interface Ticker {
  /** Unix seconds. */
  now(): number;
  /** Seconds that only go forward. */
  monotonic(): number;
}

/**
 * `worker` is the address of the built `worker.js`, `wasm` that of ONNX Runtime's `ort-wasm-simd-threaded.wasm`, `models` the folder (ending in `/`) with
 * `manifest.json` and the models it names. `integrity` gives `sha384-...` of the files at `worker` and `wasm`, by address: what has none is not loaded.
 * (The models' hashes stand in the manifest, whose own hash stands in the code.)
 *
 * `permit` says what may be done now, or throws a `ConsentError`, which ends the session. It is asked before the models load, before the camera opens, and
 * before each picture is taken and again before it is looked at.
 *
 * `onReading` hears of each picture in turn, `onState` of each change; `why` is there when an error made it.
 */
export interface VisionOptions {
  readonly worker: string;
  readonly models: string;
  readonly wasm: string;
  readonly integrity: Readonly<Record<string, string>>;
  readonly permit: () => Permit | Promise<Permit>;
  readonly clock: Ticker;
  readonly onReading: (reading: Reading) => void;
  readonly onState: (state: CameraState, why?: MienError) => void;
}

/** What `Vision.create(options)` of `vision/index.ts` gives. */
export interface Watching {
  readonly state: CameraState;
  /** Ask for the camera, load what reads it, and read until stopped. Settles once `on`, or when it cannot be; never rejects: `onState` says why. */
  start(): Promise<void>;
  /** Shut the camera and drop worker, models and whatever was read, at once. May be called at any time, and again. */
  stop(): void;
  /** Whoever sits there now has been asked, and said yes. */
  affirm(): void;
}
