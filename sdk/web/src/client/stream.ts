/** Labels on their way out: declared moods, and at a steady beat what the camera says. The twin of `mien/client/stream.py`. */

import { RENEW_BEFORE } from "../consent/index.ts";
import { ConsentMissing, RequestRefused, SealKeyExpired, SendError } from "../errors.ts";
import { LABEL_PURPOSES, MOOD_PURPOSE, trim } from "../label/index.ts";
import { envelope as sealed } from "../seal/index.ts";
import { ONCE, type Patience, PATIENT } from "../send/index.ts";
import { declared, type Expression, type Label, type Purpose } from "../values.ts";
import { accepted, envelope, parse } from "../wire/messages.ts";
import { check } from "../wire/slots.ts";
import type { Consents } from "./consents.ts";
import { type Desk, GONE, NOT_NOW } from "./desk.ts";
import type { Flushed } from "./found.ts";
import { Watching } from "./watching.ts";

const DEAD_KEY: readonly string[] = ["seal-key-expired", "seal-key-unknown"];
const UNWANTED: readonly string[] = ["envelope-replayed", "envelope-invalid", "request-invalid", ...DEAD_KEY];
const FAULT = 500;

export class Stream {
  readonly #desk: Desk;
  readonly #consents: Consents;

  constructor(desk: Desk, consents: Consents) {
    this.#desk = desk;
    this.#consents = consents;
  }

  /**
   * The person says how they feel: a label without any camera or model, for the purpose `declare_mood` alone. Sent with the next `flush`, which is tried at
   * once. Throws a `ConsentError`, or `LabelInvalid` for a word outside `EXPRESSIONS`.
   */
  async declare(mood: Expression, second: Expression | null): Promise<Label> {
    const said = declared(mood, this.#desk.seconds(), second);
    check(said);
    const person = await this.#desk.refresh();
    if (person !== null && person.purposes.length > 0 && !person.purposes.includes(MOOD_PURPOSE)) {
      throw new ConsentMissing("telling a mood has a purpose of its own; ask for consent to `declare_mood`");
    }
    await this.#consents.ready();
    await this.#seal([said], [MOOD_PURPOSE]);
    try {
      await this.flush(ONCE);
    } catch (error) {
      if (!(error instanceof SendError)) throw error; // it waits in storage
    }
    return said;
  }

  /** Labels of the camera, from now on; see `Watching`. Throws a `ConsentError` before anything is opened. */
  async watch(): Promise<Watching> {
    await this.#consents.ready();
    return Watching.begin(this.#desk, {
      seal: (labels) => this.#seal(labels, LABEL_PURPOSES),
      carry: async () => {
        const left = await this.#desk.remaining();
        if (left > 0 && left < RENEW_BEFORE) await this.#consents.ready();
        await this.flush(ONCE);
      },
    });
  }

  /** Trim, seal and queue. A beat without labels is an envelope like any other. */
  async #seal(labels: readonly Label[], wanted: readonly Purpose[]): Promise<void> {
    const desk = this.#desk;
    const capability = await desk.permit("send", ...wanted);
    const allowed = capability.purposes.filter((each) => wanted.includes(each));
    const trimmed = labels.map((each) => trim(each, allowed)).filter((each) => each !== null);
    const person = await desk.somebody();
    let day;
    try {
      day = await desk.dayKey();
    } catch (error) {
      if (!(error instanceof SealKeyExpired || error instanceof SendError)) throw error;
      await desk.keep.countLoss("no-seal-key", trimmed.length);
      return;
    }
    const number = await desk.keep.nextNumber();
    const from = { site: desk.site, subject: person.subject, device: person.sign.verifyKey.id, streamKey: person.streamKey };
    await desk.keep.put(number, await sealed(trimmed, number, desk.seconds(), from, day));
    if (await desk.withdrawn()) await desk.keep.purge(); // it was taken back while we sealed
  }

  // ---- the queue ----
  /**
   * Send what waits: first a withdrawal or erasure, then envelopes, oldest first. Throws a `SendError` and keeps everything when the server cannot be
   * reached, asks to wait or fails; a `ConsentError` when the server says that consent ended elsewhere, and then nothing waits any more.
   */
  async flush(patience: Patience = PATIENT): Promise<Flushed> {
    const { keep } = this.#desk;
    return this.#desk.alone(async () => {
      await this.#consents.settle(patience);
      let sent = 0;
      for (const number of await keep.queue()) if (await this.#sendOne(number, patience)) sent += 1;
      return { sent, waiting: (await keep.queue()).length, lost: await keep.losses() };
    });
  }

  async #sendOne(number: number, patience: Patience): Promise<boolean> {
    const value = await this.#desk.keep.envelope(number);
    if (value === null || (await this.#desk.withdrawn())) return false;
    try {
      await this.#desk.ask({ kind: "envelope", message: parse(envelope, value) }, accepted, patience);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      await this.#unsent(number, error);
      return false;
    }
    await this.#desk.keep.sent(number);
    return true;
  }

  async #unsent(number: number, error: RequestRefused): Promise<void> {
    if ([...GONE, ...NOT_NOW].includes(error.problem)) await this.#desk.ended(error);
    if (!UNWANTED.includes(error.problem) || error.status >= FAULT) throw error;
    // It can never arrive. It is not sealed again: nothing here could open it.
    await this.#desk.keep.lose(number, error.problem);
    if (DEAD_KEY.includes(error.problem)) await this.#desk.service(true);
  }
}
