/** What a person says, as signed statements. Each takes a `Stamp` (time and nonce), so that nothing here reads a clock or randomness. */
import type { Claims, Label, Purpose, Release } from "../values.ts";
import { type Bytes } from "../wire/bytes.ts";
import type { JsonObject } from "../wire/canonical.ts";
import { type SealKey, type SigningKey, type VerifyKey } from "../wire/keys.ts";
import { type Notice } from "../wire/messages.ts";
import type { Person } from "./person.ts";
/** When something was said: unix seconds, and 16 random bytes against replay. */
export interface Stamp {
    readonly at: number;
    readonly nonce: Bytes;
}
/** What the person said yes to, having seen `notice`, and how; `method` is such as `screen`. */
export interface Yes {
    readonly notice: Notice;
    readonly purposes: readonly Purpose[];
    readonly claims: Claims;
    readonly method: string;
    readonly renewal: boolean;
    readonly release: Release | null;
}
/** A key of the server and its id. */
export interface ServerKey {
    readonly kid: string;
    readonly key: SealKey;
}
/** The consent statement (GDPR 7(1)). `server` is what the stream key is sealed to. Throws `RequestInvalid`. */
export declare function consent(person: Person, stamp: Stamp, yes: Yes, server: ServerKey, recovery: VerifyKey | null): Promise<string>;
/** The device's key as a key set holds it: its two public keys, and its stream key sealed to the server. */
export declare function deviceKey(person: Person, server: ServerKey): Promise<JsonObject>;
/** Takes back these purposes (GDPR 7(3): as easy as giving). */
export declare function withdraw(person: Person, stamp: Stamp, purposes: readonly Purpose[]): Promise<string>;
/** Asks what this device may do now. */
export declare function askCapability(person: Person, stamp: Stamp): Promise<string>;
/** Asks for everything held (GDPR 15 and 20), sealed to who asks. */
export declare function askExport(person: Person, stamp: Stamp): Promise<string>;
/** Says what a stored label should have been (GDPR 16), sealed to the server's key. */
export declare function correct(person: Person, stamp: Stamp, record: string, label: Label, server: ServerKey): Promise<string>;
/** Asks to be forgotten (GDPR 17). */
export declare function erase(person: Person, stamp: Stamp): Promise<string>;
/** Adds this device to the key set of its subject, signed by a key already in it, such as a recovery code's. */
export declare function join(person: Person, stamp: Stamp, server: ServerKey, known: SigningKey): Promise<string>;
