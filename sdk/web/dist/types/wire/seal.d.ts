/**
 * Sealing: HPKE (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; padding; message authentication: the twin of `mien/wire/seal.py`.
 *
 * The context (who, what for, which sequence number) is bound in HPKE's `info`, so a sealed message moved to another context does not open.
 */
import { type Bytes } from "./bytes.ts";
import { type OpenKey, type SealKey } from "./keys.ts";
/** Bytes sealing adds: the encapsulation (ML-KEM 1,088 and X25519 32) and the AES-GCM tag. */
export declare const OVERHEAD: number;
export declare const MAC_BYTES = 32;
/** What something is sealed or authenticated for. The words are part of the wire format. */
export declare const USES: {
    readonly ENVELOPE: "mien envelope v1";
    readonly STREAM_KEY: "mien stream key v1";
    readonly CORRECTION: "mien correction v1";
    readonly WHY: "mien why v1";
    readonly EXPORT: "mien export v1";
    readonly RANK: "mien rank v1";
    readonly REWARD: "mien reward v1";
};
export type Use = (typeof USES)[keyof typeof USES];
/**
 * `plaintext` sealed to `key` for one use in one context: `OVERHEAD` bytes longer.
 *
 * Throws `RequestInvalid` for a key nothing can be sealed to, such as one whose X25519 half has small order (RFC 9180 section 7.1.4).
 */
export declare function seal(plaintext: Uint8Array, key: SealKey, use: Use, ...context: readonly Uint8Array[]): Promise<Bytes>;
/** What `seal` sealed for the same use and context. Throws `EnvelopeInvalid`. */
export declare function openSealed(sealed: Uint8Array, key: OpenKey, use: Use, ...context: readonly Uint8Array[]): Promise<Bytes>;
/** HMAC-SHA256 (RFC 2104) over the use and the framed parts: 32 bytes. */
export declare function mac(key: Uint8Array, use: Use, ...parts: readonly Uint8Array[]): Promise<Bytes>;
/** Return when `tag` authenticates the parts; throw `EnvelopeInvalid` otherwise. WebCrypto compares in constant time. */
export declare function checkMac(tag: Uint8Array, key: Uint8Array, use: Use, ...parts: readonly Uint8Array[]): Promise<void>;
/** `data` behind its length in four bytes, filled with zeros to a multiple of `block`: the size on the wire tells only the block. */
export declare function pad(data: Uint8Array, block: number): Bytes;
/** What `pad` padded. Throws `EnvelopeInvalid` for anything else, non-zero filling included. */
export declare function unpad(data: Uint8Array): Bytes;
