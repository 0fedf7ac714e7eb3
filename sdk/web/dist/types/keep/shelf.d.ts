/** Where a device's things lie: names and values, two tabs at a time. The browser's is `IndexedShelf`; `MemoryShelf` forgets when the page goes. */
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
export declare class MemoryShelf implements Shelf {
    #private;
    get(name: string): Promise<Kept | null>;
    swap(name: string, revision: number, value: Value): Promise<boolean>;
    remove(names: readonly string[]): Promise<void>;
    names(prefix: string): Promise<readonly string[]>;
    next(name: string): Promise<number>;
}
/** A kept count, 0 for none. Throws `KeepError` for what is no count. */
export declare function count(value: Value | undefined): number;
