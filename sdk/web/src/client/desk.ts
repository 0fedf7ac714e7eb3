/** The desk at which a client works: state in storage, the gate, and one server. The twin of `mien/client/desk.py`, without camera and models. */

import * as consent from "../consent/index.ts";
import type { May, Person, Stamp } from "../consent/index.ts";
import {
  CapabilityInvalid, ConsentMissing, ConsentRefused, KeepUnreadable, NoticeStale, RequestInvalid, RequestRefused, SealKeyExpired, ServerBusy, ServerUnreachable,
  SettingsError,
} from "../errors.ts";
import { IndexedShelf, Keep } from "../keep/index.ts";
import { LABEL_PURPOSES } from "../label/index.ts";
import { type DayKey, liveKey } from "../seal/index.ts";
import { ONCE, type Outbound, type Patience, PATIENT, Sender } from "../send/index.ts";
import { CONSENT_STATES, type ConsentState, type Purpose } from "../values.ts";
import type { Json } from "../wire/canonical.ts";
import { SigningKey, VerifyKey } from "../wire/keys.ts";
import { after, type Happening, stands } from "../wire/lifecycle.ts";
import { type Capability, type Notice, type Receipt, type Service, signedAnswer, SITE_ID } from "../wire/messages.ts";
import type { Shape } from "../wire/shapes.ts";
import { unverified } from "../wire/signatures.ts";
import type { ReceiptFile, Standing } from "./found.ts";
import { type Clock, type Entropy, type Options, privacySignal, systemClock, systemEntropy } from "./given.ts";

const SERVICE_SECONDS = 3600;
const NONCE_BYTES = 16;
const ID_CHARS = 8;
/** What the server says when no consent of this person stands there. */
export const GONE: readonly string[] = ["consent-missing", "consent-refused", "person-erased", "person-unknown"];
/** What it says to a device whose key was removed from the person's key set. */
export const REMOVED = "signature-invalid";
/** What it says when one stands and is not acted on: the law or the notice is another now. */
export const NOT_NOW: readonly string[] = ["policy-denied", "notice-stale"];
export const NOT_OURS =
  "this device was removed from the person's keys, so it stopped; withdraw or erase on another device or with the recovery code";

/** What every errand needs. */
export class Desk {
  readonly site: string;
  readonly trust: VerifyKey;
  readonly keep: Keep;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly gpc: boolean;
  /** What this device reads faces with, 0 for none. */
  readonly #model: number;
  /** Set after the first yes: show it once. */
  recoveryCode: string | null = null;
  /** The notice that was fetched last. */
  shown: Notice | null = null;
  readonly #place: string;
  #asked: ConsentState | null = null;
  #person: Person | null = null;
  #gate: consent.Gate | null = null;
  #service: Service | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: Options, trust: VerifyKey) {
    this.site = options.site;
    this.trust = trust;
    this.clock = options.clock ?? systemClock;
    this.entropy = options.entropy ?? systemEntropy;
    this.gpc = options.gpc ?? privacySignal();
    this.#model = options.model ?? 0;
    this.sender = new Sender(options.server, options.key, this.clock, this.entropy, options.transport);
    this.#place = `${options.site}-${trust.id.slice(0, ID_CHARS)}`;
    this.keep = new Keep(options.shelf ?? new IndexedShelf(), this.#place, this.entropy);
  }

  /** Throws `SettingsError` for a site, server or trust key that cannot be. Asks nobody and keeps nothing. */
  static async open(options: Options): Promise<Desk> {
    if (!SITE_ID.test(options.site)) throw new SettingsError("that is no site id; take it from `mien site list`");
    try {
      return new Desk(options, await VerifyKey.fromText(options.trust));
    } catch (cause) {
      if (!(cause instanceof RequestInvalid)) throw cause;
      throw new SettingsError("the trust key is no verification key; take it from `mien keys list`", { cause });
    }
  }

  // ---- one errand at a time ----
  /** `work`, while no other errand of this site runs, in this tab or another. Not to be nested. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    const next = this.#queue.then(() => (locks === undefined ? work() : locks.request(`mien ${this.#place}`, work)));
    this.#queue = next.catch(() => undefined);
    return next as Promise<T>;
  }

  // ---- the person and the gate ----
  /** The person as in storage now: another tab may have withdrawn a moment ago. */
  async refresh(): Promise<Person | null> {
    const value = await this.keep.person();
    this.#person = value === null ? null : await this.#personOf(value);
    const now = this.seconds();
    if (this.#person !== null && consent.ranOut(this.#person, now)) {
      await this.change((person) => (consent.ranOut(person, now) ? consent.expired(person) : person));
      await this.keep.purge();
    }
    return this.#person;
  }

