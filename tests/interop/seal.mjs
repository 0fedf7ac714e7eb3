// Makes an envelope that the server opens, and opens what mien sealed, without one line of mien's own code: written from docs/reference/wire.md.
// One JSON object on standard input, one on standard output. Bytes are base64url.
//
//   {"op": "envelope", "labels": [...], "base", "site", "subject", "device", "seq", "kid", "seal_key", "stream_key"} -> the Envelope
//   {"op": "open", "seed", "use", "context": [...], "sealed"}                                                     -> {"plain"} or {"refused"}
import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const EXPRESSIONS = ["neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt"];
const STATES = ["none", "engaged", "interested", "confused", "frustrated", "stressed", "bored", "fatigued"];
const POLARITIES = ["none", "negative", "positive", "surprise"];
const SOURCES = ["face", "declared", "text"];
const SLOTS = 64;
const ENC_BYTES = 1120;

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
const unb64 = (text) => Buffer.from(text, "base64url");
const utf8 = (text) => Buffer.from(text, "utf8");

/** Parts behind their lengths as four big-endian bytes. */
function frame(...parts) {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

/** One label as 64 bits, most significant first. */
function packSlot(label, base) {
  const scaled = (value) => (value === null ? 31 : value + 15);
  const fields = [
    [1, 1],
    [EXPRESSIONS.indexOf(label.expression), 3],
    [label.second === null ? 0 : 1 + EXPRESSIONS.indexOf(label.second), 4],
    [STATES.indexOf(label.state), 3],
    [POLARITIES.indexOf(label.polarity), 2],
    [scaled(label.valence), 5],
    [scaled(label.arousal), 5],
    [label.confidence, 4],
    [label.window - 1, 6],
    [SOURCES.indexOf(label.source), 2],
    [label.model, 8],
    [label.ended_at - base, 16],
    [0, 5],
  ];
  const bits = fields.reduce((sum, [value, width]) => (sum << BigInt(width)) | BigInt(value), 0n);
  const slot = Buffer.alloc(8);
  slot.writeBigUInt64BE(bits);
  return slot;
}

/** Version, base time, 64 slots: unused ones are zeros. */
function pack(labels, base) {
  const plain = Buffer.alloc(5 + 8 * SLOTS);
  plain.writeUInt8(1, 0);
  plain.writeUInt32BE(base, 1);
  labels.forEach((label, number) => packSlot(label, base).copy(plain, 5 + 8 * number));
  return plain;
}

async function makeEnvelope(asked) {
  const seq = Buffer.alloc(8);
  seq.writeBigUInt64BE(BigInt(asked.seq));
  const context = [utf8(asked.site), utf8(asked.subject), utf8(asked.device), seq, utf8(asked.kid)];
  const use = utf8("mien envelope v1");
  const recipientPublicKey = await suite.kem.deserializePublicKey(unb64(asked.seal_key));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: frame(use, ...context) });
  const ct = Buffer.concat([Buffer.from(sender.enc), Buffer.from(await sender.seal(pack(asked.labels, asked.base)))]);
  const mac = createHmac("sha256", unb64(asked.stream_key)).update(frame(use, ...context, ct)).digest();
  const { site, subject, device, kid } = asked;
  return { v: 1, site, subject, device, seq: asked.seq, kid, ct: b64(ct), mac: b64(mac) };
}

async function open(asked) {
  const key = await suite.kem.importKey("raw", new Uint8Array(unb64(asked.seed)).buffer, false);
  const sealed = unb64(asked.sealed);
  const info = frame(utf8(asked.use), ...asked.context.map(unb64));
  try {
    const recipient = await suite.createRecipientContext({ recipientKey: key, enc: sealed.subarray(0, ENC_BYTES), info });
    return { plain: b64(await recipient.open(sealed.subarray(ENC_BYTES))) };
  } catch (error) {
    return { refused: error.name };
  }
}

const asked = JSON.parse(readFileSync(0, "utf8"));
const answer = asked.op === "envelope" ? await makeEnvelope(asked) : await open(asked);
process.stdout.write(JSON.stringify(answer));
