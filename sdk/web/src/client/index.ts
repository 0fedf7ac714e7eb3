/**
 * The device side, composed: the one place that knows the order of the rooms.
 *
 *     consent -> label -> seal -> send, with `keep` beside them
 *
 *     const client = await Client.open({ server: "https://mien.shop.example", site: "shop", key: "pk_...", trust: "..." });
 *     const notice = await client.notice("en"); // show all of it
 *     const receipt = await client.consent({ purposes: ["declare_mood"], claims: { jurisdictions: ["EU-DE"] } });
 *     await client.declare("joy");
 *     const ranking = await client.rank();
 *     await client.withdraw();
 */

import { type DeedKind, type Expression, type Help, type Label, type Lesson, PURPOSES, type Purpose, type Ranking } from "../values.ts";
import type { JsonObject } from "../wire/canonical.ts";
import type { Certificate, Notice, Receipt } from "../wire/messages.ts";
import { type Answer, Consents } from "./consents.ts";
import { Desk } from "./desk.ts";
import type { Flushed, HeldKey, Proof, ReceiptFile, Standing } from "./found.ts";
import type { Options } from "./given.ts";
import { Guardian, newGuardianCode } from "./guardian.ts";
import { type AskedHelp, Helping } from "./helping.ts";
import { Lessons } from "./lessons.ts";
import { KeySet } from "./keyset.ts";
import { type Asked, Rankings } from "./rankings.ts";
import { Rights } from "./rights.ts";
import { Stream } from "./stream.ts";
import type { Watching } from "./watching.ts";

export type { Answer } from "./consents.ts";
export type { Flushed, HeldKey, Proof, ReceiptFile, Standing } from "./found.ts";
export type { Clock, Entropy, Options } from "./given.ts";
export type { AskedHelp } from "./helping.ts";
export { Guardian, newGuardianCode } from "./guardian.ts";
export type { Asked } from "./rankings.ts";
export type { Watching } from "./watching.ts";

/** One site on one device. Touches neither network nor storage until asked; throws leaves of `MienError`. */
export class Client {
  readonly #desk: Desk;
  readonly #consents: Consents;
  readonly #stream: Stream;
  readonly #rankings: Rankings;
  readonly #helping: Helping;
  readonly #lessons: Lessons;
  readonly #rights: Rights;
  readonly #keys: KeySet;
  readonly #options: Options;

  private constructor(desk: Desk, options: Options) {
    this.#desk = desk;
    this.#options = options;
    this.#consents = new Consents(desk);
    this.#stream = new Stream(desk, this.#consents);
    this.#rankings = new Rankings(desk);
    this.#helping = new Helping(desk);
    this.#lessons = new Lessons(desk);
    this.#rights = new Rights(desk);
    this.#keys = new KeySet(desk, this.#consents, this.#rights);
  }

  /** Throws `SettingsError` for a server, site or trust key that cannot be. */
  static async open(options: Options): Promise<Client> {
    return new Client(await Desk.open(options), options);
  }

  /** After the first yes: the code that alone brings a person back, or has them erased. Show it once. */
  get recoveryCode(): string | null {
    return this.#desk.recoveryCode;
  }

  /** What the person must be shown, whole, before they answer. `consent` refers to the last one fetched. */
  notice(locale = "en"): Promise<Notice> {
    return this.#consents.notice(locale);
  }

  /** The person wants to answer another time. Nothing is sent. */
  defer(): Promise<void> {
    return this.#desk.happened("defer");
  }

  /** The person said no. Nothing is sent: a no costs nothing. A consent that stands is taken back with `withdraw`, not with this. */
  refuse(): Promise<void> {
    return this.#desk.happened("refuse");
  }

  /** Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt. Throws a `ConsentError`. */
  consent(answer: Answer): Promise<Receipt> {
    return this.#consents.consent(answer);
  }

