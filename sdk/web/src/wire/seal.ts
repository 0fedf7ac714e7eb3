/**
 * Sealing: HPKE (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; padding; message authentication: the twin of `mien/wire/seal.py`.
 *
 * The context (who, what for, which sequence number) is bound in HPKE's `info`, so a sealed message moved to another context does not open.
 */

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";

import { EnvelopeInvalid, RequestInvalid } from "../errors.ts";
import { type Bytes, concat, frame, fromBigEndian, utf8 } from "./bytes.ts";
import { type OpenKey, own, type SealKey } from "./keys.ts";

const ENC_BYTES = 1120;
/** Bytes sealing adds: the encapsulation (ML-KEM 1,088 and X25519 32) and the AES-GCM tag. */
export const OVERHEAD = ENC_BYTES + 16;
export const MAC_BYTES = 32;

/** What something is sealed or authenticated for. The words are part of the wire format. */
export const USES = {
  ENVELOPE: "mien envelope v1",
  STREAM_KEY: "mien stream key v1",
  CORRECTION: "mien correction v1",
  WHY: "mien why v1",
  LESSON: "mien lesson v1",
  ANSWERS: "mien answers v1",
  EXPORT: "mien export v1",
  RANK: "mien rank v1",
  REWARD: "mien reward v1",
  ASK_HELP: "mien ask help v1",
  HELP: "mien help v1",
} as const;
export type Use = (typeof USES)[keyof typeof USES];

// Made where they are used: nothing happens when this file is loaded.
function suite(): CipherSuite {
  return new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
}

/**
 * `plaintext` sealed to `key` for one use in one context: `OVERHEAD` bytes longer.
 *
 * Throws `RequestInvalid` for a key nothing can be sealed to, such as one whose X25519 half has small order (RFC 9180 section 7.1.4).
 */
export async function seal(plaintext: Uint8Array, key: SealKey, use: Use, ...context: readonly Uint8Array[]): Promise<Bytes> {
  try {
    const hpke = suite();
    const recipientPublicKey = await hpke.kem.deserializePublicKey(own(key.public).buffer);
    const info = frame(utf8(use), ...context).buffer;
    const sender = await hpke.createSenderContext({ recipientPublicKey, info });
    return concat(new Uint8Array(sender.enc), new Uint8Array(await sender.seal(own(plaintext).buffer)));
  } catch (cause) {
    throw new RequestInvalid("nothing can be sealed to this key; make a new one", { cause });
  }
}

/** What `seal` sealed for the same use and context. Throws `EnvelopeInvalid`. */
export async function openSealed(sealed: Uint8Array, key: OpenKey, use: Use, ...context: readonly Uint8Array[]): Promise<Bytes> {
  try {
    const hpke = suite();
    const recipientKey = await hpke.kem.importKey("raw", own(key.seed).buffer, false);
    const enc = own(sealed.subarray(0, ENC_BYTES)).buffer;
    const info = frame(utf8(use), ...context).buffer;
    const recipient = await hpke.createRecipientContext({ recipientKey, enc, info });
    return new Uint8Array(await recipient.open(own(sealed.subarray(ENC_BYTES)).buffer));
  } catch (cause) {
    throw new EnvelopeInvalid("the sealed message does not open with this key and context; seal it again", { cause });
  }
}

/** HMAC-SHA256 (RFC 2104) over the use and the framed parts: 32 bytes. */
export async function mac(key: Uint8Array, use: Use, ...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", await macKey(key, "sign"), frame(utf8(use), ...parts)));
}

/** Return when `tag` authenticates the parts; throw `EnvelopeInvalid` otherwise. WebCrypto compares in constant time. */
export async function checkMac(tag: Uint8Array, key: Uint8Array, use: Use, ...parts: readonly Uint8Array[]): Promise<void> {
  const known = await macKey(key, "verify");
  if (!(await crypto.subtle.verify("HMAC", known, own(tag), frame(utf8(use), ...parts)))) {
    throw new EnvelopeInvalid("the message is not authenticated by this device's stream key; enrol again");
  }
}

async function macKey(key: Uint8Array, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", own(key), { name: "HMAC", hash: "SHA-256" }, false, [usage]);
}

/** `data` behind its length in four bytes, filled with zeros to a multiple of `block`: the size on the wire tells only the block. */
export function pad(data: Uint8Array, block: number): Bytes {
  const framed = frame(data);
  return concat(framed, new Uint8Array((block - (framed.length % block)) % block));
}

/** What `pad` padded. Throws `EnvelopeInvalid` for anything else, non-zero filling included. */
export function unpad(data: Uint8Array): Bytes {
  const end = 4 + Number(fromBigEndian(data.subarray(0, 4)));
  if (data.length < end || data.subarray(end).some((byte) => byte !== 0)) {
    throw new EnvelopeInvalid("the padding is damaged; ask for the message again");
  }
  return own(data.subarray(4, end));
}
