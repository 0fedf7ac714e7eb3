/** What a device knows of its person: keys, consent as it stands, and what is still to be told to the server. Stored by `keep`, encrypted. */
import { type ConsentState, type Purpose } from "../values.ts";
import { type Bytes } from "../wire/bytes.ts";
import type { JsonObject } from "../wire/canonical.ts";
import { OpenKey, type SigningKey } from "../wire/keys.ts";
import { type Of } from "../wire/shapes.ts";
export declare const STREAM_KEY_BYTES = 32;
/**
 * One person on one device at one site. `purposes` are those that stand, in a consent whose life `wire/lifecycle` tells: `state`, and `expiresAt` (unix
 * seconds, 0 for none) when it ends by itself. `askAgain`: it ended, or the server stopped acting on it, without a no of the person. `unanswered` are
 * purposes of a yes whose answer never came. `withdrawing` and `erasing` are in force here and not confirmed yet. `recovery` is the recovery code until
 * the first yes is confirmed, so that an answer lost on the way does not lose the code; then null.
 */
export interface Person {
    readonly site: string;
    readonly subject: string;
    readonly sign: SigningKey;
    readonly seal: OpenKey;
    readonly streamKey: Bytes;
    readonly purposes: readonly Purpose[];
    readonly state: ConsentState;
    readonly expiresAt: number;
    readonly askAgain: boolean;
    readonly unanswered: readonly Purpose[];
    readonly receipt: string | null;
    readonly capability: string | null;
    readonly withdrawing: readonly Purpose[];
    readonly erasing: boolean;
    readonly recovery: string | null;
}
declare const shape: import("../wire/shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly device: string;
    readonly seed: string;
    readonly stream_key: string;
    readonly purposes: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly state: "deferred" | "expired" | "given" | "invalidated" | "none" | "refused" | "renewed" | "requested" | "revoked" | "withdrawn";
    readonly expires_at: number;
    readonly ask_again: boolean;
    readonly unanswered: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly receipt: string | null;
    readonly capability: string | null;
    readonly withdrawing: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly erasing: boolean;
    readonly recovery: string | null;
}>;
/** A person as it is kept, but for the signing key, which WebCrypto holds: `device` is its public half. */
export type PersonDoc = Of<typeof shape>;
/** A person with fresh device keys and no consent yet. `recovery` is the code that the subject id comes from. */
export declare function newPerson(site: string, subject: string, sign: SigningKey, entropy: (size: number) => Bytes, recovery: string | null): Promise<Person>;
/** Whether the consent ended by itself before `now`, and nobody has written that down yet. */
export declare function ranOut(person: Person, now: number): boolean;
/** The person after their consent ran out. */
export declare function expired(person: Person): Person;
/** The person with these purposes taken back, in force and to be told; no capability outlives a withdrawal. */
export declare function without(person: Person, purposes: readonly Purpose[]): Person;
/** As a JSON value with secrets in it: only ever for encrypted storage. */
export declare function personJson(person: Person): PersonDoc & JsonObject;
/** The kept form, checked. Throws `RequestInvalid`. */
export declare function readPerson(value: unknown): PersonDoc;
/** What `personJson` wrote, with the key that signs. Throws `RequestInvalid`. */
export declare function personFrom(doc: PersonDoc, sign: SigningKey): Promise<Person>;
export {};
