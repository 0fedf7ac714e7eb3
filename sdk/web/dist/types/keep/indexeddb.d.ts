/** The shelf of a browser: one IndexedDB database of the page's origin. Keys lie in it as WebCrypto's own objects, which no script can read out. */
import { type Kept, type Shelf, type Value } from "./shelf.ts";
/** Opened at first use; nothing is made in the browser before something is read or kept. */
export declare class IndexedShelf implements Shelf {
    #private;
    /** `database` names it; `factory` is the browser's. */
    constructor(database?: string, factory?: IDBFactory);
    /** Close the connection, so that the database can be removed. */
    close(): Promise<void>;
    get(name: string): Promise<Kept | null>;
    swap(name: string, revision: number, value: Value): Promise<boolean>;
    remove(names: readonly string[]): Promise<void>;
    names(prefix: string): Promise<readonly string[]>;
    next(name: string): Promise<number>;
}
