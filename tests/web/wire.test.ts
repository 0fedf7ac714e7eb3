/** What the shared vectors leave open: messages in their closed form, padding, keys that forge, texts in odd spellings. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CapabilityInvalid, EnvelopeInvalid, KeepError, MienError, RequestInvalid, SignatureInvalid } from "../../sdk/web/src/errors.ts";
import { b64, bigEndian, concat, frame, fromBigEndian, unb64, utf8 } from "../../sdk/web/src/wire/bytes.ts";
import { decode, encode, type Json } from "../../sdk/web/src/wire/canonical.ts";
import { derive, OpenKey, SealKey, SigningKey, VerifyKey } from "../../sdk/web/src/wire/keys.ts";
import * as messages from "../../sdk/web/src/wire/messages.ts";
import { checkMac, openSealed, pad, seal, unpad, USES } from "../../sdk/web/src/wire/seal.ts";
import { KINDS, namedKind, sign, verify } from "../../sdk/web/src/wire/signatures.ts";
import { NOW, serverKey, SUBJECT } from "./parts.ts";

const offer = { id: "tea", title: "Tea", price: 450, currency: "EUR", tags: ["hot"], stock: 3 };
const rank = { site: "shop", request: "A".repeat(22) };
const reward = { site: "shop", event: `evt_${"a".repeat(26)}`, reward: 100 };

test("what was read is spelled again, whatever its names", () => {
  const text = '{"__proto__":{"a":[1,-2,{"b":null}]},"é":"\u{1f600}","z":true}';
  const value = decode(utf8(text));
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value as object), ["__proto__", "é", "z"]);
  assert.equal(new TextDecoder().decode(encode(value)), '{"__proto__":{"a":[1,-2,{"b":null}]},"z":true,"é":"\u{1f600}"}');
});

test("minus nothing is nothing, and nothing else is read twice", () => {
  assert.equal(new TextDecoder().decode(encode(decode(utf8("[-0]")))), "[0]");
  for (const wrong of ["01", "+1", "1_0", "[1 2]", '{"a" 1}', "{a:1}", "'a'", '"\t"', '"\\x"', "tru", "[", '{"a":1,}', "\u00a01", '"\\udc00\\ud800"']) {
    assert.throws(() => decode(utf8(wrong)), RequestInvalid, wrong);
  }
});

test("depth and size are bounded where the other side bounds them", () => {
  const nested = (depth: number): Uint8Array => utf8("[".repeat(depth) + "]".repeat(depth));
  decode(nested(17));
  assert.throws(() => decode(nested(18)), RequestInvalid);
  assert.throws(() => decode(utf8("[1,2]"), 4), RequestInvalid);
});

test("a text of megabytes is read, whatever is in it", () => {
  const long = `${"\\\"x".repeat(1_000_000)}\\`;
  assert.deepEqual(decode(utf8(JSON.stringify({ sealed: long })), 16 * 1024 * 1024), { sealed: long });
  assert.throws(() => decode(utf8(`"${"x".repeat(4_000_000)}`), 16 * 1024 * 1024), RequestInvalid);
});

test("what has no canonical form is refused", () => {
  for (const wrong of [0.5, Number.NaN, 2 ** 53, new Date(0), undefined, "\ud800", { "\udc00": 1 }, [undefined], 1n]) {
    assert.throws(() => encode(wrong as unknown as Json), MienError);
  }
});

test("bytes and framing", () => {
  for (let size = 0; size < 40; size += 1) {
    const bytes = Uint8Array.from({ length: size }, (_, place) => (place * 37 + size) & 0xff);
    assert.equal(b64(bytes), Buffer.from(bytes).toString("base64url"));
    assert.deepEqual(unb64(b64(bytes)), bytes);
  }
  assert.equal(fromBigEndian(bigEndian(2 ** 53 - 1, 8)), 2n ** 53n - 1n);
  assert.notDeepEqual(frame(utf8("ab"), utf8("c")), frame(utf8("a"), utf8("bc")));
});

test("padding hides the size, and only zeros fill it", () => {
  for (const size of [0, 1, 60, 61]) {
    const padded = pad(new Uint8Array(size).fill(7), 64);
    assert.equal(padded.length % 64, 0);
    assert.equal(unpad(padded).length, size);
  }
  const spoiled = pad(utf8("x"), 64);
  spoiled[63] = 1;
  assert.throws(() => unpad(spoiled), EnvelopeInvalid);
  assert.throws(() => unpad(new Uint8Array([0, 0, 0, 9, 1])), EnvelopeInvalid);
});

test("HKDF is that of RFC 5869, appendix A.3", async () => {
  const secret = new Uint8Array(22).fill(0x0b);
  const expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
  assert.equal(Buffer.from(await derive(secret, "", 42)).toString("hex"), expected);
});

test("keys under which anybody could sign are refused", async () => {
  for (const point of ["00".repeat(32), `01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`, `ed${"ff".repeat(30)}ff`, "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"]) {
    await assert.rejects(VerifyKey.of(new Uint8Array(Buffer.from(point, "hex"))), RequestInvalid);
  }
  await assert.rejects(VerifyKey.of(new Uint8Array(31)), RequestInvalid);
});

test("a private key is given out by nobody", async () => {
  for (const key of [await SigningKey.generate(), await serverKey()]) {
    assert.equal(key.secret.extractable, false);
    await assert.rejects(crypto.subtle.exportKey("pkcs8", key.secret));
  }
  const [one, other] = [await SigningKey.generate(), await SigningKey.generate()];
  await assert.rejects(SigningKey.kept(one.secret, other.verifyKey.public), RequestInvalid);
});

test("nothing is sealed to a key that would give it away", async () => {
  const { sealKey } = await OpenKey.fromSeed(new Uint8Array(32).fill(5));
  const small = new SealKey(concat(sealKey.public.subarray(0, 1184), new Uint8Array(32)));
  await assert.rejects(seal(utf8("x"), small, USES.WHY), RequestInvalid);
  assert.throws(() => new SealKey(new Uint8Array(1215)), RequestInvalid);
});

test("what is sealed opens for its key, use and context alone", async () => {
  const key = await OpenKey.fromSeed(new Uint8Array(32).fill(5));
  const sealed = await seal(utf8("why"), key.sealKey, USES.WHY, utf8("shop"));
  assert.deepEqual(await openSealed(sealed, key, USES.WHY, utf8("shop")), utf8("why"));
  await assert.rejects(openSealed(sealed, key, USES.EXPORT, utf8("shop")), EnvelopeInvalid);
  await assert.rejects(openSealed(sealed, await OpenKey.fromSeed(new Uint8Array(32).fill(6)), USES.WHY, utf8("shop")), EnvelopeInvalid);
  await assert.rejects(checkMac(new Uint8Array(32), new Uint8Array(32), USES.RANK), EnvelopeInvalid);
});

test("a statement of one kind is worth nothing as another", async () => {
  const key = await serverKey();
  const jws = await sign(KINDS.WITHDRAWAL, { v: 1 }, key);
  assert.equal(namedKind(jws), KINDS.WITHDRAWAL);
  await assert.rejects(verify(jws, KINDS.ERASURE, key.verifyKey), SignatureInvalid);
  await assert.rejects(verify(`${jws}.`, KINDS.WITHDRAWAL, key.verifyKey), RequestInvalid);
});

test("messages are closed, and name the field without repeating what was sent", () => {
  const refuse = (value: object, shape: Parameters<typeof messages.parse>[0] = messages.rankRequest): string => {
    try {
      messages.parse(shape, value);
    } catch (error) {
      assert.ok(error instanceof RequestInvalid);
      return error.message;
    }
    return assert.fail("it was taken");
  };
  assert.match(refuse({ ...rank, canary: 1 }), /^`RankRequest` is wrong: unknown fields/);
  assert.match(refuse({ ...rank, page: "canary!" }), /^`RankRequest.page` is wrong/);
  assert.doesNotMatch(refuse({ ...rank, page: "canary!" }), /canary/);
  assert.match(refuse({ ...rank, candidates: [offer, { ...offer, price: -1 }] }), /candidates\.1\.price/);
  assert.match(refuse({ ...rank, candidates: [{ ...offer, emotion: "joy" }] }), /unknown fields/);
  assert.match(refuse({ ...rank, asker: { subject: SUBJECT, device: "A".repeat(22), at: NOW } }), /MAC/);
  assert.match(refuse({ ...reward, reward: 101 }, messages.rewardRequest), /reward/);
  assert.match(refuse({ site: "shop" }), /RankRequest\.request/);
  assert.match(refuse(Object.create({ site: "shop" }) as object), /expected an object/);
  assert.throws(() => messages.parse(messages.rankRequest, null), RequestInvalid);
});

test("defaults are filled in, as the other side writes them", () => {
  assert.deepEqual(messages.parse(messages.rankRequest, rank), {
    v: 1, asker: null, mac: null, ...rank, page: "home", places: 5, candidates: null, history: [], own: [], age_band: "undeclared", otherwise: 0,
    rules: { exclude: [], without: [], adults: [], not_in: [], pin: [], cap: [], apart: [], effect: "order" },
  });
  assert.deepEqual(messages.parse(messages.rewardRequest, reward), { v: 1, asker: null, mac: null, ...reward, place: 1, kind: null });
});

test("a problem document may say more than we read", () => {
  const found = messages.parse(messages.problem, { type: "t", title: "t", status: 400, detail: "d", code: "c", more: 1 });
  assert.deepEqual(found, { type: "t", title: "t", status: 400, detail: "d", code: "c", laws: [] });
});

test("a consent statement that contradicts itself is refused", () => {
  const device = { role: "device", sign: "A".repeat(43), seal: "A".repeat(1622), stream_kid: "2026-11-22", sealed_stream_key: "A".repeat(1558) };
  const claims = { jurisdictions: ["EU-DE"], sector: "retail", role: "customer", age_band: "adult", gpc: false };
  const said = {
    site: "shop", subject: SUBJECT, at: NOW, nonce: "A".repeat(22), keys: [device], notice_sha256: "A".repeat(43), locale: "en", purposes: ["declare_mood"],
    claims, method: "screen",
  };
  messages.parse(messages.consentStatement, said);
  const recovery = { role: "recovery", sign: "A".repeat(43) };
  const wrong: readonly object[] = [
    { keys: [recovery] }, { keys: [device, device] }, { keys: [device, { role: "link", sign: "A".repeat(43) }] }, { keys: [{ ...device, seal: null }] },
    { keys: [device, { ...recovery, seal: device.seal }] }, { purposes: ["declare_mood", "declare_mood"] }, { purposes: [] }, { purposes: ["bind_account"] },
    { site_handle: "A".repeat(43) }, { guardian: { approval: "a.b.c" } }, { method: "SCREEN" }, { release: { name: " \u200bA", text_sha256: "A".repeat(43), at: NOW } },
  ];
  for (const change of wrong) assert.throws(() => messages.parse(messages.consentStatement, { ...said, ...change }), RequestInvalid, JSON.stringify(change));
});

test("every error has its own stable code and says its name", () => {
  const found = [new RequestInvalid("x"), new CapabilityInvalid("x", { laws: ["a law"] }), new KeepError("x")];
  assert.deepEqual(found.map(({ code, name, laws }) => [code, name, laws.length]), [
    ["request-invalid", "RequestInvalid", 0], ["capability-invalid", "CapabilityInvalid", 1], ["keep-error", "KeepError", 0],
  ]);
});
