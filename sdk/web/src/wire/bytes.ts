/** Bytes and their spellings: base64url without padding (RFC 7515 section 2), framing, UTF-8. One value has one spelling; any other is refused. */

import { RequestInvalid } from "../errors.ts";

/** Bytes of a buffer that nobody shares: what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));
const ENCODER = new TextEncoder();

/** A text's UTF-8. */
export function utf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/** Byte strings one behind the other. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two byte strings are the same. For what is public: it takes as long as the first difference is far. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

/** `value` as `size` big-endian bytes. `value` is a whole number of 0..2^(8 size) - 1. */
export function bigEndian(value: number | bigint, size: number): Bytes {
  const bytes = new Uint8Array(size);
  let left = BigInt(value);
  for (let place = size - 1; place >= 0; place -= 1) {
    bytes[place] = Number(left & 0xffn);
    left >>= 8n;
  }
  return bytes;
}

/** Big-endian bytes as a whole number. */
export function fromBigEndian(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Parts joined unambiguously: each behind its length as four big-endian bytes. */
export function frame(...parts: readonly Uint8Array[]): Bytes {
  return concat(...parts.flatMap((part) => [bigEndian(part.length, 4), part]));
}

/** Base64url without padding. */
export function b64(bytes: Uint8Array): string {
  const letters: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [one = 0, two = 0, three = 0] = bytes.subarray(at, at + 3);
    const bits = (one << 16) | (two << 8) | three;
    const count = Math.min(bytes.length - at, 3) + 1;
    for (let place = 0; place < count; place += 1) letters.push(ALPHABET.charAt((bits >> (18 - 6 * place)) & 63));
  }
  return letters.join("");
}

/** The bytes of unpadded base64url. Throws `RequestInvalid` on any other spelling of the same bytes. */
export function unb64(text: string): Bytes {
  const size = Math.floor((text.length * 6) / 8);
  const bytes = new Uint8Array(size);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined) throw new RequestInvalid("not base64url; encode without padding");
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = (bits >> held) & 0xff;
      at += 1;
    }
  }
  // One value, one spelling: otherwise a signed text could be altered unnoticed.
  if (text.length % 4 === 1 || (bits & ((1 << held) - 1)) !== 0) {
    throw new RequestInvalid("not canonical base64url; encode without padding or spare bits");
  }
  return bytes;
}

/** How many characters a text has, as Python counts: code points. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