  async #personOf(value: Json): Promise<Person> {
    try {
      const doc = consent.readPerson(value);
      const known = this.#person;
      const same = known !== null && known.sign.verifyKey.text() === doc.device;
      const sign = same ? known.sign : await this.#signing(doc.device);
      return await consent.personFrom(doc, sign);
    } catch (cause) {
      if (!(cause instanceof RequestInvalid)) throw cause;
      throw new KeepUnreadable("what is kept of the person is of another version; clear the site's storage to start afresh", { cause });
    }
  }

  async #signing(device: string): Promise<SigningKey> {
    const key = await VerifyKey.fromText(device);
    return SigningKey.kept(await this.keep.signing(key.id), key.public);
  }

  /** Change the person in storage, against other tabs; nothing where nobody is known. */
  async change(change: (person: Person) => Person): Promise<void> {
    await this.keep.changePerson(async (value) => (value === null ? null : consent.personJson(change(await this.#personOf(value)))));
    const value = await this.keep.person();
    this.#person = value === null ? null : await this.#personOf(value);
  }

  /** A fresh person of this device, in storage before the server hears of them; whoever was there first stays. */
  async begin(subject: string, recovery: string | null): Promise<Person> {
    const sign = await SigningKey.generate();
    const fresh = await consent.newPerson(this.site, subject, sign, this.entropy, recovery);
    const doc = consent.personJson({ ...fresh, state: await this.stateNow(null) });
    await this.keep.keepSigning(sign);
    await this.keep.changePerson((value) => Promise.resolve(value === null ? doc : null));
    const there = await this.somebody();
    await this.keep.onlySigning(there.sign.verifyKey.id);
    return there;
  }

  /** The capability to do `may` for one of these purposes, now; of its purposes only those that stand here. Throws a `ConsentError`. */
  async permit(may: May, ...wanted: readonly Purpose[]): Promise<Capability> {
    const person = await this.refresh();
    const gate = await this.#gateOf(person);
    if (person === null || gate === null) throw new ConsentMissing("the person has not said yes; show the notice and ask");
    stillStands(person);
    const found = gate.require(may, this.seconds(), this.clock.monotonic(), null, may === "infer" ? this.#model : null);
    const purposes = found.purposes.filter((each) => person.purposes.includes(each)); // the server may not have heard yet
    if (!wanted.some((each) => purposes.includes(each))) {
      throw new ConsentMissing("the person has not said yes to this purpose; show the notice and ask for it");
    }
    return { ...found, purposes };
  }

  /** Throws `CapabilityInvalid` when a capability in storage is not one that the trusted key gave this device. */
  async #gateOf(person: Person | null): Promise<consent.Gate | null> {
    if (person === null) {
      this.#gate = null;
      return null;
    }
    const device = person.sign.verifyKey.id;
    if (this.#gate === null || this.#gate.subject !== person.subject || this.#gate.device !== device) {
      this.#gate = new consent.Gate(this.trust, this.site, person.subject, device);
    }
    await this.#gate.admit(person.capability, this.seconds(), this.clock.monotonic());
    return this.#gate;
  }

  /** The model that a capability is asked for: what this device reads with when one of these purposes needs faces, else none. */
  model(purposes: readonly Purpose[]): number {
    return LABEL_PURPOSES.some((each) => purposes.includes(each)) ? this.#model : 0;
  }

  /** Whether the capability is for the model that this device reads with. */
  async ours(): Promise<boolean> {
    const person = await this.refresh();
    const gate = await this.#gateOf(person);
    return person === null || gate === null || gate.model === this.model(person.purposes);
  }

  /** Seconds that the capability has left; 0 for none, and for one that is forged. */
  async remaining(): Promise<number> {
    try {
      return (await this.#gateOf(await this.refresh()))?.remaining(this.seconds(), this.clock.monotonic()) ?? 0;
    } catch (error) {
      if (error instanceof CapabilityInvalid) return 0;
      throw error;
    }
  }

  /** Whether nothing may be done for anybody. */
  async withdrawn(): Promise<boolean> {
    const person = await this.refresh();
    return person === null || person.erasing || person.purposes.length === 0;
  }

  /** Shut the gate and drop what waits; `forever`: until the person says yes again. */
  async end(forever: boolean): Promise<void> {
    await this.change((person) => (forever ? over(person) : { ...person, capability: null, askAgain: true }));
    await this.keep.purge();
  }

  /** The server says that consent does not stand any more, or not for this device. Never returns. */
  async ended(error: RequestRefused): Promise<never> {
    const removed = error.problem === REMOVED;
    await this.end(removed || GONE.includes(error.problem));
    throw removed ? new ConsentMissing(NOT_OURS, { cause: error }) : consentError(error);
  }

  /** The person. Throws `ConsentMissing` where nobody is known. */
  async somebody(): Promise<Person> {
    const person = await this.refresh();
    if (person === null) throw new ConsentMissing("nobody is known on this device; say yes first, or `recover`");
    return person;
  }

  /** Now, in whole unix seconds. */
  seconds(): number {
    return Math.floor(this.clock.now());
  }

  stamp(): Stamp {
    return { at: this.seconds(), nonce: this.entropy(NONCE_BYTES) };
  }

  /** How things stand on this device; asks nobody. */
  async standing(): Promise<Standing> {
    const person = await this.refresh();
    const state = await this.stateNow(person);
    const [queue, lost, remaining] = [await this.keep.queue(), await this.keep.losses(), await this.remaining()];
    return {
      subject: person?.subject ?? null, purposes: person?.purposes ?? [], withdrawing: person?.withdrawing ?? [], erasing: person?.erasing ?? false,
      capabilitySeconds: Math.floor(remaining), waiting: queue.length, lost, state, expiresAt: person !== null && stands(state) ? person.expiresAt : 0,
      askAgain: person?.askAgain ?? false,
    };
  }

  /** The state of the consent: the person's, or how far asking went before there was one. */
  async stateNow(person: Person | null): Promise<ConsentState> {
    if (person !== null) return person.state;
    if (this.#asked !== null) return this.#asked;
    const kept = await this.keep.document("asked");
    return CONSENT_STATES.find((state) => state === kept) ?? "none";
  }

  /** What happened to the question, which no server hears of. Only an answer is written down: who was merely asked leaves no trace. */
  async happened(happening: Happening): Promise<void> {
    const person = await this.refresh();
    if (person !== null) {
      await this.change((one) => ({ ...one, state: after(one.state, happening), askAgain: one.askAgain && happening !== "refuse" }));
      return;
    }
    this.#asked = after(await this.stateNow(null), happening);
    if (happening !== "ask") await this.keep.keepDocument("asked", this.#asked);
  }

  /** Nobody was asked anything, as far as this device knows. */
  forgetAsked(): void {
    this.#asked = null;
  }

  // ---- the server ----
  ask<T extends Json>(outbound: Outbound, answer: Shape<T>, patience: Patience = PATIENT): Promise<T> {
    return this.sender.send(outbound, answer, patience);
  }

  /** Today's key of the server, as far as it is known here; `fresh`: asked anew. Throws `SealKeyExpired` or a `SendError`. */
  async dayKey(fresh = false): Promise<DayKey> {
    try {
      return liveKey(await this.service(fresh), this.seconds());
    } catch (error) {
      if (!(error instanceof SealKeyExpired) || fresh) throw error;
      return liveKey(await this.service(true), this.seconds());
    }
  }

  /** The verified description of the server: fetched when asked `fresh` or an hour old, else as remembered. */
  async service(fresh: boolean): Promise<Service> {
    const now = this.seconds();
    const known = this.#service ?? (await this.#keptService(now));
    if (known !== null && !fresh && now - known.at < SERVICE_SECONDS) return known;
    try {
      const answer = await this.ask({ kind: "service" }, signedAnswer, ONCE);
      this.#service = await consent.openService(answer.jws, this.trust, now);
      if ((await this.refresh()) !== null) await this.keep.keepDocument("service", answer.jws);
      return this.#service;
    } catch (error) {
      const away = error instanceof ServerUnreachable || error instanceof ServerBusy;
      if (!away || known === null || fresh) throw error;
      return known;
    }
  }

  async #keptService(now: number): Promise<Service | null> {
    const text = await this.keep.document("service");
    if (typeof text === "string") this.#service = await consent.openService(text, this.trust, now);
    return this.#service;
  }

  receipt(text: string, person: Person, statement: string): Promise<Receipt> {
    return consent.openReceipt(text, this.trust, this.site, person.subject, statement);
  }

  /** A capability's text, verified before it is kept. */
  async checked(text: string | null, person: Person): Promise<string | null> {
    if (text !== null) await consent.openCapability(text, this.trust, this.site, person.subject, person.sign.verifyKey.id);
    return text;
  }

  /** Keep a verified receipt with all that it takes to show and check it years later. */
  async keepReceipt(receipt: string, statement: string, signer: VerifyKey): Promise<void> {
    const said = unverified(statement)["notice_sha256"];
    const shown = this.shown !== null && (await consent.noticeHash(this.shown)) === said ? this.shown : null;
    const file: ReceiptFile = {
      v: 1, receipt, statement, notice: shown, server: this.sender.server, trust: this.trust.text(), signer: signer.text(),
    };
    await this.keep.keepReceipt({ ...file });
  }
}

/** The person after the server said that nothing stands there: taken back by another key of theirs, as far as anybody here knows. */
function over(person: Person): Person {
  return { ...person, capability: null, purposes: [], unanswered: [], state: after(person.state, "withdraw") };
}

function stillStands(person: Person): void {
  if (person.purposes.length > 0) return;
  if (person.state === "expired") throw new ConsentMissing("the consent ran out on its day; show the notice and ask again");
  if (person.state === "refused") throw new ConsentMissing("the person said no; nothing is done unless they say yes another time");
}

/** A problem that is about consent, as the leaf of that name. */
export function consentError(error: RequestRefused): Error {
  const more = { laws: error.laws, cause: error };
  if (error.problem === "notice-stale") return new NoticeStale(error.message, more);
  if (error.problem === "policy-denied" || error.problem === "consent-refused") return new ConsentRefused(error.message, more);
  return GONE.includes(error.problem) ? new ConsentMissing(error.message, more) : error;
}
