/** What a person says, as signed statements. Each takes a `Stamp` (time and nonce), so that nothing here reads a clock or randomness. */

import { RequestInvalid } from "../errors.ts";
import type { Claims, Label, Purpose, Release } from "../values.ts";
import { b64, bigEndian, type Bytes, concat, utf8 } from "../wire/bytes.ts";
import type { JsonObject } from "../wire/canonical.ts";
import { type OpenKey, type SealKey, sha256, type SigningKey, type VerifyKey } from "../wire/keys.ts";
import {
  capabilityRequest, claimsDoc, consentStatement, correctionStatement, erasureStatement, exportRequest, type GuardianDoc, keyChange, keyPossession, type Notice, parse, releaseDoc,
  withdrawalStatement,
} from "../wire/messages.ts";
import { seal, USES } from "../wire/seal.ts";
import type { Shape } from "../wire/shapes.ts";
import { type Kind, KINDS, sign } from "../wire/signatures.ts";
import { packSlot } from "../wire/slots.ts";
import { noticeHash } from "./answers.ts";
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
  /** A guardian's key and countersignature, where there is one. */
  readonly guardian?: { readonly key: VerifyKey; readonly doc: GuardianDoc } | null;
}

/** A key that joins a key set: as the set holds it, its private half, and for a link code's when it ends (unix seconds). */
export interface NewKey {
  readonly doc: JsonObject;
  readonly key: SigningKey;
  readonly expiresAt: number;
}

/** Who signs: a `Person` with their device, or a guardian, who speaks for a subject without being on their device. `seal` is what answers are sealed to. */
export interface Speaker {
  readonly site: string;
  readonly subject: string;
  readonly sign: SigningKey;
  readonly seal: OpenKey;
}

/** A key of the server and its id. */
export interface ServerKey {
  readonly kid: string;
  readonly key: SealKey;
}

/**
 * The consent statement (GDPR 7(1)). `server` is what the stream key is sealed to, `model` what this device will read faces with, 0 for none. Throws
 * `RequestInvalid`.
 */
export async function consent(person: Person, stamp: Stamp, yes: Yes, server: ServerKey, recovery: VerifyKey | null, model = 0): Promise<string> {
  const keys: JsonObject[] = [await deviceKey(person, server)];
  if (recovery !== null) keys.push({ role: "recovery", sign: recovery.text() });
  const guardian = yes.guardian ?? null;
  if (guardian !== null) keys.push({ role: "guardian", sign: guardian.key.text() });
  return signed(KINDS.CONSENT, consentStatement, person.sign, {
    ...by(person, stamp),
    model,
    keys,
    notice_sha256: await noticeHash(yes.notice),
    locale: yes.notice.locale,
    purposes: [...yes.purposes],
    claims: claimed(yes.claims),
    release: yes.release === null ? null : await released(yes.notice, yes.release),
    guardian: guardian === null ? null : { ...guardian.doc },
    renewal: yes.renewal,
    method: yes.method,
  });
}

/** The claims on the wire, with what is not said filled in. Throws `RequestInvalid`. */
function claimed(claims: Claims): JsonObject {
  return parse(claimsDoc, {
    jurisdictions: [...claims.jurisdictions], sector: claims.sector ?? "retail", role: claims.role ?? "customer",
    age_band: claims.age_band ?? "undeclared", gpc: claims.gpc ?? false,
  });
}

/** A name typed under the words that were shown (740 ILCS 14/15(b)(3)). */
async function released(notice: Notice, release: Release): Promise<JsonObject> {
  if (notice.release === "") throw new RequestInvalid("this notice has no release to sign; leave `release` out");
  return parse(releaseDoc, { name: release.name, text_sha256: b64(await sha256(utf8(notice.release))), at: release.at });
}

/** The device's key as a key set holds it: its two public keys, and its stream key sealed to the server. */
export async function deviceKey(person: Person, server: ServerKey): Promise<JsonObject> {
  const context = [utf8(person.site), utf8(person.subject), utf8(person.sign.verifyKey.id)];
  return {
    role: "device",
    sign: person.sign.verifyKey.text(),
    seal: person.seal.sealKey.text(),
    stream_kid: server.kid,
    sealed_stream_key: b64(await seal(person.streamKey, server.key, USES.STREAM_KEY, ...context)),
  };
}

/** Takes back these purposes (GDPR 7(3): as easy as giving). */
export async function withdraw(person: Speaker, stamp: Stamp, purposes: readonly Purpose[]): Promise<string> {
  return signed(KINDS.WITHDRAWAL, withdrawalStatement, person.sign, { ...by(person, stamp), purposes: [...purposes] });
}

/** Asks what this device may do now, reading faces with `model` (0: with none). */
export async function askCapability(person: Person, stamp: Stamp, model = 0): Promise<string> {
  return signed(KINDS.CAPABILITY_REQUEST, capabilityRequest, person.sign, { ...by(person, stamp), model });
}

/** Asks for everything held (GDPR 15 and 20), sealed to who asks. */
export async function askExport(person: Speaker, stamp: Stamp): Promise<string> {
  return signed(KINDS.EXPORT_REQUEST, exportRequest, person.sign, { ...by(person, stamp), seal: person.seal.sealKey.text() });
}

/** Says what a stored label should have been (GDPR 16), sealed to the server's key. */
export async function correct(person: Person, stamp: Stamp, record: string, label: Label, server: ServerKey): Promise<string> {
  const plain = concat(bigEndian(label.ended_at, 4), packSlot(label, label.ended_at));
  const context = [utf8(person.site), utf8(person.subject), utf8(record)];
  return signed(KINDS.CORRECTION, correctionStatement, person.sign, {
    ...by(person, stamp), record, kid: server.kid, sealed: b64(await seal(plain, server.key, USES.CORRECTION, ...context)),
  });
}

/** Asks to be forgotten (GDPR 17). */
export async function erase(person: Speaker, stamp: Stamp): Promise<string> {
  return signed(KINDS.ERASURE, erasureStatement, person.sign, by(person, stamp));
}

/** Adds this device to the key set of its subject, signed by a key already in it, such as a recovery code's. */
export async function join(person: Person, stamp: Stamp, server: ServerKey, known: SigningKey): Promise<string> {
  return addKey(person, stamp, { doc: await deviceKey(person, server), key: person.sign, expiresAt: 0 }, known);
}

/** Adds a key to the key set, signed by one already in it; the new one signs that it wants to join. */
export async function addKey(person: Person, stamp: Stamp, added: NewKey, known: SigningKey): Promise<string> {
  const possession = await signed(KINDS.KEY_POSSESSION, keyPossession, added.key, by(person, stamp));
  return signed(KINDS.KEY_CHANGE, keyChange, known, { ...by(person, stamp), add: added.doc, possession, expires_at: added.expiresAt });
}

/** Removes the key of this id, such as a lost device's. */
export async function removeKey(person: Person, stamp: Stamp, key: string): Promise<string> {
  return signed(KINDS.KEY_CHANGE, keyChange, person.sign, { ...by(person, stamp), remove: key });
}

function by(person: Speaker, stamp: Stamp): JsonObject {
  return { v: 1, site: person.site, subject: person.subject, at: stamp.at, nonce: b64(stamp.nonce) };
}

async function signed<T extends JsonObject>(kind: Kind, shape: Shape<T>, key: SigningKey, value: JsonObject): Promise<string> {
  return sign(kind, parse(shape, value), key);
}
