/** From the notice to erasure. A no is in force here before the server hears of it. The twin of `mien/client/consents.py`. */

import * as consent from "../consent/index.ts";
import type { Person, Yes } from "../consent/index.ts";
import { ConsentMissing, ConsentRefused, RequestInvalid, RequestRefused, SendError, ServerAnswerInvalid, ServerBusy, ServerUnreachable } from "../errors.ts";
import { ONCE, type Patience, PATIENT } from "../send/index.ts";
import { type Claims, PURPOSES, type Purpose, type Release } from "../values.ts";
import type { SigningKey, VerifyKey } from "../wire/keys.ts";
import { after, stands } from "../wire/lifecycle.ts";
import {
  capabilityAnswer, type Certificate, consentAnswer, type ErasureAnswer, erasureAnswer, type Notice, notice as noticeShape, type Receipt,
} from "../wire/messages.ts";
import { consentError, type Desk, GONE, NOT_NOW, NOT_OURS, REMOVED } from "./desk.ts";

/** From here on an HTTP status says nothing of whether a statement was taken. */
const FAULT = 500;

/** A yes, as the person gave it. `method` says how (`screen`). `renewal` prolongs a consent that stands. */
export interface Answer {
  readonly purposes: readonly Purpose[];
  readonly claims: Claims;
  readonly method?: string;
  readonly renewal?: boolean;
  readonly release?: Release;
  /** What a `Guardian` answered to `guardianRequest`. */
  readonly guardian?: string;
  /** The word of the site's verifier about that guardian, where the law wants one. */
  readonly verification?: string;
}

/** Asking, answering, taking back, being forgotten. */
export class Consents {
  readonly #desk: Desk;
  readonly #signed = new WeakMap<Certificate, string>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  // ---- the question ----
  /** What the person must be shown, whole, before they answer. Where there is none in the language asked for it is English. */
  async notice(locale: string): Promise<Notice> {
    const found = await this.#desk.ask({ kind: "notice", site: this.#desk.site, locale }, noticeShape);
    if (found.site !== this.#desk.site) throw new ServerAnswerInvalid("the server sent another site's notice; check the site id");
    this.#desk.shown = found;
    await this.#desk.happened("ask");
    return found;
  }

  // ---- the answer ----
  /**
   * Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt. Throws `ConsentMissing` before
   * `notice` and for a renewal of what does not stand, `NoticeStale`, and `ConsentRefused` naming the law.
   */
  async consent(answer: Answer): Promise<Receipt> {
    const desk = this.#desk;
    if (desk.shown === null) throw new ConsentMissing("no notice was fetched; call `notice`, show all of it, then ask");
    if (answer.purposes.length === 0) {
      throw new RequestInvalid("a no needs no statement; name at least one purpose that the person said yes to");
    }
    const yes: Yes = {
      notice: desk.shown, purposes: answer.purposes, claims: { ...answer.claims, gpc: (answer.claims.gpc ?? false) || desk.gpc },
      method: answer.method ?? "screen", renewal: answer.renewal ?? false, release: answer.release ?? null,
    };
    return desk.alone(async () => {
      await this.settle(PATIENT);
      const person = await this.#beginning(yes);
      const stamp = desk.stamp();
      const guardian = await countersigned(answer, person, yes, stamp.at);
      if (person.purposes.length === 0) await desk.keep.purge(); // nothing from before this yes may go out under it
      const statement = await consent.consent(person, stamp, { ...yes, guardian }, await desk.dayKey(true), await recoveryOf(person), desk.model(yes.purposes));
      return this.#consented(person, yes, statement);
    });
  }

  /** What a child's guardian must approve before `consent` with their answer. Nothing is sent. Throws `ConsentMissing` before `notice`. */
  async guardianRequest(answer: Answer): Promise<string> {
    const desk = this.#desk;
    const notice = desk.shown;
    if (notice === null) throw new ConsentMissing("no notice was fetched; call `notice`, show all of it, then ask");
    const yes: Yes = { notice, purposes: answer.purposes, claims: answer.claims, method: "screen", renewal: false, release: null };
    return desk.alone(async () => consent.guardianRequest(await this.#beginning(yes), wanted(yes)));
  }

  /** The person as known, or a new one; in storage before the server hears of them. */
  async #beginning(yes: Yes): Promise<Person> {
    const desk = this.#desk;
    const person = await desk.refresh();
    if (yes.renewal) after(await desk.stateNow(person), "renew"); // throws unless it stands
    if (person !== null) return person;
    const code = consent.newCode(desk.entropy(consent.CODE_BYTES));
    return desk.begin(await consent.subjectOf(consent.readCode(code)), code);
  }

  async #consented(person: Person, yes: Yes, statement: string): Promise<Receipt> {
    const desk = this.#desk;
    // Until an answer comes the server may have heard the yes: then `withdraw` takes it back all the same.
    await desk.change((one) => ({ ...one, unanswered: yes.purposes }));
    const answer = await this.#told(statement);
    const receipt = await desk.receipt(answer.receipt, person, statement);
    const capability = await desk.checked(answer.capability, person);
    await desk.keepReceipt(answer.receipt, statement, person.sign.verifyKey);
    if (receipt.outcome !== "given" && receipt.outcome !== "renewed") {
      await desk.change((one) => refused(one, answer.receipt, receipt));
      throw new ConsentRefused(wordsOf(receipt), { laws: receipt.laws });
    }
    await desk.change((one) => granted(one, answer.receipt, receipt, capability));
    desk.recoveryCode = person.recovery ?? desk.recoveryCode;
    return receipt;
  }

  async #told(statement: string): Promise<{ readonly receipt: string; readonly capability: string | null }> {
    try {
      return await this.#desk.ask({ kind: "statement", jws: statement }, consentAnswer);
    } catch (error) {
      if (!(error instanceof RequestRefused)) throw error;
      const stale = error.problem === "notice-stale";
      if (error.status < FAULT) {
        // The server did not take the yes. Under a notice that changed, what stood before is not acted on either.
        await this.#desk.change((one) => ({ ...one, unanswered: [], askAgain: one.askAgain || (stale && stands(one.state)) }));
      }
      throw consentError(error);
    }
  }

