/** Where a device's things lie: names and values, two tabs at a time. The browser's is `IndexedShelf`; `MemoryShelf` forgets when the page goes. */

import { KeepError } from "../errors.ts";

/** What can lie there: encrypted bytes, a count, or a key that WebCrypto holds and that leaves no other way. */
export type Value = Uint8Array<ArrayBuffer> | number | CryptoKey;

/** A value and how often it was replaced, from 1. */
export interface Kept {
  readonly revision: number;
  readonly value: Value;
}

/** Every method is one transaction: what another tab does happens before it or after it. */
export interface Shelf {
  /** What lies under `name`, null for nothing. */
  get(name: string): Promise<Kept | null>;
  /** Put `value` there when the revision is still `revision` (0: nothing is there). Whether it was. */
  swap(name: string, revision: number, value: Value): Promise<boolean>;
  /** Remove these. */
  remove(names: readonly string[]): Promise<void>;
  /** The names that begin with `prefix`, in order. */
  names(prefix: string): Promise<readonly string[]>;
  /** The next number of a counter, from 1. Durable before it is given, so a crash skips a number and never repeats one. */
  next(name: string): Promise<number>;
}

/** A shelf in memory, with the rules of the other: values are cloned as the browser clones them. */
export class MemoryShelf implements Shelf {
  readonly #kept = new Map<string, Kept>();

  get(name: string): Promise<Kept | null> {
    const found = this.#kept.get(name);
    return Promise.resolve(found === undefined ? null : structuredClone(found));
  }

  swap(name: string, revision: number, value: Value): Promise<boolean> {
    const there = this.#kept.get(name)?.revision ?? 0;
    if (there !== revision) return Promise.resolve(false);
    this.#kept.set(name, structuredClone({ revision: revision + 1, value }));
    return Promise.resolve(true);
  }

  remove(names: readonly string[]): Promise<void> {
    for (const name of names) this.#kept.delete(name);
    return Promise.resolve();
  }

  names(prefix: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#kept.keys()].filter((name) => name.startsWith(prefix)).sort());
  }

  next(name: string): Promise<number> {
    const there = this.#kept.get(name);
    const number = count(there?.value) + 1;
    this.#kept.set(name, { revision: (there?.revision ?? 0) + 1, value: number });
    return Promise.resolve(number);
  }
}

/** A kept count, 0 for none. Throws `KeepError` for what is no count. */
export function count(value: Value | undefined): number {
  if (value === undefined) return 0;
  if (typeof value !== "number") throw new KeepError("a counter on this device is damaged; clear the site's storage to start afresh");
  return value;
}
