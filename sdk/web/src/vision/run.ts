/** One run of the camera, from asking for it until it is shut: gate, worker, camera and loop. A run begins once and ends once. */

import { type Camera, handOver, openCamera, Projector } from "../capture/index.ts";
import { AffirmationNeeded, CameraUnavailable, CapabilityInvalid, ConsentMissing, MienError, ModelError, ModelTampered } from "../errors.ts";
import { needsLabel, type Reading } from "../label/index.ts";
import type { CameraState, Permit, VisionOptions } from "./given.ts";
import { Link } from "./link.ts";

/** Seconds that nobody affirms after which a run ends. */
const PATIENCE = 60;

export class Run {
  readonly #options: VisionOptions;
  readonly #tell: (state: CameraState, why?: MienError) => void;
  #link: Link | null = null;
  #camera: Camera | null = null;
  #projector: Projector | null = null;
  #ended = false;
  #waitingSince: number | null = null;

  /** `tell` hears of each state but `off`; after `denied`, `unplugged` or `stopped` it hears nothing more. */
  constructor(options: VisionOptions, tell: (state: CameraState, why?: MienError) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  /** Settles when pictures are read, or when the run is over. */
  async begin(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#over(error instanceof CameraUnavailable ? "denied" : "stopped", known(error));
      return;
    }
    if (this.#ended) return;
    this.#tell("on");
    void this.#read();
  }

  /** Shut all of it, at once. */
  end(): void {
    this.#over("stopped");
  }

  /** Somebody said yes again. */
  affirm(): void {
    if (!this.#ended) this.#link?.say({ kind: "affirm" });
  }

  async #open(): Promise<void> {
    this.#tell("asking");
    const { model } = await this.#permit(); // before anything is loaded
    if (this.#ended) return;
    const link = this.#worker();
    const loaded = link.heard("loaded"); // while the person is asked for the camera
    loaded.catch(() => undefined); // told below, or it is over anyway
    await this.#permit(); // before the camera
    if (this.#ended) return;
    const camera = await openCamera(() => { this.#over("unplugged", new CameraUnavailable("the camera is gone; connect it and start again")); });
    if (this.#ended) {
      camera.stop(); // stopped while the browser was asking
      return;
    }
    this.#camera = camera;
    this.#tell("loading");
    const { takesTracks } = await link.heard("here");
    const handed = handOver(camera.track, takesTracks, (feed, transfer) => { link.say({ kind: "feed", feed }, transfer); });
    if (!handed) await this.#project(camera);
    if ((await loaded).model !== model) throw new CapabilityInvalid("the models that were loaded are not those the capability is for; load the page anew");
  }

  #worker(): Link {
    const { worker, models, wasm, integrity } = this.#options;
    const hash = integrity[wasm];
    if (hash === undefined) throw new ModelTampered("the runtime for models has no hash to be checked against; serve the page as it was built");
    this.#link = new Link(worker);
    this.#link.say({ kind: "load", models, wasm, integrity: hash });
    return this.#link;
  }

  async #project(camera: Camera): Promise<void> {
    const projector = await Projector.of(camera.track);
    if (this.#ended) projector.stop();
    else this.#projector = projector;
  }

  /** Until it is over. */
  async #read(): Promise<void> {
    const since = this.#options.clock.monotonic();
    try {
      while (!this.#ended) await this.#picture(since);
    } catch (error) {
      this.#over("stopped", known(error));
    }
  }

  async #picture(since: number): Promise<void> {
    const { clock, onReading } = this.#options;
    await this.#permit();
    await this.#next();
    const { purposes } = await this.#permit(); // waiting takes a while: the answer may have changed meanwhile
    const picture = (await this.#projector?.taken()) ?? null;
    const link = this.#link;
    if (this.#ended || link === null) {
      picture?.close();
      return;
    }
    link.say({ kind: "look", at: clock.monotonic() - since, unix: clock.now(), purposes, picture }, picture === null ? [] : [picture]);
    const { reading } = await link.heard("reading");
    if (this.#ended) return; // taken back while it was looked at
    this.#patience(reading);
    onReading(reading);
  }

  async #next(): Promise<void> {
    if (this.#projector !== null) {
      await this.#projector.next();
      return;
    }
    this.#link?.say({ kind: "next" });
    const answer = await this.#link?.heard("picture");
    if (answer?.there === false) this.#over("unplugged", new CameraUnavailable("the camera gives no pictures any more; connect it and start again"));
  }

  /** What may be done now. Throws a `ConsentError`, also when nothing that stands needs a face read. */
  async #permit(): Promise<Permit> {
    const permit = await this.#options.permit();
    if (!needsLabel(permit.purposes)) throw new ConsentMissing("the person has not said yes to anything that reads a face; show the notice and ask");
    return permit;
  }

  #patience({ at, why }: Reading): void {
    if (why !== "affirm again") {
      this.#waitingSince = null;
      return;
    }
    this.#waitingSince ??= at;
    if (at - this.#waitingSince >= PATIENCE) throw new AffirmationNeeded("the person left and nobody affirmed; ask again and start anew");
  }

  #over(state: CameraState, why?: MienError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#projector?.stop();
    this.#camera?.stop();
    this.#link?.shut(why ?? new ModelError("the camera was stopped; start it again"));
    [this.#link, this.#camera, this.#projector] = [null, null, null];
    this.#tell(state, why);
  }
}

/** Whatever ended a run, as one of our errors: a gate that breaks in any other way is a gate that is shut. */
function known(error: unknown): MienError {
  return error instanceof MienError ? error : new ModelError("reading the camera failed; start again", { cause: error });
}