  // ---- withdrawal ----
  /**
   * Take back these purposes. In force here when this begins, online or not: waiting labels are gone. Gives the server's receipt, the last one when there
   * was nothing to do, or null: there never was a consent, or the server cannot be reached and the withdrawal waits and goes out first (`flush`).
   */
  async withdraw(purposes: readonly Purpose[]): Promise<Receipt | null> {
    const desk = this.#desk;
    if (purposes.length === 0 || purposes.some((each) => !PURPOSES.includes(each))) {
      throw new RequestInvalid(`a withdrawal names purposes such as \`${PURPOSES[0]}\`, or none for all of them`);
    }
    const person = await desk.refresh();
    if (person === null) return null;
    if ([...person.purposes, ...person.unanswered].some((each) => purposes.includes(each))) {
      await desk.change((one) => consent.without(one, purposes));
      await desk.keep.purge();
    }
    return desk.alone(async () => {
      try {
        return (await this.#sendWithdrawal(PATIENT)) ?? (await this.#lastWithdrawal());
      } catch (error) {
        if (away(error)) return null;
        throw error;
      }
    });
  }

  async #lastWithdrawal(): Promise<Receipt | null> {
    const person = await this.#desk.refresh();
    if (person === null || person.receipt === null) return null;
    const found = await consent.openReceipt(person.receipt, this.#desk.trust, this.#desk.site, person.subject);
    return found.outcome === "withdrawn" || found.outcome === "revoked" ? found : null;
  }

  async #sendWithdrawal(patience: Patience): Promise<Receipt | null> {
    const desk = this.#desk;
    const person = await desk.refresh();
    if (person === null || person.withdrawing.length === 0) return null;
    const taken = person.withdrawing;
    const jws = await consent.withdraw(person, desk.stamp(), taken);
    const answer = await this.#saidAway(jws, patience);
    if (answer === null) return null;
    const receipt = await desk.receipt(answer.receipt, person, jws);
    const capability = await desk.checked(answer.capability, person);
    await desk.keepReceipt(answer.receipt, jws, person.sign.verifyKey);
    await desk.change((one) => ({
      ...one,
      receipt: answer.receipt,
      // A capability for what was taken back meanwhile is worth nothing.
      capability: one.purposes.length > 0 && same(one.purposes, person.purposes) ? capability : null,
      withdrawing: one.withdrawing.filter((each) => !taken.includes(each)),
    }));
    return receipt;
  }

