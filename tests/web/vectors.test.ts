/** Every shared vector that applies to a browser, one scenario each, with the failure it must end in: the same files as `tests/wire/test_vectors.py`. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { MienError } from "../../sdk/web/src/errors.ts";
import type { Label } from "../../sdk/web/src/values.ts";
import { b64, type Bytes, unb64, utf8 } from "../../sdk/web/src/wire/bytes.ts";
import { decode, encode, type Json, type JsonObject } from "../../sdk/web/src/wire/canonical.ts";
import { OpenKey, SigningKey, VerifyKey } from "../../sdk/web/src/wire/keys.ts";
import * as proof from "../../sdk/web/src/wire/proof.ts";
import { checkMac, mac, openSealed, type Use } from "../../sdk/web/src/wire/seal.ts";
import { type Kind, sign, verify } from "../../sdk/web/src/wire/signatures.ts";
import { pack, unpack } from "../../sdk/web/src/wire/slots.ts";

interface Vector {
  readonly name: string;
  readonly failure: string | null;
  readonly op?: string;
  readonly size?: number;
  readonly index?: number;
  readonly old?: number;
  readonly new?: number;
  readonly at?: number;
  readonly base?: number;
  readonly labels?: readonly Label[];
  readonly value?: Json;
  readonly payload?: JsonObject;
  readonly context?: readonly string[];
  readonly parts?: readonly string[];
  readonly path?: readonly string[];
  readonly [text: string]: unknown;
}
interface File {
  readonly vectors: readonly Vector[];
  readonly leaves?: readonly string[];
}

function load(name: string): File {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8")) as File;
}

/** Run a step for each vector: it must succeed, or throw the error with exactly this code. */
function meets(name: string, step: (vector: Vector) => Promise<void>): void {
  for (const vector of load(name).vectors) {
    test(`${name}: ${vector.name}`, async () => {
      if (vector.failure === null) return step(vector);
      await assert.rejects(step(vector), (error) => error instanceof MienError && error.code === vector.failure);
    });
  }
}

const text = (vector: Vector, field: string): string => {
  const found = vector[field];
  assert.equal(typeof found, "string", `${vector.name} has ${field}`);
  return found as string;
};
const data = (vector: Vector, field: string): Bytes => unb64(text(vector, field));
const hex = (digits: string): Bytes => new Uint8Array(Buffer.from(digits, "hex"));
const base64 = (letters: string): Bytes => new Uint8Array(Buffer.from(letters, "base64"));

meets("canonical", async (vector) => {
  if (vector.op === "unb64") {
    const found = unb64(text(vector, "text"));
    assert.equal(Buffer.from(found).toString("hex"), text(vector, "bytes_hex"));
    assert.equal(b64(found), text(vector, "text"));
    return;
  }
  assert.deepEqual(decode(data(vector, "bytes")), vector.value);
  if (vector.op === "encode") assert.deepEqual(encode(vector.value as Json), data(vector, "bytes"));
});

meets("slots", async (vector) => {
  const labels = vector.labels ?? [];
  if (vector.op !== "unpack") assert.equal(b64(pack(labels, vector.base ?? 0)), text(vector, "plain"));
  if (vector.op !== "pack") assert.deepEqual(unpack(data(vector, "plain")), labels);
});

meets("seal", async (vector) => {
  const key = await OpenKey.fromSeed(data(vector, "xwing_seed"));
  const context = (vector.context ?? []).map(unb64);
  assert.deepEqual(await openSealed(data(vector, "sealed"), key, text(vector, "use") as Use, ...context), data(vector, "plain"));
});

meets("mac", async (vector) => {
  const parts = (vector.parts ?? []).map(unb64);
  const [key, use] = [data(vector, "key"), text(vector, "use") as Use];
  await checkMac(data(vector, "mac"), key, use, ...parts);
  assert.equal(b64(await mac(key, use, ...parts)), text(vector, "mac"));
});

meets("signatures", async (vector) => {
  const [kind, jws] = [text(vector, "kind") as Kind, text(vector, "jws")];
  assert.deepEqual(await verify(jws, kind, await VerifyKey.fromText(text(vector, "public"))), vector.payload);
  assert.equal(await sign(kind, vector.payload ?? {}, await SigningKey.fromSecret(data(vector, "secret"))), jws);
});

