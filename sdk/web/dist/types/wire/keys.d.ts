/**
 * Keys as values: Ed25519 for signing (RFC 8032), the hybrid MLKEM768-X25519 for sealing, their encodings and ids: the twin of `mien/wire/keys.py`.
 *
 * Signing, hashing and HKDF are WebCrypto's; the hybrid is that of `@hpke/hybridkem-x-wing`.
 */
import { type Bytes } from "./bytes.ts";
/** ML-KEM-768 encapsulation key (FIPS 203) then the X25519 key (RFC 7748). */
export declare const SEAL_PUBLIC_BYTES: number;
export declare const SIGN_BYTES = 32;
/** An X-Wing seed: both private keys come from it by SHAKE256 (draft-connolly-cfrg-xwing-kem, 5.2). */
export declare const SEED_BYTES = 32;
/** SHA-256 of these bytes. */
export declare function sha256(data: Uint8Array): Promise<Bytes>;
/** Id of a public key: base64url of the first 16 bytes of its SHA-256. */
export declare function keyId(publicBytes: Uint8Array): Promise<string>;
/** An Ed25519 public key: 32 bytes, and its id. */
export declare class VerifyKey {
    #private;
    readonly public: Bytes;
    readonly id: string;
    private constructor();
    /** From its 32 bytes. Throws `RequestInvalid` for another length and for a point of small order. */
    static of(bytes: Uint8Array): Promise<VerifyKey>;
    /** From base64url. Throws `RequestInvalid`. */
    static fromText(text: string): Promise<VerifyKey>;
    /** As base64url. */
    text(): string;
    /** Return when `signature` is this key's over `data`; throw `SignatureInvalid` otherwise. */
    verify(signature: Uint8Array, data: Uint8Array): Promise<void>;
}
/** An Ed25519 private key that WebCrypto holds and does not give out, and its public half. Both survive structured cloning in parts. */
export declare class SigningKey {
    readonly secret: CryptoKey;
    readonly verifyKey: VerifyKey;
    private constructor();
    /** A fresh key that nothing can export. */
    static generate(): Promise<SigningKey>;
    /** A key kept by `keep`: its private half as it was cloned, and the 32 public bytes. Throws `RequestInvalid` when the halves do not match. */
    static kept(secret: CryptoKey, publicBytes: Uint8Array): Promise<SigningKey>;
    /** From 32 secret bytes, such as a recovery code's. Throws `RequestInvalid` for another length. */
    static fromSecret(secret: Uint8Array): Promise<SigningKey>;
    /** The 64-byte signature over `data`. */
    sign(data: Uint8Array): Promise<Bytes>;
}
/** A public key to seal to: ML-KEM-768 and X25519 together, 1,216 bytes. */
export declare class SealKey {
    readonly public: Bytes;
    /** Throws `RequestInvalid` for another length. */
    constructor(bytes: Uint8Array);
    /** From base64url. Throws `RequestInvalid`. */
    static fromText(text: string): SealKey;
    /** As base64url. */
    text(): string;
}
/** The private half of a `SealKey`, as its X-Wing seed. */
export declare class OpenKey {
    readonly seed: Bytes;
    readonly sealKey: SealKey;
    private constructor();
    /** From its 32-byte seed. Throws `RequestInvalid` for another length. */
    static fromSeed(seed: Uint8Array): Promise<OpenKey>;
}
/** HKDF-SHA256 (RFC 5869) of `secret` for one named use; without salt, so `secret` must be uniformly random. */
export declare function derive(secret: Uint8Array, label: string, length?: number): Promise<Bytes>;
/** A copy in a buffer of its own: WebCrypto takes no shared memory, and nobody can change it meanwhile. */
export declare function own(bytes: Uint8Array): Bytes;
