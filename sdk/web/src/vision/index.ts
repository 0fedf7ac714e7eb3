/**
 * Vision: the page side's handle on camera and worker, and, beside `client`, the one place that knows the order capture -> infer -> label.
 *
 *     const vision = Vision.create({ worker, models, wasm, integrity, permit, clock, onReading, onState });
 *     await vision.start(); // after a yes, and a click
 *     vision.stop();
 *
 * Invariant: `permit` is asked before the models load, before the camera opens, and around the wait for each picture; what ends a permit shuts the camera,
 * ends the worker and drops the models within one picture. What the worker hands out are readings, never pixels.
 */

import type { MienError } from "../errors.ts";
import type { CameraState, VisionOptions, Watching } from "./given.ts";
import { Run } from "./run.ts";

export type { Moment, Reading, Why } from "../label/index.ts";
export type { CameraState, Permit, Ticker, VisionOptions, Watching } from "./given.ts";

/** One camera at a time. Touches nothing until `start`. */
export class Vision implements Watching {
  readonly #options: VisionOptions;
  #state: CameraState = "off";
  #run: Run | null = null;

  private constructor(options: VisionOptions) {
    this.#options = options;
  }

  static create(options: VisionOptions): Vision {
    return new Vision(options);
  }

  get state(): CameraState {
    return this.#state;
  }

  /** Ask for the camera, load what reads it, and read until stopped. Settles once `on`, or when it cannot be; never rejects: `onState` says why. */
  async start(): Promise<void> {
    if (this.#run !== null) return;
    const run: Run = new Run(this.#options, (state, why) => { this.#tell(run, state, why); });
    this.#run = run;
    await run.begin();
  }

  /** Shut the camera and drop worker, models and whatever was read, at once. May be called at any time, and again. */
  stop(): void {
    this.#run?.end();
  }

  /** Whoever sits there now has been asked, and said yes. */
  affirm(): void {
    this.#run?.affirm();
  }

  #tell(run: Run, state: CameraState, why?: MienError): void {
    if (run !== this.#run) return;
    this.#state = state;
    if (state === "denied" || state === "unplugged" || state === "stopped") this.#run = null;
    this.#options.onState(state, why);
  }
}
