/**
 * Signed statements: JWS compact (RFC 7515) with Ed25519 (RFC 9864), one kind each, over canonical JSON: the twin of `mien/wire/signatures.py`.
 *
 * The kind stands in the protected header as `typ`, so that a signature made for one purpose is worth nothing for another.
 */

import { MienError, RequestInvalid, SignatureInvalid } from "../errors.ts";
import { b64, equal, unb64, utf8 } from "./bytes.ts";
import { decode, encode, isObject, type JsonObject } from "./canonical.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";

export const ALGORITHM = "Ed25519";
export const MAX_CHARS = 32 * 1024;

/** What a signed statement is. The words are part of the wire format. */
export const KINDS = {
  CONSENT: "mien-consent+jws",
  WITHDRAWAL: "mien-withdrawal+jws",
  CAPABILITY_REQUEST: "mien-capability-request+jws",
  KEY_CHANGE: "mien-key-change+jws",
  KEY_POSSESSION: "mien-key-possession+jws",
  GUARDIAN_APPROVAL: "mien-guardian-approval+jws",
  EXPORT_REQUEST: "mien-export-request+jws",
  CORRECTION: "mien-correction+jws",
  ERASURE: "mien-erasure+jws",
  SERVICE: "mien-service+jws",
  RECEIPT: "mien-receipt+jws",
  CAPABILITY: "mien-capability+jws",
  CERTIFICATE: "mien-certificate+jws",
  EXPORT: "mien-export+jws",
} as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];

/** The JWS of `payload` under `key`. */
export async function sign(kind: Kind, payload: JsonObject, key: SigningKey): Promise<string> {
  const header = { alg: ALGORITHM, kid: key.verifyKey.id, typ: kind };
  const signed = `${b64(encode(header))}.${b64(encode(payload))}`;
  return `${signed}.${b64(await key.sign(utf8(signed)))}`;
}

/** The payload, when `text` is a statement of this `kind` under `key`; `SignatureInvalid` or `RequestInvalid` otherwise. */
export async function verify(text: string, kind: Kind, key: VerifyKey): Promise<JsonObject> {
  const { header, payload, signed, signature } = parts(text);
  // Compared whole: a header that says more, or names another algorithm, is another header (RFC 8725 sections 3.1 and 3.11).
  if (!equal(encode(header), encode({ alg: ALGORITHM, kid: key.id, typ: kind }))) {
    throw new SignatureInvalid(`not a \`${kind}\` signed by the expected key; ask for it again`);
  }
  await key.verify(spelledSignature(signature), utf8(signed));
  return payload;
}

function spelledSignature(text: string): Uint8Array {
  try {
    return unb64(text);
  } catch (cause) {
    if (!(cause instanceof MienError)) throw cause;
    throw new SignatureInvalid("the signature does not verify; ask for the message again", { cause });
  }
}

/** The kind a statement names. Unverified: only good for sending it where it belongs. Throws `RequestInvalid`. */
export function namedKind(text: string): string {
  const kind = parts(text).header["typ"];
  if (typeof kind !== "string") throw new RequestInvalid("the statement names no kind; build it with `consent`");
  return kind;
}

/** The payload before verification: only good for finding what must then `verify` it. */
export function unverified(text: string): JsonObject {
  return parts(text).payload;
}

interface Parts {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signed: string;
  readonly signature: string;
}

function parts(text: string): Parts {
  const [head, body, signature, ...more] = text.split(".", 4);
  // RFC 7515 section 7.1: three parts.
  if (text.length > MAX_CHARS || head === undefined || body === undefined || signature === undefined || more.length > 0) {
    throw new RequestInvalid("not a signed statement; send JWS compact");
  }
  return { header: object(unb64(head)), payload: object(unb64(body)), signed: `${head}.${body}`, signature };
}

function object(data: Uint8Array): JsonObject {
  const value = decode(data, MAX_CHARS);
  if (!isObject(value)) throw new RequestInvalid("a signed statement holds an object; see the reference of the wire format");
  return value;
}
