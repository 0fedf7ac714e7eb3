/** Labels on their way out: declared moods today. The twin of `mien/client/stream.py` without a camera. */

import { ConsentMissing, RequestRefused, SealKeyExpired, SendError } from "../errors.ts";
import { MOOD_PURPOSE, trim } from "../label/index.ts";
import { envelope as sealed } from "../seal/index.ts";
import { ONCE, type Patience, PATIENT } from "../send/index.ts";
import { declared, type Expression, type Label } from "../values.ts";
import { accepted, envelope, parse } from "../wire/messages.ts";
import { check } from "../wire/slots.ts";
import type { Consents } from "./consents.ts";
import { type Desk, GONE, NOT_NOW } from "./desk.ts";
import type { Flushed } from "./found.ts";

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
    await this.#seal(said);
    try {
      await this.flush(ONCE);
    } catch (error) {
      if (!(error instanceof SendError)) throw error; // it waits in storage
    }
    return said;
  }

  /** Trim, seal and queue. */
  async #seal(label: Label): Promise<void> {
    const desk = this.#desk;
    const capability = await desk.permit("send", MOOD_PURPOSE);
    const small = trim(label, capability.purposes);
    if (small === null) return;
    const person = await desk.somebody();
    let day;
    try {
      day = await desk.dayKey();
    } catch (error) {
      if (!(error instanceof SealKeyExpired || error instanceof SendError)) throw error;
      await desk.keep.countLoss("no-seal-key", 1);
      return;
    }
    const number = await desk.keep.nextNumber();
    const from = { site: desk.site, subject: person.subject, device: person.sign.verifyKey.id, streamKey: person.streamKey };
    await desk.keep.put(number, await sealed([small], number, desk.seconds(), from, day));
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
