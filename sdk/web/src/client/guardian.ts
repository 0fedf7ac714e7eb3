/**
 * A guardian's side: approve what a child asks for, and withdraw, export or erase for them. Their own key, from their own code; nothing is kept. The twin
 * of `mien/client/guardian.py`.
 *
 *     const guardian = await Guardian.open({ server, site, key, trust, code });
 *     const notice = await guardian.notice(request); // show it, all of it, and the purposes that `read` names
 *     const answer = await guardian.approve(request); // give this text back to the child's device
 */

import * as consent from "../consent/index.ts";
import { ConsentMissing, NoticeStale } from "../errors.ts";
import { type Outbound, Sender } from "../send/index.ts";
import { PURPOSES, type Purpose } from "../values.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Json, JsonObject } from "../wire/canonical.ts";
import { OpenKey, SEED_BYTES, VerifyKey } from "../wire/keys.ts";
import {
  type Certificate, consentAnswer, type ErasureAnswer, erasureAnswer, exportAnswer, type GuardianRequest, type Notice, notice as noticeShape, type Receipt,
} from "../wire/messages.ts";
import type { Shape } from "../wire/shapes.ts";
import { type Clock, type Entropy, type Options, systemClock, systemEntropy } from "./given.ts";
import { opened } from "./rights.ts";

const NONCE_BYTES = 16;

/** A code for a guardian to write down: their keys come from it, another one for each child and site. Kept nowhere. */
export function newGuardianCode(entropy: Entropy = systemEntropy): string {
  return consent.newCode(entropy(consent.CODE_BYTES));
}

/** One guardian at one site. Touches no network until asked; throws leaves of `MienError`. */
export class Guardian {
  readonly site: string;
  readonly #sender: Sender;
  readonly #trust: VerifyKey;
  readonly #secret: Bytes;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #shown = new Set<string>();

  private constructor(options: Options, trust: VerifyKey, secret: Bytes) {
    this.site = options.site;
    this.#trust = trust;
    this.#secret = secret;
    this.#clock = options.clock ?? systemClock;
    this.#entropy = options.entropy ?? systemEntropy;
    this.#sender = new Sender(options.server, options.key, this.#clock, this.#entropy, options.transport);
  }

  /** `code` is the guardian's own, from `newGuardianCode`; the other options are a client's. Throws `RequestInvalid` or `SettingsError`. */
  static async open(options: Options & { readonly code: string }): Promise<Guardian> {
    return new Guardian(options, await VerifyKey.fromText(options.trust), consent.readCode(options.code));
  }

  // ---- approving ----
  /** What a child's device asks for: `purposes`, the `age_band` that was declared, `subject` and more. Throws `RequestInvalid`. */
  read(request: string): GuardianRequest {
    return consent.readRequest(request, this.site);
  }

  /** The notice that the child was shown, for the guardian to read. Throws `NoticeStale` when it changed meanwhile. */
  async notice(request: string): Promise<Notice> {
    const asked = this.read(request);
    const found = await this.#ask({ kind: "notice", site: this.site, locale: asked.locale }, noticeShape);
    if ((await consent.noticeHash(found)) !== asked.notice_sha256) {
      throw new NoticeStale("the notice changed since the child was shown it; show it to the child again and make a new request");
    }
    this.#shown.add(asked.notice_sha256);
    return found;
  }

  /** The guardian's yes to exactly this request, as text for the child's device; good for a day. Sends nothing. Throws `ConsentMissing` before `notice`. */
  async approve(request: string): Promise<string> {
    const asked = this.read(request);
    if (!this.#shown.has(asked.notice_sha256)) {
      throw new ConsentMissing("the guardian was not shown the notice; call `notice`, show all of it, then ask");
    }
    return consent.approve(asked, this.#secret, this.#stamp());
  }

  // ---- acting for the child ----
  /** Take back a child's consent, to all purposes or these. The child's devices stop when they next ask the server, within five minutes. */
  async withdraw(subject: string, purposes: readonly Purpose[] = PURPOSES): Promise<Receipt> {
    const jws = await consent.withdraw(await this.#voice(subject), this.#stamp(), purposes);
    const answer = await this.#ask({ kind: "statement", jws }, consentAnswer);
    return consent.openReceipt(answer.receipt, this.#trust, this.site, subject, jws);
  }

  /** Everything the server holds of the child, opened here, with the server's `signature`. */
  async export(subject: string): Promise<JsonObject> {
    const voice = await this.#voice(subject);
    const jws = await consent.askExport(voice, this.#stamp());
    return opened(await this.#ask({ kind: "statement", jws }, exportAnswer), voice, this.#trust);
  }

  /** Have everything about the child forgotten. Gives the first certificate; `certificate` gives the completed one later. */
  async erase(subject: string): Promise<Certificate> {
    const jws = await consent.erase(await this.#voice(subject), this.#stamp());
    return this.#certificate(await this.#ask({ kind: "statement", jws }, erasureAnswer));
  }

  /** The latest certificate of an erasure: `accepted`, later `completed`. */
  async certificate(erasure: string): Promise<Certificate> {
    return this.#certificate(await this.#ask({ kind: "certificate", erasure }, erasureAnswer));
  }

  #certificate(answer: ErasureAnswer): Promise<Certificate> {
    return consent.openCertificate(answer.certificate, this.#trust, this.site, answer.erasure);
  }

  async #voice(subject: string): Promise<consent.Speaker> {
    const sign = await consent.guardianKey(this.#secret, this.site, subject);
    return { site: this.site, subject, sign, seal: await OpenKey.fromSeed(this.#entropy(SEED_BYTES)) };
  }

  #ask<T extends Json>(outbound: Outbound, answer: Shape<T>): Promise<T> {
    return this.#sender.send(outbound, answer);
  }

  #stamp(): consent.Stamp {
    return { at: Math.floor(this.#clock.now()), nonce: this.#entropy(NONCE_BYTES) };
  }
}
