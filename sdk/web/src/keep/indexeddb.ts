/** The shelf of a browser: one IndexedDB database of the page's origin. Keys lie in it as WebCrypto's own objects, which no script can read out. */

import { KeepError } from "../errors.ts";
import { count, type Kept, type Shelf, type Value } from "./shelf.ts";

const STORE = "kept";
const VERSION = 1;

/** Opened at first use; nothing is made in the browser before something is read or kept. */
export class IndexedShelf implements Shelf {
  readonly #factory: IDBFactory;
  readonly #database: string;
  #opened: Promise<IDBDatabase> | null = null;

  /** `database` names it; `factory` is the browser's. */
  constructor(database = "mien", factory: IDBFactory = globalThis.indexedDB) {
    this.#factory = factory;
    this.#database = database;
  }

  /** Close the connection, so that the database can be removed. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    (await opened)?.close();
  }

  async get(name: string): Promise<Kept | null> {
    const found: unknown = await this.#in("readonly", (store) => answer(store.get(name)));
    return (found as Kept | undefined) ?? null;
  }

  async swap(name: string, revision: number, value: Value): Promise<boolean> {
    return this.#in("readwrite", async (store) => {
      const there = ((await answer(store.get(name))) as Kept | undefined)?.revision ?? 0;
      if (there !== revision) return false;
      await answer(store.put({ revision: revision + 1, value }, name));
      return true;
    });
  }

  async remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await this.#in("readwrite", async (store) => {
      for (const name of names) await answer(store.delete(name));
    });
  }

  async names(prefix: string): Promise<readonly string[]> {
    const keys = await this.#in("readonly", (store) => answer(store.getAllKeys(IDBKeyRange.bound(prefix, `${prefix}\uffff`))));
    return keys.map(String);
  }

  async next(name: string): Promise<number> {
    return this.#in("readwrite", async (store) => {
      const there = (await answer(store.get(name))) as Kept | undefined;
      const number = count(there?.value) + 1;
      await answer(store.put({ revision: (there?.revision ?? 0) + 1, value: number }, name));
      return number;
    });
  }

  /** `work` in one transaction, on the disk when this gives its answer. Nothing but requests of the transaction is awaited inside: it would end. */
  async #in<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      const transaction = (await this.#open()).transaction(STORE, mode, { durability: "strict" });
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
      });
      const [found] = await Promise.all([work(transaction.objectStore(STORE)), done]);
      return found;
    } catch (cause) {
      if (cause instanceof KeepError) throw cause;
      throw new KeepError("this browser's storage cannot be used; allow storage for the site, or free some space", { cause });
    }
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= new Promise((resolve, reject) => {
      const request = this.#factory.open(this.#database, VERSION);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onerror = () => reject(request.error ?? new DOMException("cannot open", "UnknownError"));
      request.onsuccess = () => {
        // Another tab with a newer version may upgrade: this one opens again when it is used.
        request.result.onversionchange = () => void this.close();
        resolve(request.result);
      };
    });
    this.#opened.catch(() => { this.#opened = null; });
    return this.#opened;
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("failed", "UnknownError"));
  });
}
