/**
 * Keys as values: Ed25519 for signing (RFC 8032), the hybrid MLKEM768-X25519 for sealing, their encodings and ids: the twin of `mien/wire/keys.py`.
 *
 * Signing, hashing and HKDF are WebCrypto's; the hybrid is that of `@hpke/hybridkem-x-wing`.
 */

import { XWing } from "@hpke/hybridkem-x-wing";

import { RequestInvalid, SignatureInvalid } from "../errors.ts";
import { type Bytes, b64, concat, unb64, utf8 } from "./bytes.ts";

/** ML-KEM-768 encapsulation key (FIPS 203) then the X25519 key (RFC 7748). */
export const SEAL_PUBLIC_BYTES = 1184 + 32;
export const SIGN_BYTES = 32;
/** An X-Wing seed: both private keys come from it by SHAKE256 (draft-connolly-cfrg-xwing-kem, 5.2). */
export const SEED_BYTES = 32;
const SIGN_BIT = 1n << 255n;
const P = 2n ** 255n - 19n;
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** y coordinates of the points of small order of edwards25519: under such a "key" one signature fits many messages. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([0n, 1n, P - 1n, P, P + 1n, ORDER_8, P - ORDER_8]);
/** What stands before the 32 secret bytes in the PKCS#8 form of an Ed25519 key (RFC 8410 section 7). */
const PKCS8_HEAD = new Uint8Array([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]);

/** SHA-256 of these bytes. */
export async function sha256(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", own(data)));
}

/** Id of a public key: base64url of the first 16 bytes of its SHA-256. */
export async function keyId(publicBytes: Uint8Array): Promise<string> {
  return b64((await sha256(publicBytes)).subarray(0, 16));
}

/** An Ed25519 public key: 32 bytes, and its id. */
export class VerifyKey {
  readonly public: Bytes;
  readonly id: string;
  readonly #key: CryptoKey;

  private constructor(bytes: Bytes, id: string, key: CryptoKey) {
    this.public = bytes;
    this.id = id;
    this.#key = key;
  }

  /** From its 32 bytes. Throws `RequestInvalid` for another length and for a point of small order. */
  static async of(bytes: Uint8Array): Promise<VerifyKey> {
    if (bytes.length !== SIGN_BYTES) throw new RequestInvalid("a signing key has 32 bytes; copy it whole");
    if (SMALL_ORDER.has(littleEndian(bytes) & ~SIGN_BIT)) {
      throw new RequestInvalid("this signing key would accept forgeries; make a new one");
    }
    const copy = own(bytes);
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey("raw", copy, "Ed25519", true, ["verify"]);
    } catch (cause) {
      throw new RequestInvalid("these bytes are no signing key; copy it whole", { cause });
    }
    return new VerifyKey(copy, await keyId(copy), key);
  }

  /** From base64url. Throws `RequestInvalid`. */
  static async fromText(text: string): Promise<VerifyKey> {
    return VerifyKey.of(unb64(text));
  }

  /** As base64url. */
  text(): string {
    return b64(this.public);
  }

  /** Return when `signature` is this key's over `data`; throw `SignatureInvalid` otherwise. */
  async verify(signature: Uint8Array, data: Uint8Array): Promise<void> {
    if (!(await crypto.subtle.verify("Ed25519", this.#key, own(signature), own(data)))) {
      throw new SignatureInvalid("the signature does not verify; ask for the message again");
    }
  }
}

/** An Ed25519 private key that WebCrypto holds and does not give out, and its public half. Both survive structured cloning in parts. */
export class SigningKey {
  readonly secret: CryptoKey;
  readonly verifyKey: VerifyKey;

  private constructor(secret: CryptoKey, verifyKey: VerifyKey) {
    this.secret = secret;
    this.verifyKey = verifyKey;
  }

  /** A fresh key that nothing can export. */
  static async generate(): Promise<SigningKey> {
    const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    return new SigningKey(pair.privateKey, await VerifyKey.of(raw));
  }

  /** A key kept by `keep`: its private half as it was cloned, and the 32 public bytes. Throws `RequestInvalid` when the halves do not match. */
  static async kept(secret: CryptoKey, publicBytes: Uint8Array): Promise<SigningKey> {
    const key = new SigningKey(secret, await VerifyKey.of(publicBytes));
    const probe = utf8("mien: do these halves belong together?");
    try {
      await key.verifyKey.verify(await key.sign(probe), probe);
    } catch (cause) {
      throw new RequestInvalid("these bytes are another key's public half; restore the storage", { cause });
    }
    return key;
  }

  /** From 32 secret bytes, such as a recovery code's. Throws `RequestInvalid` for another length. */
  static async fromSecret(secret: Uint8Array): Promise<SigningKey> {
    if (secret.length !== SIGN_BYTES) throw new RequestInvalid("a signing secret has 32 bytes; restore the key");
    const pkcs8 = concat(PKCS8_HEAD, secret);
    // WebCrypto tells the public half only of a key that may be exported; what is kept afterwards may not.
    const open = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", open);
    const sealed = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
    return new SigningKey(sealed, await VerifyKey.fromText(x ?? ""));
  }

  /** The 64-byte signature over `data`. */
  async sign(data: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.secret, own(data)));
  }
}

/** A public key to seal to: ML-KEM-768 and X25519 together, 1,216 bytes. */
export class SealKey {
  readonly public: Bytes;

  /** Throws `RequestInvalid` for another length. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== SEAL_PUBLIC_BYTES) {
      throw new RequestInvalid(`a sealing key has ${SEAL_PUBLIC_BYTES} bytes; copy it whole`);
    }
    this.public = own(bytes);
  }

  /** From base64url. Throws `RequestInvalid`. */
  static fromText(text: string): SealKey {
    return new SealKey(unb64(text));
  }

  /** As base64url. */
  text(): string {
    return b64(this.public);
  }
}

/** The private half of a `SealKey`, as its X-Wing seed. */
export class OpenKey {
  readonly seed: Bytes;
  readonly sealKey: SealKey;

  private constructor(seed: Bytes, sealKey: SealKey) {
    this.seed = seed;
    this.sealKey = sealKey;
  }

  /** From its 32-byte seed. Throws `RequestInvalid` for another length. */
  static async fromSeed(seed: Uint8Array): Promise<OpenKey> {
    if (seed.length !== SEED_BYTES) throw new RequestInvalid("an opening seed has 32 bytes; restore the key");
    const kem = new XWing();
    const pair = await kem.generateKeyPairDerand(own(seed));
    return new OpenKey(own(seed), new SealKey(new Uint8Array(await kem.serializePublicKey(pair.publicKey))));
  }
}

/** HKDF-SHA256 (RFC 5869) of `secret` for one named use; without salt, so `secret` must be uniformly random. */
export async function derive(secret: Uint8Array, label: string, length = 32): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", own(secret), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(label) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8));
}

/** A copy in a buffer of its own: WebCrypto takes no shared memory, and nobody can change it meanwhile. */
export function own(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
