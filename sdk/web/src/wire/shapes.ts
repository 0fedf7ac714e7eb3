/**
 * Shapes of messages: small parsers that are strict and closed, as the models of `mien/wire/messages.py` are. Each takes a JSON value and gives the
 * typed one, with defaults filled in, or throws `RequestInvalid` that names the field and never repeats what was sent.
 */

import { RequestInvalid } from "../errors.ts";
import { characters } from "./bytes.ts";
import { isObject, type Json, type JsonObject } from "./canonical.ts";

/** Takes a value and the name of where it stands. */
export type Shape<T extends Json> = (value: Json | undefined, at: string) => T;
/** The type of what a shape gives. */
export type Of<S> = S extends Shape<infer T> ? T : never;

function wrong(at: string, what: string): RequestInvalid {
  return new RequestInvalid(`\`${at}\` is wrong: ${what}`);
}

/** A text that matches, of at most so many characters. */
export function text(pattern: RegExp | null = null, most = Number.MAX_SAFE_INTEGER, least = 0): Shape<string> {
  return (value, at) => {
    if (typeof value !== "string") throw wrong(at, "expected a text");
    const size = characters(value);
    if (size > most || size < least) throw wrong(at, `expected ${least} to ${most} characters`);
    if (pattern !== null && !pattern.test(value)) throw wrong(at, "expected another form of text");
    return value;
  };
}

/** A whole number within bounds, both included. */
export function whole(low: number, high: number): Shape<number> {
  return (value, at) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < low || value > high) {
      throw wrong(at, `expected a whole number from ${low} to ${high}`);
    }
    return value;
  };
}

/** True or false. */
export const truth: Shape<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw wrong(at, "expected true or false");
  return value;
};

/** One of these words or numbers. */
export function word<const W extends string | number | boolean>(...words: readonly W[]): Shape<W> {
  return (value, at) => {
    const found = words.find((each) => each === value);
    if (found === undefined) throw wrong(at, "expected one of its words");
    return found;
  };
}

/** A list of so many of one shape. */
export function list<T extends Json>(of: Shape<T>, most = Number.MAX_SAFE_INTEGER, least = 0): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, "expected a list");
    if (value.length > most || value.length < least) throw wrong(at, `expected ${least} to ${most} of them`);
    return value.map((item: Json, place) => of(item, `${at}.${place}`));
  };
}

/** This shape, or null. */
export function maybe<T extends Json>(of: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null ? null : of(value, at));
}

/** This shape, or the default where the field is absent. */
export function or<T extends Json>(of: Shape<T>, otherwise: T): Shape<T> {
  return (value, at) => (value === undefined ? otherwise : of(value, at));
}

type Fields = { readonly [name: string]: Shape<never> | Shape<Json> };
type Whole<F> = { readonly [N in keyof F]: F[N] extends Shape<infer T> ? T : never };

/** An object with exactly these fields. `rule` is what they must meet together: it gives what is wrong, or null. */
export function object<F extends Fields>(name: string, fields: F, rule: (found: Whole<F>) => string | null = () => null): Shape<Whole<F>> {
  return (value, at) => {
    const here = at === "" ? name : at;
    const given = objectOf(value, here);
    // The name of an unknown field is the sender's: name only what it stands in.
    if (Object.keys(given).some((field) => !Object.hasOwn(fields, field))) throw wrong(here, "unknown fields are refused");
    const found = read(fields, given, here);
    const what = rule(found);
    if (what !== null) throw wrong(here, what);
    return found;
  };
}

/** An object of which only these fields are read, as RFC 9457 section 3.2 demands for problem documents. */
export function open<F extends Fields>(name: string, fields: F): Shape<Whole<F>> {
  return (value, at) => {
    const here = at === "" ? name : at;
    return read(fields, objectOf(value, here), here);
  };
}

function objectOf(value: Json | undefined, at: string): JsonObject {
  if (!isObject(value)) throw wrong(at, "expected an object");
  return value;
}

function read<F extends Fields>(fields: F, given: JsonObject, at: string): Whole<F> {
  const found = Object.entries(fields).map(([field, shape]) => {
    const there = Object.hasOwn(given, field) ? given[field] : undefined;
    return [field, shape(there, `${at}.${field}`)];
  });
  return Object.fromEntries(found) as Whole<F>;
}

/** `value` in this shape. Throws `RequestInvalid`. */
export function parse<T extends Json>(shape: Shape<T>, value: unknown): T {
  return shape(value as Json | undefined, "");
}
