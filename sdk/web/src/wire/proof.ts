/**
 * Proofs from the audit log, verified without trusting who sent them: the twin of `mien/wire/proof.py`. Pure: no clock, no network.
 *
 * Merkle trees are those of RFC 6962 section 2.1 (SHA-256); checkpoints are C2SP signed notes (c2sp.org/tlog-checkpoint) with an Ed25519 signature
 * (type 0x01); the officer's file is c2sp.org/tlog-proof@v1. Whatever has a second spelling is refused. Sizes and places are bigints: a log may have
 * up to 2^63 - 1 entries.
 *
 *     entry  = leaf (32 bytes) || hour (8 bytes, big-endian unix seconds)
 *     leaf   = SHA-256(nonce (32 bytes) || canonical decision record)
 */

import { CheckpointInvalid, MienError, ProofInvalid, SignatureInvalid } from "../errors.ts";
import { b64, bigEndian, type Bytes, characters, concat, equal, fromBigEndian, unb64, utf8 } from "./bytes.ts";
import { own, sha256, SIGN_BYTES, VerifyKey } from "./keys.ts";

export const HASH_BYTES = 32;
const NONCE_BYTES = 32;
export const ENTRY_BYTES = HASH_BYTES + 8;
const HOUR = 3600n;
const MAX_SIZE = 2n ** 63n - 1n;
const MAX_PROOF_HASHES = 63;
/** Room for the 16 signatures that c2sp.org/signed-note asks verifiers to accept, post-quantum ones included. */
const MAX_NOTE_CHARS = 128 * 1024;
const MAX_ORIGIN_CHARS = 200;
/** Type byte of a log's key (c2sp.org/signed-note, signature types). */
const ED25519 = 1;
const ID_BYTES = 4;
const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const NUMBER = /^(?:0|[1-9][0-9]{0,18})$/;
/** No spaces, no plus sign, nothing that cannot be seen. */
const NAME = /^[^\s+\p{C}\p{Z}]+$/u;

/** What a log commits to: its name, the number of entries, and the root of the tree over them (32 bytes). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Bytes;
}

/** A tlog-proof taken apart and not yet verified: place of the entry, path from its sibling up to the root, checkpoint as signed. */
export interface TlogProof {
  readonly index: bigint;
  readonly path: readonly Bytes[];
  readonly checkpoint: string;
}

// ---- hashes ----
/** The commitment to a decision record: SHA-256(nonce || record). `nonce` has 32 bytes. Throws `ProofInvalid`. */
export async function leafOf(nonce: Uint8Array, record: Uint8Array): Promise<Bytes> {
  if (nonce.length !== NONCE_BYTES) throw new ProofInvalid(`a leaf is opened with a nonce of ${NONCE_BYTES} bytes; copy it whole`);
  return sha256(concat(nonce, record));
}

/** Leaf and hour (unix seconds) of a log entry. Throws `ProofInvalid` for whatever is no entry. */
export function readEntry(entry: Uint8Array): { readonly leaf: Bytes; readonly hour: bigint } {
  const hour = fromBigEndian(entry.subarray(HASH_BYTES, ENTRY_BYTES));
  if (entry.length !== ENTRY_BYTES || hour > MAX_SIZE || hour % HOUR !== 0n) {
    throw new ProofInvalid(`not an entry of ${ENTRY_BYTES} bytes with a full hour; ask for it again`);
  }
  return { leaf: own(entry.subarray(0, HASH_BYTES)), hour };
}

/** Hash of a log entry: SHA-256(0x00 || entry) (RFC 6962 section 2.1). */
export async function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(concat(bigEndian(0, 1), entry));
}

/** Hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962 section 2.1). */
export async function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(concat(bigEndian(1, 1), left, right));
}

