/** The camera of one page: held by its core frame, reached from the others through `tabs`. */

import type { CameraState } from "../channel/index.ts";
import type { Client, Watching } from "../client/index.ts";
import { CameraUnavailable, MienError } from "../errors.ts";
import type { Moment, Reading } from "../label/reading.ts";
import type { VisionOptions, Watching as Handle } from "../vision/given.ts";
import { checked } from "./checked.ts";
import type { Camera } from "./core.ts";
import type { VisionFiles } from "./document.ts";
import { InSight } from "./insight.ts";
import { HIDDEN, TAKEN } from "./reasons.ts";
import type { CameraWord, Tabs } from "./tabs.ts";

/** Makes the handle of a camera; loaded when one is started. */
export type OpenVision = () => Promise<(options: VisionOptions) => Handle>;
/** In these the camera may be open: its indicator must show. */
const OPEN: readonly CameraState[] = ["asking", "loading", "on"];
/** Milliseconds after which it is looked anew whether it may go on, also where no picture comes. */
const CHECK = 10_000;

export interface Given {
  /** What shows that the camera is on: it must be seen. */
  readonly root: HTMLElement;
  readonly tabs: Tabs;
  /** The page view that frames of one page share. */
  readonly page: string;
  readonly files: VisionFiles | null;
  /** Where the files lie, with a final slash. */
  readonly base: string;
  readonly client: () => Promise<Client>;
  readonly vision: OpenVision | null;
  /** Throws unless the press is the person's. */
  readonly person: (press: Event) => Promise<void>;
  readonly changed: () => void;
}

/** The camera itself, in the page's core. At most one of all tabs of this shop is on: the one started last. */
export class NearCamera implements Camera {
  readonly #given: Given;
  readonly #sight: InSight;
  #handle: Handle | null = null;
  #watching: Watching | null = null;
  /** Counts starts and ends: what was begun before another one is over. */
  #turn = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #word: CameraWord = { state: "off", why: null, since: null };
  #error: MienError | null = null;
  #moment: Moment | null = null;

  constructor(given: Given) {
    this.#given = given;
    this.#sight = new InSight(given.root, () => this.#end("stopped", HIDDEN));
    given.tabs.hear((word) => {
      if (word.kind === "camera-taken") this.#end("stopped", TAKEN);
      if (word.kind !== "camera" || word.page !== given.page) return;
      if (word.act === "stop") this.stop();
      if (word.act === "tell") this.#tell();
    });
  }

  get state(): CameraState {
    return this.#word.state;
  }

  get why(): MienError | string | null {
    return this.#error ?? this.#word.why;
  }

  get since(): number | null {
    return this.#word.since;
  }

  get moment(): Moment | null {
    return this.#moment;
  }

  async start(press: Event): Promise<void> {
    await this.#given.person(press);
    await this.#begin();
  }

  stop(): void {
    if (OPEN.includes(this.state)) this.#end("stopped", null);
  }

  async affirm(press: Event): Promise<void> {
    await this.#given.person(press);
    this.#handle?.affirm();
  }