  /** A guardian's side at this site, with their own code: nothing of it is kept, and nothing of who is known here is used. Throws `RequestInvalid`. */
  guardian(code: string): Promise<Guardian> {
    return Guardian.open({ ...this.#options, code });
  }

  /** A code for a guardian to write down. Kept nowhere. */
  newGuardianCode(): string {
    return newGuardianCode(this.#desk.entropy);
  }

  /** What a child's guardian must approve: give them this text, and their answer to `consent({ guardian })`. Nothing is sent. */
  guardianRequest(answer: Answer): Promise<string> {
    return this.#consents.guardianRequest(answer);
  }

  /** Take back these purposes, or all. In force here when this begins, online or not. May be called again. */
  withdraw(purposes: readonly Purpose[] = PURPOSES): Promise<Receipt | null> {
    return this.#consents.withdraw(purposes);
  }

  /** Have everything forgotten, here and there. Gives the first certificate, null while the server cannot be reached. */
  erase(): Promise<Certificate | null> {
    return this.#consents.erase();
  }

  /** The latest certificate of an erasure: `accepted`, later `completed`. */
  certificate(erasure: string): Promise<Certificate> {
    return this.#consents.certificate(erasure);
  }

  /** A certificate of this client as the server signed it (JWS): the text to keep. Null for any other. */
  signed(certificate: Certificate): string | null {
    return this.#consents.signed(certificate);
  }

  /** Join this device to the person whose recovery code this is. */
  recover(code: string): Promise<Receipt> {
    return this.#consents.recover(code);
  }

  /** A code with which one more device joins this person, once, within ten minutes. */
  linkCode(): Promise<string> {
    return this.#keys.linkCode();
  }

  /** Join this device to the person whose device made this link code. */
  join(code: string): Promise<Receipt> {
    return this.#keys.join(code);
  }

  /** The keys that speak for this person, as the server has them. */
  keySet(): Promise<readonly HeldKey[]> {
    return this.#keys.keySet();
  }

  /** The id of this device's own key, null where nobody is known. */
  async deviceId(): Promise<string | null> {
    return (await this.#desk.refresh())?.sign.verifyKey.id ?? null;
  }

  /** Remove the key of this id, such as a lost device's. */
  removeKey(key: string): Promise<Receipt> {
    return this.#keys.removeKey(key);
  }

  /** The person says how they feel: no camera, no model. Throws a `ConsentError` or `LabelInvalid`. */
  declare(mood: Expression, second: Expression | null = null): Promise<Label> {
    return this.#stream.declare(mood, second);
  }

  /**
   * Begin to take what a camera says: `permit` is asked before camera and models are touched and at every picture, `take` gets the labels, and `close` ends it.
   * Throws a `ConsentError`. Reading itself is `vision`'s.
   */
  watch(): Promise<Watching> {
    return this.#stream.watch();
  }

  /** Send what waits: first a withdrawal or erasure, then envelopes, oldest first. */
  flush(): Promise<Flushed> {
    return this.#stream.flush();
  }

  /** Offers in order: of the site's catalogue, or of `candidates`. The same endpoint, offers and prices with and without consent. */
  rank(asked: Asked = {}): Promise<Ranking> {
    return this.#rankings.rank(asked);
  }

  /** Tell what came of a ranking: `reward` 0..100 for the offer at `place`, or its kind: dismissal, view, cart, purchase. */
  reward(ranking: Pick<Ranking, "event">, place = 1, reward: number | DeedKind = 100): Promise<void> {
    return this.#rankings.reward(ranking.event, place, reward);
  }

  /** Whether a person is to be offered now: the same endpoint with and without consent. Offer it with equal buttons. */
  help(wanted: AskedHelp = {}): Promise<Help> {
    return this.#helping.help(wanted);
  }

  /** The next exercise, of these skills where any are named: the same endpoint with and without consent. */
  nextLesson(skills: readonly string[] = []): Promise<Lesson> {
    return this.#lessons.next(skills);
  }

  /** Say what was answered; whether the server keeps it. Where it does not, it stays in this page and goes along with the next request. */
  answer(lesson: Lesson | string, correct: boolean): Promise<boolean> {
    return this.#lessons.answer(typeof lesson === "string" ? lesson : lesson.item, correct);
  }

  /** Everything the server holds of the person, opened and verified here. */
  export(): Promise<JsonObject> {
    return this.#rights.export();
  }

  /** Say what the stored label `record` (an id among the export's `labels`) should have been. */
  correct(record: string, expression: Expression): Promise<void> {
    return this.#rights.correct(record, expression);
  }

  /** Verify that the decision behind a receipt or certificate is in the audit log. Waits at most `wait` seconds for it to be published. */
  proof(promised: Receipt | Certificate, wait = 5): Promise<Proof> {
    return this.#rights.proof(promised, wait);
  }

  /** How things stand on this device; asks nobody. */
  standing(): Promise<Standing> {
    return this.#desk.standing();
  }

  /** The receipts this device has, newest last, as files that `mien receipt verify` reads. Asks nobody. */
  async receipts(): Promise<readonly ReceiptFile[]> {
    return (await this.#desk.keep.receipts()) as unknown as readonly ReceiptFile[];
  }
}
