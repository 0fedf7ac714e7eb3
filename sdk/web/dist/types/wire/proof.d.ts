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
import { type Bytes } from "./bytes.ts";
import { VerifyKey } from "./keys.ts";
export declare const HASH_BYTES = 32;
export declare const ENTRY_BYTES: number;
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
/** The commitment to a decision record: SHA-256(nonce || record). `nonce` has 32 bytes. Throws `ProofInvalid`. */
export declare function leafOf(nonce: Uint8Array, record: Uint8Array): Promise<Bytes>;
/** Leaf and hour (unix seconds) of a log entry. Throws `ProofInvalid` for whatever is no entry. */
export declare function readEntry(entry: Uint8Array): {
    readonly leaf: Bytes;
    readonly hour: bigint;
};
/** Hash of a log entry: SHA-256(0x00 || entry) (RFC 6962 section 2.1). */
export declare function leafHash(entry: Uint8Array): Promise<Bytes>;
/** Hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962 section 2.1). */
export declare function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes>;
/** Return when `entry` stands at `index` of the tree with this `size` and `root` (RFC 9162 section 2.1.3.2); throw `ProofInvalid` otherwise. */
export declare function verifyInclusion(entry: Uint8Array, index: bigint, size: bigint, path: readonly Uint8Array[], root: Uint8Array): Promise<void>;
/**
 * Return when the newer tree begins with all entries of the older one, unchanged (RFC 9162 section 2.1.4.2); throw `ProofInvalid` otherwise. Every tree
 * begins with the empty one, and equals itself: those proofs are empty.
 */
export declare function verifyConsistency(oldSize: bigint, oldRoot: Uint8Array, newSize: bigint, newRoot: Uint8Array, path: readonly Uint8Array[]): Promise<void>;
/** Id of an Ed25519 key in signed notes: SHA-256(name || 0x0A || type || public key)[:4] (c2sp.org/signed-note). */
export declare function noteId(name: string, key: VerifyKey): Promise<Bytes>;
/** Name and key of a verification key of a log, `<name>+<id>+<key>`. Throws `CheckpointInvalid`, also for a key of another type. */
export declare function parseNoteKey(text: string): Promise<{
    readonly name: string;
    readonly key: VerifyKey;
}>;
/**
 * The checkpoint in a signed note, verified: the log's name is `origin` and `key` signed it. Signatures of other keys (witnesses) are ignored, as
 * c2sp.org/signed-note asks; a wrong one under the log's own key refuses the whole note. Throws `CheckpointInvalid`.
 */
export declare function parseCheckpoint(text: string, origin: string, key: VerifyKey): Promise<Checkpoint>;
/** A c2sp.org/tlog-proof@v1 taken apart, nothing verified. The optional `extra` line is read over: it is not authenticated. Throws `ProofInvalid`. */
export declare function parseTlogProof(text: string): TlogProof;
/**
 * The index at which `entry` stands in the log `origin`, when the proof and its checkpoint hold. Throws `ProofInvalid` for the proof,
 * `CheckpointInvalid` for its checkpoint.
 */
export declare function verifyTlogProof(text: string, entry: Uint8Array, origin: string, key: VerifyKey): Promise<bigint>;
/** Standard base64 of these bytes: as checkpoints spell roots. */
export declare function b64Note(bytes: Uint8Array): string;
