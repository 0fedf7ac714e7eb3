/**
 * What is kept of one site on one device: the person, their signing key, the counter, the queue, receipts. AES-256-GCM under a key that WebCrypto made
 * and does not give out; every value is bound to its own name.
 *
 * Nothing is written, not even that key, before there is something to keep: who was only asked leaves no trace.
 */

import { KeepError, KeepUnreadable, RequestInvalid } from "../errors.ts";
import { type Bytes, concat, utf8 } from "../wire/bytes.ts";
import { decode, encode, isObject, type Json } from "../wire/canonical.ts";
import type { SigningKey } from "../wire/keys.ts";
import type { Shelf, Value } from "./shelf.ts";

/** Sealed envelopes kept while offline: nearly six hours at one every ten seconds. */
export const QUEUE_LIMIT = 2048;
/** Receipts kept; the oldest go first. */
export const RECEIPT_LIMIT = 64;
const NONCE = 12;
const DIGITS = 16;
/** No kept value has more bytes when it is opened. */
const MOST = 1024 * 1024;
/** How often a change is tried again while other tabs change the same thing. */
const TRIES = 64;

export class Keep {
  readonly #shelf: Shelf;
  readonly #place: string;
  readonly #entropy: (size: number) => Bytes;
  readonly #limit: number;

  /** The things of one site lie under `place`. `limit` bounds the queue. */
  constructor(shelf: Shelf, place: string, entropy: (size: number) => Bytes, limit: number = QUEUE_LIMIT) {
    this.#shelf = shelf;
    this.#place = place;
    this.#entropy = entropy;
    this.#limit = limit;
  }

