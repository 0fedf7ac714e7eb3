/**
 * What is kept of one site on one device: the person, their signing key, the counter, the queue, receipts. AES-256-GCM under a key that WebCrypto made
 * and does not give out; every value is bound to its own name.
 *
 * Nothing is written, not even that key, before there is something to keep: who was only asked leaves no trace.
 */
import { type Bytes } from "../wire/bytes.ts";
import { type Json } from "../wire/canonical.ts";
import type { SigningKey } from "../wire/keys.ts";
import type { Shelf } from "./shelf.ts";
/** Sealed envelopes kept while offline: nearly six hours at one every ten seconds. */
export declare const QUEUE_LIMIT = 2048;
/** Receipts kept; the oldest go first. */
export declare const RECEIPT_LIMIT = 64;
export declare class Keep {
    #private;
    /** The things of one site lie under `place`. `limit` bounds the queue. */
    constructor(shelf: Shelf, place: string, entropy: (size: number) => Bytes, limit?: number);
    /** What is kept of the person, null when nobody is known. Throws `KeepUnreadable`. */
    person(): Promise<Json | null>;
    /**
     * Replace what is kept of the person by `change` of it (null: leave it), against all others that would: `change` is asked again when another tab was
     * faster. Throws `KeepError` when that never ends.
     */
    changePerson(change: (value: Json | null) => Promise<Json | null>): Promise<void>;
    /** Keep a signing key as WebCrypto holds it, before the person who has it. */
    keepSigning(key: SigningKey): Promise<void>;
    /** The private half of a signing key, by the id of the key. Throws `KeepUnreadable` when it is gone. */
    signing(id: string): Promise<CryptoKey>;
    /** Remove every signing key but this one: those of tabs that were too late. */
    onlySigning(id: string): Promise<void>;
    /** Remove everything that is kept of the site: keys, consent, receipts, counter, queue. */
    forget(): Promise<void>;
    /** A document such as how far asking went, or the server's signed description of itself; null for none. */
    document(name: string): Promise<Json | null>;
    /** Keep a document. */
    keepDocument(name: string, value: Json): Promise<void>;
    /** Keep a receipt behind those that are there, of which the last `RECEIPT_LIMIT` stay. */
    keepReceipt(value: Json): Promise<void>;
    /** The kept receipts, newest last. Throws `KeepUnreadable`. */
    receipts(): Promise<readonly Json[]>;
    /** A sequence number that nobody had before, from 1. */
    nextNumber(): Promise<number>;
    /** Queue a sealed envelope. When the queue is full the oldest goes, and is counted as lost. */
    put(number: number, envelope: Json): Promise<void>;
    /** The numbers of the waiting envelopes, oldest first. */
    queue(): Promise<readonly number[]>;
    /** A waiting envelope, null when it is gone. One that is damaged is dropped and counted as lost. */
    envelope(number: number): Promise<Json | null>;
    /** The server has this envelope: it need not be kept. */
    sent(number: number): Promise<void>;
    /** Drop an envelope that can never arrive, and count it. */
    lose(number: number, why: string): Promise<void>;
    /** Drop every waiting envelope (withdrawal). Gives how many there were. */
    purge(): Promise<number>;
    /** Remember that something was lost, so that it can be told. */
    countLoss(why: string, number: number): Promise<void>;
    /** How many envelopes or labels were lost, by why. */
    losses(): Promise<Readonly<Record<string, number>>>;
}