// ---- proofs ----
/** Return when `entry` stands at `index` of the tree with this `size` and `root` (RFC 9162 section 2.1.3.2); throw `ProofInvalid` otherwise. */
export async function verifyInclusion(
  entry: Uint8Array, index: bigint, size: bigint, path: readonly Uint8Array[], root: Uint8Array,
): Promise<void> {
  checkSize(size);
  checkPath(path);
  if (index < 0n || index >= size) {
    throw new ProofInvalid(`no entry \`${index}\` in a log of ${size}; ask for a proof from a newer checkpoint`);
  }
  let [at, last, found] = [index, size - 1n, await leafHash(entry)];
  for (const sibling of path) {
    if (last === 0n) throw new ProofInvalid(wrongPath(index));
    if (odd(at) || at === last) {
      found = await nodeHash(sibling, found);
      [at, last] = climb(at, last);
    } else {
      found = await nodeHash(found, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n || !equal(found, root)) throw new ProofInvalid(wrongPath(index));
}

/**
 * Return when the newer tree begins with all entries of the older one, unchanged (RFC 9162 section 2.1.4.2); throw `ProofInvalid` otherwise. Every tree
 * begins with the empty one, and equals itself: those proofs are empty.
 */
export async function verifyConsistency(
  oldSize: bigint, oldRoot: Uint8Array, newSize: bigint, newRoot: Uint8Array, path: readonly Uint8Array[],
): Promise<void> {
  checkSize(oldSize);
  checkSize(newSize);
  checkPath(path);
  if (oldSize > newSize) {
    throw new ProofInvalid(`the log has ${newSize} entries and had ${oldSize}: entries are gone; keep both checkpoints`);
  }
  if (oldSize === 0n || oldSize === newSize) {
    const expected = oldSize === newSize ? newRoot : await sha256(new Uint8Array(0));
    if (path.length > 0 || !equal(oldRoot, expected)) throw new ProofInvalid(rewritten(oldSize));
    return;
  }
  // RFC 9162 2.1.4.2 step 3: over a power of two, the old root is itself a node of the new tree.
  const [first, ...rest] = (oldSize & (oldSize - 1n)) === 0n ? [oldRoot, ...path] : path;
  if (first === undefined) throw new ProofInvalid(rewritten(oldSize));
  await climbBoth(oldSize, oldRoot, newSize, newRoot, first, rest);
}

async function climbBoth(
  oldSize: bigint, oldRoot: Uint8Array, newSize: bigint, newRoot: Uint8Array, first: Uint8Array, rest: readonly Uint8Array[],
): Promise<void> {
  let [at, last] = [oldSize - 1n, newSize - 1n];
  while (odd(at)) [at, last] = [at >> 1n, last >> 1n];
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0n) throw new ProofInvalid(rewritten(oldSize));
    if (odd(at) || at === last) {
      [older, newer] = [await nodeHash(sibling, older), await nodeHash(sibling, newer)];
      [at, last] = climb(at, last);
    } else {
      newer = await nodeHash(newer, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n || !equal(older, oldRoot) || !equal(newer, newRoot)) throw new ProofInvalid(rewritten(oldSize));
}

/** Skip the levels at which the right edge has no sibling (RFC 9162 section 2.1.3.2, step 4.2.2). */
function climb(at: bigint, last: bigint): [bigint, bigint] {
  let [here, edge] = [at, last];
  while (here !== 0n && !odd(here)) [here, edge] = [here >> 1n, edge >> 1n];
  return [here, edge];
}

function odd(number: bigint): boolean {
  return (number & 1n) === 1n;
}

function checkSize(size: bigint): void {
  if (size < 0n || size > MAX_SIZE) throw new ProofInvalid(`a log has at most ${MAX_SIZE} entries; check the checkpoint`);
}

function checkPath(path: readonly Uint8Array[]): void {
  if (path.length > MAX_PROOF_HASHES || path.some((each) => each.length !== HASH_BYTES)) {
    throw new ProofInvalid(`a proof has at most ${MAX_PROOF_HASHES} hashes of ${HASH_BYTES} bytes; copy it whole`);
  }
}

function wrongPath(index: bigint): string {
  return `the proof does not lead from entry \`${index}\` to the root; the entry or the proof was altered`;
}

function rewritten(size: bigint): string {
  return `the first ${size} entries are not those of the older checkpoint; keep both checkpoints as evidence`;
}

// ---- keys of signed notes ----
/** Id of an Ed25519 key in signed notes: SHA-256(name || 0x0A || type || public key)[:4] (c2sp.org/signed-note). */
export async function noteId(name: string, key: VerifyKey): Promise<Bytes> {
  const whole = await sha256(concat(utf8(`${name}\n`), bigEndian(ED25519, 1), key.public));
  return own(whole.subarray(0, ID_BYTES));
}

/** Name and key of a verification key of a log, `<name>+<id>+<key>`. Throws `CheckpointInvalid`, also for a key of another type. */
export async function parseNoteKey(text: string): Promise<{ readonly name: string; readonly key: VerifyKey }> {
  const { before: name, behind: rest } = cut(text, "+");
  const { before: identity, behind: encoded } = cut(rest, "+");
  checkOrigin(name);
  const data = unb64Note(encoded);
  if (data.length !== 1 + SIGN_BYTES || data[0] !== ED25519) {
    throw new CheckpointInvalid("not an ed25519 key of a log; copy it whole, from `+` to `=`");
  }
  const key = await VerifyKey.of(data.subarray(1));
  if (identity !== hex(await noteId(name, key))) {
    throw new CheckpointInvalid("the log's key and its id do not belong together; copy it whole");
  }
  return { name, key };
}

function checkOrigin(origin: string): void {
  if (characters(origin) > MAX_ORIGIN_CHARS || !NAME.test(origin)) {
    throw new CheckpointInvalid("a log's name has no spaces and no plus sign; use one like `shop.example/audit`");
  }
}

// ---- checkpoints ----
/**
 * The checkpoint in a signed note, verified: the log's name is `origin` and `key` signed it. Signatures of other keys (witnesses) are ignored, as
 * c2sp.org/signed-note asks; a wrong one under the log's own key refuses the whole note. Throws `CheckpointInvalid`.
 */
export async function parseCheckpoint(text: string, origin: string, key: VerifyKey): Promise<Checkpoint> {
  const { body, signatures } = splitNote(text);
  const checkpoint = parseBody(body);
  if (checkpoint.origin !== origin) {
    throw new CheckpointInvalid(`a checkpoint of another log, not of \`${origin}\`; fetch it from the right log`);
  }
  const identity = await noteId(origin, key);
  const mine = signatures.filter((each) => each.name === origin && equal(each.id, identity));
  if (mine.length === 0) {
    throw new CheckpointInvalid(`the checkpoint of \`${origin}\` is not signed by the key given; compare the key's id`);
  }
  for (const { signature } of mine) {
    try {
      await key.verify(signature, utf8(body));
    } catch (cause) {
      if (!(cause instanceof SignatureInvalid)) throw cause;
      throw new CheckpointInvalid(`the signature on the checkpoint of \`${origin}\` does not verify; fetch it again`, { cause });
    }
  }
  return checkpoint;
}

interface NoteSignature {
  readonly name: string;
  readonly id: Bytes;
  readonly signature: Bytes;
}

/** Text of the note and its signatures. The last empty line divides them (c2sp.org/signed-note). */
function splitNote(text: string): { readonly body: string; readonly signatures: readonly NoteSignature[] } {
  // eslint-disable-next-line no-control-regex
  if (characters(text) > MAX_NOTE_CHARS || /[\u0000-\u0009\u000b-\u001f]/.test(text)) {
    throw new CheckpointInvalid("the checkpoint is too long or holds control characters; fetch it again");
  }
  const divider = text.lastIndexOf("\n\n");
  const tail = text.slice(divider + 2);
  if (divider < 0 || !tail.endsWith("\n")) throw new CheckpointInvalid("the checkpoint is cut short; fetch it again");
  return { body: text.slice(0, divider + 1), signatures: tail.slice(0, -1).split("\n").map(readSignature) };
}

function readSignature(line: string): NoteSignature {
  const { before: dash, behind: rest } = cut(line, " ");
  const { before: name, behind: signature } = cut(rest, " ");
  if (dash !== "\u2014") throw new CheckpointInvalid("a line after the checkpoint is no signature; fetch it again");
  checkOrigin(name);
  const data = unb64Note(signature);
  if (data.length <= ID_BYTES) throw new CheckpointInvalid("a signature on the checkpoint is cut short; fetch it again");
  return { name, id: own(data.subarray(0, ID_BYTES)), signature: own(data.subarray(ID_BYTES)) };
}

/** The text of a checkpoint taken apart, nothing verified. Extension lines are refused: a channel that nobody audits. */
function parseBody(body: string): Checkpoint {
  const [origin, number, root, ...more] = body.slice(0, -1).split("\n");
  if (origin === undefined || number === undefined || root === undefined || more.length > 0) {
    throw new CheckpointInvalid("a checkpoint has three lines: name, size, root; fetch it again");
  }
  checkOrigin(origin);
  const size = NUMBER.test(number) ? BigInt(number) : MAX_SIZE + 1n;
  if (size > MAX_SIZE) {
    throw new CheckpointInvalid("the size of the log is no whole number in its one spelling; fetch it again");
  }
  const hash = unb64Note(root);
  if (hash.length !== HASH_BYTES) throw new CheckpointInvalid(`the root in the checkpoint has not ${HASH_BYTES} bytes; fetch it again`);
  return { origin, size, root: hash };
}

/** Standard base64 (RFC 4648 section 4) in its one spelling. Throws `CheckpointInvalid`. */
function unb64Note(text: string): Bytes {
  const bare = text.replace(/={1,2}$/, "");
  const padded = text.length % 4 === 0 && text.length - bare.length === (4 - (bare.length % 4)) % 4;
  if (!padded || /[^A-Za-z0-9+/]/.test(bare)) throw new CheckpointInvalid("not base64; copy the text whole");
  try {
    return unb64(bare.replaceAll("+", "-").replaceAll("/", "_"));
  } catch (cause) {
    if (!(cause instanceof MienError)) throw cause;
    throw new CheckpointInvalid("not canonical base64; copy the text whole", { cause });
  }
}

// ---- the officer's file ----
/** A c2sp.org/tlog-proof@v1 taken apart, nothing verified. The optional `extra` line is read over: it is not authenticated. Throws `ProofInvalid`. */
export function parseTlogProof(text: string): TlogProof {
  const { before: head, behind: checkpoint, found } = cut(text, "\n\n");
  const lines = head.split("\n");
  if (characters(text) > 2 * MAX_NOTE_CHARS || !found || lines.shift() !== PROOF_HEADER) {
    throw new ProofInvalid(`not a proof that begins with \`${PROOF_HEADER}\`; copy the file whole`);
  }
  if (lines[0]?.startsWith("extra ")) proofBytes(lines.shift()?.slice("extra ".length) ?? "");
  const { before: word, behind: number } = cut(lines.shift() ?? "", " ");
  if (word !== "index" || !NUMBER.test(number)) throw new ProofInvalid("the proof names no entry; copy the file whole");
  const path = lines.map(proofBytes);
  checkPath(path);
  return { index: BigInt(number), path, checkpoint };
}

/**
 * The index at which `entry` stands in the log `origin`, when the proof and its checkpoint hold. Throws `ProofInvalid` for the proof,
 * `CheckpointInvalid` for its checkpoint.
 */
export async function verifyTlogProof(text: string, entry: Uint8Array, origin: string, key: VerifyKey): Promise<bigint> {
  const proof = parseTlogProof(text);
  const checkpoint = await parseCheckpoint(proof.checkpoint, origin, key);
  await verifyInclusion(entry, proof.index, checkpoint.size, proof.path, checkpoint.root);
  return proof.index;
}

function proofBytes(text: string): Bytes {
  try {
    return unb64Note(text);
  } catch (cause) {
    if (!(cause instanceof CheckpointInvalid)) throw cause;
    throw new ProofInvalid("a line of the proof is no base64; copy the file whole", { cause });
  }
}

/** A text before and behind the first divider; all of it before where there is none. */
function cut(text: string, divider: string): { readonly before: string; readonly behind: string; readonly found: boolean } {
  const at = text.indexOf(divider);
  if (at < 0) return { before: text, behind: "", found: false };
  return { before: text.slice(0, at), behind: text.slice(at + divider.length), found: true };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Standard base64 of these bytes: as checkpoints spell roots. */
export function b64Note(bytes: Uint8Array): string {
  const bare = b64(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return bare + "=".repeat((4 - (bare.length % 4)) % 4);
}