  /** Stop unless the camera may still be used: consent changed somewhere, or it cannot be told. */
  async check(): Promise<void> {
    const watching = this.#watching;
    try {
      await watching?.permit();
    } catch (error) {
      if (watching === this.#watching) this.#end("stopped", null, known(error));
      if (!(error instanceof MienError)) throw error;
    }
  }

  async #begin(): Promise<void> {
    if (OPEN.includes(this.state)) return;
    this.#turn += 1;
    const turn = this.#turn;
    this.#set({ state: "asking", why: null, since: null });
    try {
      const { files, vision } = this.#given;
      if (files === null || vision === null) throw new CameraUnavailable("this server was built without the camera's files; run `make web` and restart it");
      const client = await this.#given.client();
      if (turn !== this.#turn) return; // stopped meanwhile
      const watching = await client.watch();
      if (turn !== this.#turn) {
        void watching.close();
        return;
      }
      this.#watching = watching;
      this.#timer = setInterval(() => { void this.check(); }, CHECK);
      const [open] = await Promise.all([vision(), checked(this.#given.base + files.worker.name, files.worker.integrity)]);
      if (turn !== this.#turn) return;
      this.#handle = open(this.#options(files, watching));
      this.#given.tabs.say({ kind: "camera-taken" });
      this.#sight.watch();
      await this.#handle.start();
    } catch (error) {
      if (turn === this.#turn) this.#end("stopped", null, known(error));
      if (!(error instanceof MienError)) throw error;
    }
  }

  #options(files: VisionFiles, watching: Watching): VisionOptions {
    const at = (name: string): string => this.#given.base + name;
    return {
      worker: at(files.worker.name), wasm: at(files.wasm.name), models: at(files.models),
      integrity: { [at(files.worker.name)]: files.worker.integrity, [at(files.wasm.name)]: files.wasm.integrity },
      permit: () => watching.permit(),
      clock: { now: () => Date.now() / 1000, monotonic: () => performance.now() / 1000 },
      onReading: (reading) => this.#read(reading, watching),
      onState: (state, why) => { if (watching === this.#watching) this.#stands(state, why ?? null); },
    };
  }

  #read(reading: Reading, watching: Watching): void {
    if (watching !== this.#watching) return;
    if (reading.label !== null) watching.take(reading.label);
    this.#moment = reading.now;
    const why = reading.why === "label" || reading.why === "gathering" ? null : reading.why;
    if (why !== this.#word.why) this.#set({ ...this.#word, why });
    else this.#given.changed();
  }

  #stands(state: CameraState, error: MienError | null): void {
    if (!OPEN.includes(state)) {
      this.#end(state, null, error);
      return;
    }
    this.#set({ state, why: null, since: state === "on" ? (this.#word.since ?? Math.floor(Date.now() / 1000)) : null });
  }

  #end(state: CameraState, why: string | null, error: MienError | null = null): void {
    const [handle, watching] = [this.#handle, this.#watching];
    if (watching === null && !OPEN.includes(this.state)) return;
    this.#turn += 1;
    clearInterval(this.#timer);
    this.#handle = null;
    this.#watching = null;
    this.#moment = null;
    this.#sight.rest();
    handle?.stop();
    void watching?.close();
    this.#set({ state, why: error?.message ?? why, since: null }, error);
  }

  #set(word: CameraWord, error: MienError | null = null): void {
    this.#word = word;
    this.#error = error;
    this.#tell();
    this.#given.changed();
  }

  #tell(): void {
    this.#given.tabs.say({ kind: "camera-is", page: this.#given.page, word: this.#word });
  }
}

/** What went wrong, as an error with a code. */
function known(error: unknown): MienError {
  if (error instanceof MienError) return error;
  return new CameraUnavailable("a part of the camera could not be loaded; check the connection and start it again", { cause: error });
}

type Reached = Pick<Given, "tabs" | "page" | "changed">;

/** The camera as another frame of the page sees it: to look at and to stop. It starts where its sign is. */
export class FarCamera implements Camera {
  readonly #given: Reached;
  #word: CameraWord = { state: "off", why: null, since: null };

  constructor(given: Reached) {
    this.#given = given;
    given.tabs.hear((word) => {
      if (word.kind !== "camera-is" || word.page !== given.page) return;
      this.#word = word.word;
      given.changed();
    });
    this.#say("tell");
  }

  get state(): CameraState {
    return this.#word.state;
  }

  get why(): string | null {
    return this.#word.why;
  }

  get since(): number | null {
    return this.#word.since;
  }

  start(): Promise<void> {
    return Promise.reject(new CameraUnavailable("the camera starts beside its sign; press there"));
  }

  stop(): void {
    this.#say("stop");
  }

  affirm(): Promise<void> {
    return this.start();
  }

  #say(act: "stop" | "tell"): void {
    this.#given.tabs.say({ kind: "camera", page: this.#given.page, act });
  }
}
