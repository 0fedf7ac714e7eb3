/**
 * JSON with exactly one spelling (RFC 8785, JCS), and a reader that accepts nothing ambiguous: the twin of `mien/wire/canonical.py`.
 *
 * Numbers are integers only. `JSON.parse` is no such reader: it keeps the last of two fields of one name and rounds what it cannot hold.
 */
import { type Bytes } from "./bytes.ts";
export declare const MAX_BYTES: number;
export declare const MAX_DEPTH = 16;
export type Json = null | boolean | number | string | readonly Json[] | {
    readonly [name: string]: Json;
};
export type JsonObject = {
    readonly [name: string]: Json;
};
/** Canonical bytes of a JSON value without floats. Throws `RequestInvalid`. */
export declare function encode(value: Json): Bytes;
/**
 * The JSON value in `data`. Refuses duplicate keys, fractions, NaN, integers beyond 2^53 - 1, wrong UTF-8, half surrogate pairs, nesting deeper than
 * `MAX_DEPTH` and more than `limit` bytes (`RequestInvalid`).
 */
export declare function decode(data: Uint8Array, limit?: number): Json;
/** Whether this is a plain object, as JSON makes them. */
export declare function isObject(value: unknown): value is JsonObject;
