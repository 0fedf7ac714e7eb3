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
import { type Expression, type Label, type Purpose, type Ranking } from "../values.ts";
import type { JsonObject } from "../wire/canonical.ts";
import type { Certificate, Notice, Receipt } from "../wire/messages.ts";
import { type Answer } from "./consents.ts";
import type { Flushed, Proof, ReceiptFile, Standing } from "./found.ts";
import type { Options } from "./given.ts";
import { type Asked } from "./rankings.ts";
export type { Answer } from "./consents.ts";
export type { Flushed, Proof, ReceiptFile, Standing } from "./found.ts";
export type { Clock, Entropy, Options } from "./given.ts";
export type { Asked } from "./rankings.ts";
/** One site on one device. Touches neither network nor storage until asked; throws leaves of `MienError`. */
export declare class Client {
    #private;
    private constructor();
    /** Throws `SettingsError` for a server, site or trust key that cannot be. */
    static open(options: Options): Promise<Client>;
    /** After the first yes: the code that alone brings a person back, or has them erased. Show it once. */
    get recoveryCode(): string | null;
    /** What the person must be shown, whole, before they answer. `consent` refers to the last one fetched. */
    notice(locale?: string): Promise<Notice>;
    /** The person wants to answer another time. Nothing is sent. */
    defer(): Promise<void>;
    /** The person said no. Nothing is sent: a no costs nothing. A consent that stands is taken back with `withdraw`, not with this. */
    refuse(): Promise<void>;
    /** Tell the server that the person, having seen the notice, said yes to these purposes. Gives the verified receipt. Throws a `ConsentError`. */
    consent(answer: Answer): Promise<Receipt>;
    /** Take back these purposes, or all. In force here when this begins, online or not. May be called again. */
    withdraw(purposes?: readonly Purpose[]): Promise<Receipt | null>;
    /** Have everything forgotten, here and there. Gives the first certificate, null while the server cannot be reached. */
    erase(): Promise<Certificate | null>;
    /** The latest certificate of an erasure: `accepted`, later `completed`. */
    certificate(erasure: string): Promise<Certificate>;
    /** Join this device to the person whose recovery code this is. */
    recover(code: string): Promise<Receipt>;
    /** The person says how they feel: no camera, no model. Throws a `ConsentError` or `LabelInvalid`. */
    declare(mood: Expression, second?: Expression | null): Promise<Label>;
    /** Send what waits: first a withdrawal or erasure, then envelopes, oldest first. */
    flush(): Promise<Flushed>;
    /** Offers in order: of the site's catalogue, or of `candidates`. The same endpoint, offers and prices with and without consent. */
    rank(asked?: Asked): Promise<Ranking>;
    /** Tell what came of a ranking: `reward` 0..100 for the offer at `place`. */
    reward(ranking: Ranking, place?: number, reward?: number): Promise<void>;
    /** Everything the server holds of the person, opened and verified here. */
    export(): Promise<JsonObject>;
    /** Say what the stored label `record` (an id among the export's `labels`) should have been. */
    correct(record: string, expression: Expression): Promise<void>;
    /** Verify that the decision behind a receipt or certificate is in the audit log. Waits at most `wait` seconds for it to be published. */
    proof(promised: Receipt | Certificate, wait?: number): Promise<Proof>;
    /** How things stand on this device; asks nobody. */
    standing(): Promise<Standing>;
    /** The receipts this device has, newest last, as files that `mien receipt verify` reads. Asks nobody. */
    receipts(): Promise<readonly ReceiptFile[]>;
}
