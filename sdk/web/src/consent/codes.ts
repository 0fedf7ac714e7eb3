/**
 * Codes that people write down or read out, and the keys that come from them: the twin of `mien/consent/codes.py`.
 *
 * A recovery code is 160 random bits: key and subject id both come from it, so the code alone is enough to erase. A guardian's code is as long and
 * gives a key of its own for each child and site. A link code holds the subject id and 72 random bits: it lives for minutes and adds one device.
 */

import { RequestInvalid } from "../errors.ts";
import { bigEndian, type Bytes, concat, fromBigEndian } from "../wire/bytes.ts";
import { derive, SigningKey } from "../wire/keys.ts";

export const CODE_BYTES = 20;
export const LINK_SECRET_BYTES = 9;
const SUBJECT_BYTES = 16;
const PREFIX = "sub_";
const GROUP = 4;
/** Base32 (RFC 4648 section 6) in small letters. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The code for 20 random bytes: eight groups of four letters and digits. */
export function newCode(random: Uint8Array): string {
  return written(random);
}

/** The 20 bytes of a recovery or guardian's code as somebody typed it. Throws `RequestInvalid`. */
export function readCode(code: string): Bytes {
  return read(code, CODE_BYTES, "a recovery or guardian's code has eight groups of four");
}

/** The Ed25519 key of a recovery code's bytes (HKDF-SHA256, RFC 5869). */
export async function recoveryKey(secret: Uint8Array): Promise<SigningKey> {
  return SigningKey.fromSecret(await derive(secret, "mien recovery key v1"));
}

/** The Ed25519 key of a guardian's code's bytes for one child at one site: nothing in a key set links two children or two sites. */
export async function guardianKey(secret: Uint8Array, site: string, subject: string): Promise<SigningKey> {
  // Neither a site's id nor a subject's holds a space: no two pairs give the same label.
  return SigningKey.fromSecret(await derive(secret, `mien guardian key v1 ${site} ${subject}`));
}

/** The subject id of a recovery code's bytes: 128 pseudorandom bits that tell nothing of the code. */
export async function subjectOf(secret: Uint8Array): Promise<string> {
  return PREFIX + base32(await derive(secret, "mien subject v1", SUBJECT_BYTES));
}

/** The link code of a subject for 9 random bytes: ten groups of four letters and digits. */
export function newLink(subject: string, random: Uint8Array): string {
  return written(concat(unbase32(subject.slice(PREFIX.length), SUBJECT_BYTES), random));
}

/** The subject of a link code as somebody typed it, and its key. Throws `RequestInvalid`. */
export async function readLink(code: string): Promise<{ readonly subject: string; readonly key: SigningKey }> {
  const secret = read(code, SUBJECT_BYTES + LINK_SECRET_BYTES, "a link code has ten groups of four");
  const key = await SigningKey.fromSecret(await derive(secret, "mien link key v1"));
  return { subject: PREFIX + base32(secret.subarray(0, SUBJECT_BYTES)), key };
}

function written(secret: Uint8Array): string {
  return base32(secret).match(new RegExp(`.{1,${GROUP}}`, "g"))?.join("-") ?? "";
}

function read(code: string, size: number, shape: string): Bytes {
  const plain = code.replaceAll(/[\s-]/g, "").toLowerCase();
  if (plain.length !== (size * 8) / 5 || [...plain].some((letter) => !LETTERS.includes(letter))) throw new RequestInvalid(`${shape}; copy it whole`);
  return unbase32(plain, size);
}

function base32(bytes: Uint8Array): string {
  const letters = Math.ceil((bytes.length * 8) / 5);
  const bits = fromBigEndian(bytes) << BigInt(letters * 5 - bytes.length * 8);
  const value = (place: number): number => Number((bits >> BigInt(5 * (letters - 1 - place))) & 31n);
  return Array.from({ length: letters }, (_, place) => LETTERS.charAt(value(place))).join("");
}

/** The first `size` bytes that these letters spell. */
function unbase32(letters: string, size: number): Bytes {
  const bits = [...letters].reduce((sum, letter) => (sum << 5n) | BigInt(LETTERS.indexOf(letter)), 0n);
  return bigEndian(bits >> BigInt(letters.length * 5 - size * 8), size);
}