  // ---- the person ----
  /** What is kept of the person, null when nobody is known. Throws `KeepUnreadable`. */
  async person(): Promise<Json | null> {
    return (await this.#load("person"))?.value ?? null;
  }

  /**
   * Replace what is kept of the person by `change` of it (null: leave it), against all others that would: `change` is asked again when another tab was
   * faster. Throws `KeepError` when that never ends.
   */
  async changePerson(change: (value: Json | null) => Promise<Json | null>): Promise<void> {
    await this.#change("person", change);
  }

  /** Keep a signing key as WebCrypto holds it, before the person who has it. */
  async keepSigning(key: SigningKey): Promise<void> {
    await this.#put(`sign/${key.verifyKey.id}`, key.secret);
  }

  /** The private half of a signing key, by the id of the key. Throws `KeepUnreadable` when it is gone. */
  async signing(id: string): Promise<CryptoKey> {
    const found = (await this.#shelf.get(this.#name(`sign/${id}`)))?.value;
    if (!(found instanceof CryptoKey)) {
      throw new KeepUnreadable("this device's signing key is gone; clear the site's storage, and recover with the recovery code");
    }
    return found;
  }

  /** Remove every signing key but this one: those of tabs that were too late. */
  async onlySigning(id: string): Promise<void> {
    const names = await this.#shelf.names(this.#name("sign/"));
    await this.#shelf.remove(names.filter((name) => name !== this.#name(`sign/${id}`)));
  }

  /** Remove everything that is kept of the site: keys, consent, receipts, counter, queue. */
  async forget(): Promise<void> {
    await this.#shelf.remove(await this.#shelf.names(this.#name("")));
  }

  // ---- documents ----
  /** A document such as how far asking went, or the server's signed description of itself; null for none. */
  async document(name: string): Promise<Json | null> {
    return (await this.#load(`document/${name}`))?.value ?? null;
  }

  /** Keep a document. */
  async keepDocument(name: string, value: Json): Promise<void> {
    await this.#change(`document/${name}`, () => Promise.resolve(value));
  }

  // ---- receipts ----
  /** Keep a receipt behind those that are there, of which the last `RECEIPT_LIMIT` stay. */
  async keepReceipt(value: Json): Promise<void> {
    const number = await this.#shelf.next(this.#name("receipts"));
    await this.#change(numbered("receipt", number), () => Promise.resolve(value));
    const there = await this.#shelf.names(this.#name("receipt/"));
    await this.#shelf.remove(there.slice(0, Math.max(0, there.length - RECEIPT_LIMIT)));
  }

  /** The kept receipts, newest last. Throws `KeepUnreadable`. */
  async receipts(): Promise<readonly Json[]> {
    const found = await Promise.all((await this.#numbers("receipt")).map((number) => this.#load(numbered("receipt", number))));
    return found.flatMap((each) => (each === null ? [] : [each.value]));
  }

  // ---- the queue ----
  /** A sequence number that nobody had before, from 1. */
  async nextNumber(): Promise<number> {
    return this.#shelf.next(this.#name("counter"));
  }

  /** Queue a sealed envelope. When the queue is full the oldest goes, and is counted as lost. */
  async put(number: number, envelope: Json): Promise<void> {
    await this.#change(numbered("envelope", number), () => Promise.resolve(envelope));
    const waiting = await this.queue();
    for (const oldest of waiting.slice(0, Math.max(0, waiting.length - this.#limit))) await this.lose(oldest, "queue-full");
  }

  /** The numbers of the waiting envelopes, oldest first. */
  async queue(): Promise<readonly number[]> {
    return this.#numbers("envelope");
  }

  /** A waiting envelope, null when it is gone. One that is damaged is dropped and counted as lost. */
  async envelope(number: number): Promise<Json | null> {
    try {
      return (await this.#load(numbered("envelope", number)))?.value ?? null;
    } catch (error) {
      if (!(error instanceof KeepUnreadable)) throw error;
      await this.lose(number, "damaged");
      return null;
    }
  }

  /** The server has this envelope: it need not be kept. */
  async sent(number: number): Promise<void> {
    await this.#shelf.remove([this.#name(numbered("envelope", number))]);
  }

  /** Drop an envelope that can never arrive, and count it. */
  async lose(number: number, why: string): Promise<void> {
    await this.sent(number);
    await this.countLoss(why, 1);
  }

  /** Drop every waiting envelope (withdrawal). Gives how many there were. */
  async purge(): Promise<number> {
    const waiting = await this.#shelf.names(this.#name("envelope/"));
    await this.#shelf.remove(waiting);
    return waiting.length;
  }

  // ---- what was lost ----
  /** Remember that something was lost, so that it can be told. */
  async countLoss(why: string, number: number): Promise<void> {
    await this.#change("losses", (value) => {
      const found = counts(value);
      return Promise.resolve({ ...found, [why]: (found[why] ?? 0) + number });
    });
  }

  /** How many envelopes or labels were lost, by why. */
  async losses(): Promise<Readonly<Record<string, number>>> {
    return counts((await this.#load("losses"))?.value ?? null);
  }

  async #numbers(what: string): Promise<readonly number[]> {
    const prefix = this.#name(`${what}/`);
    return (await this.#shelf.names(prefix)).map((name) => Number(name.slice(prefix.length)));
  }

  // ---- encryption ----
  async #load(name: string): Promise<{ readonly revision: number; readonly value: Json } | null> {
    const found = await this.#shelf.get(this.#name(name));
    if (found === null) return null;
    const master = await this.#master(false).catch(async (error: unknown) => {
      if ((await this.#shelf.get(this.#name(name))) !== null) throw error;
      return null; // another tab forgot everything while this one read
    });
    if (master === null) return null;
    try {
      const data = found.value as Bytes;
      const how = { name: "AES-GCM", iv: data.slice(0, NONCE), additionalData: utf8(this.#name(name)) };
      const plain = await crypto.subtle.decrypt(how, master, data.slice(NONCE));
      return { revision: found.revision, value: decode(new Uint8Array(plain), MOST) };
    } catch (cause) {
      if (!opening(cause)) throw cause;
      throw new KeepUnreadable("what this browser keeps does not open with its key; clear the site's storage to start afresh", { cause });
    }
  }

  async #change(name: string, change: (value: Json | null) => Promise<Json | null>): Promise<void> {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const found = await this.#load(name);
      const value = await change(found?.value ?? null);
      if (value === null) return;
      const nonce = this.#entropy(NONCE);
      const how = { name: "AES-GCM", iv: nonce, additionalData: utf8(this.#name(name)) };
      const sealed = await crypto.subtle.encrypt(how, await this.#master(true), encode(value));
      if (await this.#shelf.swap(this.#name(name), found?.revision ?? 0, concat(nonce, new Uint8Array(sealed)))) return;
    }
    throw new KeepError("other tabs change the same thing all the time; close them and try again");
  }

  /** The key that everything lies under, made when something is kept for the first time. */
  async #master(make: boolean): Promise<CryptoKey> {
    const name = this.#name("master");
    const found = (await this.#shelf.get(name))?.value;
    if (found instanceof CryptoKey) return found;
    if (!make) throw new KeepUnreadable("the key of this browser's storage is gone; clear the site's storage to start afresh");
    const fresh = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // Another tab may have been faster: then its key is the one.
    return (await this.#shelf.swap(name, 0, fresh)) ? fresh : this.#master(false);
  }

  async #put(name: string, value: Value): Promise<void> {
    const there = await this.#shelf.get(this.#name(name));
    await this.#shelf.swap(this.#name(name), there?.revision ?? 0, value);
  }

  #name(name: string): string {
    return `${this.#place}/${name}`;
  }
}

/** Whether this is what opening damaged or foreign bytes fails with. */
function opening(cause: unknown): boolean {
  return cause instanceof DOMException || cause instanceof TypeError || cause instanceof RequestInvalid;
}

function numbered(what: string, number: number): string {
  return `${what}/${String(number).padStart(DIGITS, "0")}`;
}

function counts(value: Json | null): Readonly<Record<string, number>> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}
