/**
 * Signed statements: JWS compact (RFC 7515) with Ed25519 (RFC 9864), one kind each, over canonical JSON: the twin of `mien/wire/signatures.py`.
 *
 * The kind stands in the protected header as `typ`, so that a signature made for one purpose is worth nothing for another.
 */
import { type JsonObject } from "./canonical.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";
export declare const ALGORITHM = "Ed25519";
export declare const MAX_CHARS: number;
/** What a signed statement is. The words are part of the wire format. */
export declare const KINDS: {
    readonly CONSENT: "mien-consent+jws";
    readonly WITHDRAWAL: "mien-withdrawal+jws";
    readonly CAPABILITY_REQUEST: "mien-capability-request+jws";
    readonly KEY_CHANGE: "mien-key-change+jws";
    readonly KEY_POSSESSION: "mien-key-possession+jws";
    readonly EXPORT_REQUEST: "mien-export-request+jws";
    readonly CORRECTION: "mien-correction+jws";
    readonly ERASURE: "mien-erasure+jws";
    readonly SERVICE: "mien-service+jws";
    readonly RECEIPT: "mien-receipt+jws";
    readonly CAPABILITY: "mien-capability+jws";
    readonly CERTIFICATE: "mien-certificate+jws";
    readonly EXPORT: "mien-export+jws";
};
export type Kind = (typeof KINDS)[keyof typeof KINDS];
/** The JWS of `payload` under `key`. */
export declare function sign(kind: Kind, payload: JsonObject, key: SigningKey): Promise<string>;
/** The payload, when `text` is a statement of this `kind` under `key`; `SignatureInvalid` or `RequestInvalid` otherwise. */
export declare function verify(text: string, kind: Kind, key: VerifyKey): Promise<JsonObject>;
/** The kind a statement names. Unverified: only good for sending it where it belongs. Throws `RequestInvalid`. */
export declare function namedKind(text: string): string;
/** The payload before verification: only good for finding what must then `verify` it. */
export declare function unverified(text: string): JsonObject;