meets("checkpoint", async (vector) => {
  const { key } = await proof.parseNoteKey(text(vector, "vkey"));
  const found = await proof.parseCheckpoint(text(vector, "note"), text(vector, "origin"), key);
  assert.deepEqual({ ...found, root: proof.b64Note(found.root) }, { origin: vector["origin"], size: BigInt(vector.size ?? 0), root: vector["root"] });
});

meets("tlog_proof", async (vector) => {
  const { name, key } = await proof.parseNoteKey(text(vector, "vkey"));
  assert.equal(await proof.verifyTlogProof(text(vector, "proof"), data(vector, "entry"), name, key), BigInt(vector.index ?? -1));
});

meets("leaf", async (vector) => {
  const leaf = await proof.leafOf(data(vector, "nonce"), utf8(text(vector, "record")));
  assert.equal(b64(leaf), text(vector, "leaf"));
  const found = proof.readEntry(data(vector, "entry"));
  assert.deepEqual(found.leaf, leaf);
  assert.equal(found.hour, BigInt((vector.at ?? 0) - ((vector.at ?? 0) % 3600)));
  assert.equal(b64(await proof.leafHash(data(vector, "entry"))), text(vector, "leaf_hash"));
});

const published = load("rfc6962");
const leaves = (published.leaves ?? []).map(hex);
const roots = new Map(published.vectors.filter(({ op }) => op === "root").map((each) => [each.size, hex(text(each, "root"))]));
/** RFC 6962 section 2.1, word for word. */
async function treeHash(entries: readonly Bytes[]): Promise<Bytes> {
  const [first] = entries;
  if (first === undefined) return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(0)));
  if (entries.length === 1) return proof.leafHash(first);
  const middle = 2 ** Math.floor(Math.log2(entries.length - 1));
  return proof.nodeHash(await treeHash(entries.slice(0, middle)), await treeHash(entries.slice(middle)));
}

meets("rfc6962", async (vector) => {
  const path = (vector.path ?? []).map(hex);
  const root = (field: string, size: number | undefined): Bytes => (field in vector ? hex(text(vector, field)) : roots.get(size)) ?? new Uint8Array(0);
  if (vector.op === "root") {
    assert.deepEqual(await treeHash(leaves.slice(0, vector.size)), roots.get(vector.size));
  } else if (vector.op === "inclusion") {
    const entry = leaves[vector.index ?? -1] ?? new Uint8Array(0);
    await proof.verifyInclusion(entry, BigInt(vector.index ?? -1), BigInt(vector.size ?? 0), path, root("root", vector.size));
  } else {
    const [older, newer] = [root("old_root", vector.old), root("new_root", vector.new)];
    await proof.verifyConsistency(BigInt(vector.old ?? 0), older, BigInt(vector.new ?? 0), newer, path);
  }
});

/** A published signature of a note: its first four bytes are the key's id. */
async function signedNote(vkey: string, body: string, signature: string): Promise<void> {
  const { name, key } = await proof.parseNoteKey(vkey);
  const found = base64(signature);
  assert.deepEqual(found.slice(0, 4), await proof.noteId(name, key));
  await key.verify(found.slice(4), utf8(body));
}

meets("note", (vector) => signedNote(text(vector, "vkey"), String(vector["text"]), String(vector["signature"])));

meets("tlog_checkpoint", async (vector) => {
  if (vector.op === "signature") return signedNote(text(vector, "vkey"), text(vector, "body"), text(vector, "signature"));
  const another = await SigningKey.fromSecret(Uint8Array.from({ length: 32 }, (_, place) => place));
  await proof.parseCheckpoint(text(vector, "note"), text(vector, "note").split("\n", 1)[0] ?? "", another.verifyKey);
});

test("a log's checkpoint stands beside the cosignatures of its witnesses", async () => {
  for (const vector of load("cosignature").vectors) {
    const { name, key } = await proof.parseNoteKey(text(vector, "log"));
    assert.equal((await proof.parseCheckpoint(text(vector, "note"), name, key)).size, BigInt(vector.size ?? 0));
  }
});

test("every slice of a published key is refused", async () => {
  const whole = text(load("note").vectors[0] as Vector, "vkey");
  for (let start = 0; start < whole.length; start += 1) {
    for (let end = start; end <= whole.length; end += 1) {
      if (start === 0 && end === whole.length) continue;
      await assert.rejects(proof.parseNoteKey(whole.slice(start, end)), MienError);
    }
  }
});
