/** What a camera says, on its way out: one envelope a beat, whether anything was seen or not. The twin of what `mien/client/session.py` does with labels. */

import { MienError } from "../errors.ts";
import { LABEL_PURPOSES } from "../label/index.ts";
import { type Label, SLOTS } from "../values.ts";
import type { Capability } from "../wire/messages.ts";
import type { Desk } from "./desk.ts";

/** Seconds from one envelope to the next. */
export const BEAT = 10;

interface Ways {
  readonly seal: (labels: readonly Label[]) => Promise<void>;
  /** Renew, and send what waits. */
  readonly carry: () => Promise<void>;
}

/** One session of a camera. Nothing of it outlives the page but sealed envelopes. */
export class Watching {
  readonly #desk: Desk;
  readonly #ways: Ways;
  readonly #timer: ReturnType<typeof setInterval>;
  #labels: Label[] = [];
  #beating: Promise<void> = Promise.resolve();
  #trouble: MienError | null = null;

  private constructor(desk: Desk, ways: Ways, beat: number) {
    this.#desk = desk;
    this.#ways = ways;
    this.#timer = setInterval(() => { void this.#beat(); }, beat * 1000);
  }

  /** Throws a `ConsentError` unless faces may be read now. */
  static async begin(desk: Desk, ways: Ways, beat: number = BEAT): Promise<Watching> {
    await desk.permit("infer", ...LABEL_PURPOSES);
    return new Watching(desk, ways, beat);
  }

  /** What may be read now, and with which model. To be asked at every picture; throws a `ConsentError`, and then nothing more may be read. */
  permit(): Promise<Capability> {
    return this.#desk.permit("infer", ...LABEL_PURPOSES);
  }

  /** One more label, unless the envelope is full: at one a second that takes longer than a beat. */
  take(label: Label): void {
    if (this.#labels.length < SLOTS) this.#labels.push(label);
  }

  /** What went wrong with keeping and sending lately, null when all is well. */
  get trouble(): MienError | null {
    return this.#trouble;
  }

  /** Seal what was read and send it; where consent ended it is dropped. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beat();
  }

  #beat(): Promise<void> {
    const labels = this.#labels;
    this.#labels = [];
    const told = this.#beating.then(() => this.#told(labels));
    this.#beating = told.catch(() => undefined); // the next beat comes all the same; whoever asked for this one hears of it
    return told;
  }

  async #told(labels: readonly Label[]): Promise<void> {
    try {
      const { may } = await this.permit();
      if (may.includes("send")) await this.#ways.seal(labels); // else policy allows reading here, and nothing more
      await this.#ways.carry();
      this.#trouble = null;
    } catch (error) {
      // Without consent, or room in storage, what was read and not yet sealed is gone; without a server it waits in storage.
      if (!(error instanceof MienError)) throw error;
      this.#trouble = error;
    }
  }
}
