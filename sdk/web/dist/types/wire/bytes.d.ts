/** Bytes and their spellings: base64url without padding (RFC 7515 section 2), framing, UTF-8. One value has one spelling; any other is refused. */
/** Bytes of a buffer that nobody shares: what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;
/** A text's UTF-8. */
export declare function utf8(text: string): Bytes;
/** Byte strings one behind the other. */
export declare function concat(...parts: readonly Uint8Array[]): Bytes;
/** Whether two byte strings are the same. For what is public: it takes as long as the first difference is far. */
export declare function equal(one: Uint8Array, other: Uint8Array): boolean;
/** `value` as `size` big-endian bytes. `value` is a whole number of 0..2^(8 size) - 1. */
export declare function bigEndian(value: number | bigint, size: number): Bytes;
/** Big-endian bytes as a whole number. */
export declare function fromBigEndian(bytes: Uint8Array): bigint;
/** Parts joined unambiguously: each behind its length as four big-endian bytes. */
export declare function frame(...parts: readonly Uint8Array[]): Bytes;
/** Base64url without padding. */
export declare function b64(bytes: Uint8Array): string;
/** The bytes of unpadded base64url. Throws `RequestInvalid` on any other spelling of the same bytes. */
export declare function unb64(text: string): Bytes;
/** How many characters a text has, as Python counts: code points. */
export declare function characters(text: string): number;
