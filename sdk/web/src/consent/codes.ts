/** The recovery code: 160 random bits that a person writes down. Key and subject id both come from it, so the code alone is enough to erase. */

import { RequestInvalid } from "../errors.ts";
import { type Bytes, fromBigEndian } from "../wire/bytes.ts";
import { derive, SigningKey } from "../wire/keys.ts";

export const CODE_BYTES = 20;
const SUBJECT_BYTES = 16;
const GROUP = 4;
/** Base32 (RFC 4648 section 6) in small letters. */
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The code for 20 random bytes: eight groups of four letters and digits. */
export function newCode(random: Uint8Array): string {
  return base32(random).match(new RegExp(`.{1,${GROUP}}`, "g"))?.join("-") ?? "";
}

/** The 20 bytes of a recovery code as somebody typed it. Throws `RequestInvalid`. */
export function readCode(code: string): Bytes {
  const plain = code.replaceAll(/[\s-]/g, "").toLowerCase();
  const values = [...plain].map((letter) => LETTERS.indexOf(letter));
  if (plain.length !== (CODE_BYTES * 8) / 5 || values.includes(-1)) {
    throw new RequestInvalid("a recovery code has eight groups of four; copy it whole");
  }
  const bits = values.reduce((sum, value) => (sum << 5n) | BigInt(value), 0n);
  const bytes = new Uint8Array(CODE_BYTES);
  for (let place = 0; place < CODE_BYTES; place += 1) {
    bytes[place] = Number((bits >> BigInt(8 * (CODE_BYTES - 1 - place))) & 0xffn);
  }
  return bytes;
}

/** The Ed25519 key of a recovery code's bytes (HKDF-SHA256, RFC 5869). */
export async function recoveryKey(secret: Uint8Array): Promise<SigningKey> {
  return SigningKey.fromSecret(await derive(secret, "mien recovery key v1"));
}

/** The subject id of a recovery code's bytes: 128 pseudorandom bits that tell nothing of the code. */
export async function subjectOf(secret: Uint8Array): Promise<string> {
  return `sub_${base32(await derive(secret, "mien subject v1", SUBJECT_BYTES))}`;
}

function base32(bytes: Uint8Array): string {
  const letters = Math.ceil((bytes.length * 8) / 5);
  const bits = fromBigEndian(bytes) << BigInt(letters * 5 - bytes.length * 8);
  const value = (place: number): number => Number((bits >> BigInt(5 * (letters - 1 - place))) & 31n);
  return Array.from({ length: letters }, (_, place) => LETTERS.charAt(value(place))).join("");
}

