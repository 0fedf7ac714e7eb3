/**
 * Shapes of messages: small parsers that are strict and closed, as the models of `mien/wire/messages.py` are. Each takes a JSON value and gives the
 * typed one, with defaults filled in, or throws `RequestInvalid` that names the field and never repeats what was sent.
 */
import { type Json } from "./canonical.ts";
/** Takes a value and the name of where it stands. */
export type Shape<T extends Json> = (value: Json | undefined, at: string) => T;
/** The type of what a shape gives. */
export type Of<S> = S extends Shape<infer T> ? T : never;
/** A text that matches, of at most so many characters. */
export declare function text(pattern?: RegExp | null, most?: number, least?: number): Shape<string>;
/** A whole number within bounds, both included. */
export declare function whole(low: number, high: number): Shape<number>;
/** True or false. */
export declare const truth: Shape<boolean>;
/** One of these words or numbers. */
export declare function word<const W extends string | number | boolean>(...words: readonly W[]): Shape<W>;
/** A list of so many of one shape. */
export declare function list<T extends Json>(of: Shape<T>, most?: number, least?: number): Shape<readonly T[]>;
/** This shape, or null. */
export declare function maybe<T extends Json>(of: Shape<T>): Shape<T | null>;
/** This shape, or the default where the field is absent. */
export declare function or<T extends Json>(of: Shape<T>, otherwise: T): Shape<T>;
type Fields = {
    readonly [name: string]: Shape<never> | Shape<Json>;
};
type Whole<F> = {
    readonly [N in keyof F]: F[N] extends Shape<infer T> ? T : never;
};
/** An object with exactly these fields. `rule` is what they must meet together: it gives what is wrong, or null. */
export declare function object<F extends Fields>(name: string, fields: F, rule?: (found: Whole<F>) => string | null): Shape<Whole<F>>;
/** An object of which only these fields are read, as RFC 9457 section 3.2 demands for problem documents. */
export declare function open<F extends Fields>(name: string, fields: F): Shape<Whole<F>>;
/** `value` in this shape. Throws `RequestInvalid`. */
export declare function parse<T extends Json>(shape: Shape<T>, value: unknown): T;
export {};