  /** The server's answer to a withdrawal, null when nothing stood there any more. */
  async #saidAway(jws: string, patience: Patience): Promise<{ readonly receipt: string; readonly capability: string | null } | null> {
    try {
      return await this.#desk.ask({ kind: "statement", jws }, consentAnswer, patience);
    } catch (error) {
      if (!(error instanceof RequestRefused) || ![...GONE, REMOVED].includes(error.problem)) throw error;
      await this.#desk.change((one) => ({ ...one, withdrawing: [] }));
      // It may stand there for other devices: that must be told.
      if (error.problem === REMOVED) throw new ConsentMissing(NOT_OURS, { cause: error });
      return null;
    }
  }

  // ---- erasure ----
  /**
   * Have everything forgotten, here and there. Gives the first certificate; null while the server cannot be reached: everything here has stopped, only the
   * keys that sign the request wait in storage (`flush`).
   */
  async erase(): Promise<Certificate | null> {
    const desk = this.#desk;
    if ((await desk.refresh()) === null) throw new ConsentMissing("nobody is known on this device; with a recovery code, `recover` first");
    await desk.change((one) => ({ ...consent.without(one, PURPOSES), withdrawing: [], unanswered: [], erasing: true }));
    await desk.keep.purge();
    return desk.alone(async () => {
      try {
        return await this.#sendErasure(PATIENT);
      } catch (error) {
        if (away(error)) return null;
        throw error;
      }
    });
  }

  async #sendErasure(patience: Patience): Promise<Certificate | null> {
    const desk = this.#desk;
    const person = await desk.refresh();
    if (person === null || !person.erasing) return null;
    let certificate: Certificate | null = null;
    let removed: RequestRefused | null = null;
    try {
      const jws = await consent.erase(person, desk.stamp());
      certificate = await this.opened(await desk.ask({ kind: "statement", jws }, erasureAnswer, patience));
    } catch (error) {
      if (!(error instanceof RequestRefused) || ![...GONE, REMOVED].includes(error.problem)) throw error;
      removed = error.problem === REMOVED ? error : null;
    }
    await desk.keep.forget();
    desk.recoveryCode = null;
    desk.forgetAsked();
    await desk.refresh();
    if (removed !== null) throw new ConsentMissing(NOT_OURS, { cause: removed }); // everything here is gone, and nothing there
    return certificate;
  }

  /** The latest certificate of an erasure: `accepted`, later `completed`. Needs no key. */
  async certificate(erasure: string): Promise<Certificate> {
    return this.opened(await this.#desk.ask({ kind: "certificate", erasure }, erasureAnswer));
  }

  /** A certificate, verified. */
  async opened(answer: ErasureAnswer): Promise<Certificate> {
    const found = await consent.openCertificate(answer.certificate, this.#desk.trust, this.#desk.site, answer.erasure);
    this.#signed.set(found, answer.certificate);
    return found;
  }

  /** A certificate as the server signed it: the text to keep. Null for one that did not come from here. */
  signed(certificate: Certificate): string | null {
    return this.#signed.get(certificate) ?? null;
  }

  // ---- meanwhile ----
  /** The server hears of withdrawals and erasures before anything else. */
  async settle(patience: Patience): Promise<void> {
    await this.#sendWithdrawal(patience);
    await this.#sendErasure(patience);
  }

  /** Before anything begins: a capability that has time left, renewed if the server can be reached. */
  async ready(): Promise<void> {
    const desk = this.#desk;
    if ((await desk.withdrawn()) || ((await desk.remaining()) >= consent.RENEW_BEFORE && (await desk.ours()))) return;
    try {
      await desk.alone(() => this.#renew(ONCE));
    } catch (error) {
      if (!(error instanceof SendError) || (await desk.remaining()) <= 0) throw error;
    }
  }

  async #renew(patience: Patience): Promise<void> {
    const desk = this.#desk;
    if (await desk.withdrawn()) return;
    const person = await desk.somebody();
    const jws = await consent.askCapability(person, desk.stamp(), desk.model(person.purposes));
    try {
      const answer = await desk.ask({ kind: "statement", jws }, capabilityAnswer, patience);
      const capability = await desk.checked(answer.capability, person);
      // A withdrawal that came meanwhile wins: nothing may open the gate behind it.
      await desk.change((one) => (same(one.purposes, person.purposes) ? { ...one, capability, askAgain: false } : one));
    } catch (error) {
      if (error instanceof RequestRefused && [...GONE, ...NOT_NOW, REMOVED].includes(error.problem)) await desk.ended(error);
      throw error;
    }
  }

  // ---- all of it back ----
  /** Join this device to the person whose recovery code this is. Nobody may be known here yet. Throws `ConsentMissing` for a code of nobody. */
  async recover(code: string): Promise<Receipt> {
    const secret = consent.readCode(code);
    return this.joinAs(await consent.subjectOf(secret), await consent.recoveryKey(secret));
  }

  /** Join this device to `subject`, by a key that may add one. Nobody may be known here yet. */
  async joinAs(subject: string, known: SigningKey): Promise<Receipt> {
    const desk = this.#desk;
    return desk.alone(async () => {
      if ((await desk.refresh()) !== null) throw new RequestInvalid("this device already has a person; erase them first");
      const person = await desk.begin(subject, null);
      try {
        const jws = await consent.join(person, desk.stamp(), await desk.dayKey(true), known);
        const answer = await desk.ask({ kind: "statement", jws }, consentAnswer);
        const receipt = await desk.receipt(answer.receipt, person, jws);
        const capability = await desk.checked(answer.capability, person);
        await desk.keepReceipt(answer.receipt, jws, known.verifyKey);
        await desk.change((one) => joined(one, answer.receipt, receipt, capability));
        return receipt;
      } catch (error) {
        await desk.keep.forget(); // the server knows nothing of this device
        await desk.refresh();
        throw error instanceof RequestRefused ? consentError(error) : error;
      }
    });
  }
}

function away(error: unknown): boolean {
  return error instanceof ServerUnreachable || error instanceof ServerBusy;
}

function same(one: readonly Purpose[], other: readonly Purpose[]): boolean {
  return one.length === other.length && one.every((each, place) => each === other[place]);
}

/** The person as the receipt leaves them. What was taken back while the server answered stays taken back. */
function granted(person: Person, text: string, receipt: Receipt, capability: string | null): Person {
  const given: Person = { ...joined(person, text, receipt, capability), askAgain: false, unanswered: [], recovery: null };
  const taken = person.erasing ? PURPOSES : person.withdrawing;
  return taken.length > 0 ? consent.without(given, taken) : given;
}

function joined(person: Person, text: string, receipt: Receipt, capability: string | null): Person {
  const purposes = stands(receipt.outcome) ? receipt.purposes : [];
  return { ...person, receipt: text, purposes, state: receipt.outcome, expiresAt: receipt.expires_at, capability };
}

/** The person after policy said no. `receipt.purposes` are those of an earlier yes, which stands as it was and can still be taken back. */
function refused(person: Person, text: string, receipt: Receipt): Person {
  const purposes = receipt.purposes.filter((each) => !person.withdrawing.includes(each));
  const state = after(person.state, "refuse");
  return {
    ...person, receipt: text, purposes, unanswered: [],
    state: purposes.length > 0 && !stands(state) ? "given" : state,
    expiresAt: purposes.length > 0 ? receipt.expires_at : person.expiresAt,
  };
}

/** The guardian's part of a yes, checked, where there is one. */
async function countersigned(answer: Answer, person: Person, yes: Yes, now: number): Promise<NonNullable<Yes["guardian"]> | null> {
  if (answer.guardian === undefined) return null;
  return consent.readAnswer(answer.guardian, person, wanted(yes), now, answer.verification ?? null);
}

function wanted(yes: Yes): consent.Wanted {
  return { notice: yes.notice, purposes: yes.purposes, ageBand: yes.claims.age_band ?? "undeclared" };
}

async function recoveryOf(person: Person): Promise<VerifyKey | null> {
  return person.recovery === null ? null : (await consent.recoveryKey(consent.readCode(person.recovery))).verifyKey;
}

/** Why nothing was granted: in one breath, or by purpose where they were refused for different reasons. */
function wordsOf(receipt: Receipt): string {
  const reasons = new Set(receipt.refused.map((each) => each.says.join("\n")));
  if (reasons.size > 1) return receipt.refused.map((each) => `${each.purpose}: ${each.says.join(" ") || "refused."}`).join(" ");
  return receipt.says.join(" ") || "the server's policy refused this consent";
}
