/**
 * JSON with exactly one spelling (RFC 8785, JCS), and a reader that accepts nothing ambiguous: the twin of `mien/wire/canonical.py`.
 *
 * Numbers are integers only. `JSON.parse` is no such reader: it keeps the last of two fields of one name and rounds what it cannot hold.
 */

import { RequestInvalid } from "../errors.ts";
import { type Bytes, utf8 } from "./bytes.ts";

export const MAX_BYTES = 256 * 1024;
export const MAX_DEPTH = 16;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Canonical bytes of a JSON value without floats. Throws `RequestInvalid`. */
export function encode(value: Json): Bytes {
  return utf8(spelled(value, 0));
}

function spelled(value: Json, depth: number): string {
  tooDeep(depth);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return String(integer(value));
  if (typeof value === "string") return JSON.stringify(whole(value));
  if (Array.isArray(value)) return `[${value.map((item: Json) => spelled(item, depth + 1)).join(",")}]`;
  if (!isObject(value)) {
    throw new RequestInvalid("this value has no canonical form; use objects, lists, texts, integers, true, false and null");
  }
  // RFC 8785 section 3.2.3: by UTF-16 code units, which is how texts compare here.
  const names = Object.keys(value).sort();
  const fields = names.map((name) => `${JSON.stringify(whole(name))}:${spelled(value[name] as Json, depth + 1)}`);
  return `{${fields.join(",")}}`;
}

/**
 * The JSON value in `data`. Refuses duplicate keys, fractions, NaN, integers beyond 2^53 - 1, wrong UTF-8, half surrogate pairs, nesting deeper than
 * `MAX_DEPTH` and more than `limit` bytes (`RequestInvalid`).
 */
export function decode(data: Uint8Array, limit: number = MAX_BYTES): Json {
  if (data.length > limit) throw new RequestInvalid(`the message has more than ${limit} bytes; send less`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new RequestInvalid(NOT_JSON, { cause });
  }
  return new Reader(text).whole();
}

/** Whether this is a plain object, as JSON makes them. */
export function isObject(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null) return false;
  const parent: unknown = Object.getPrototypeOf(value);
  return parent === Object.prototype || parent === null;
}

const NOT_JSON = "the message is not JSON; see the reference of the wire format";
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORDS: ReadonlyMap<string, null | boolean> = new Map([["null", null], ["true", true], ["false", false]]);

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value(0);
    this.#skip();
    if (this.#at !== this.#text.length) throw new RequestInvalid(NOT_JSON);
    return value;
  }

  #value(depth: number): Json {
    tooDeep(depth);
    this.#skip();
    const next = this.#text.charAt(this.#at);
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#list(depth);
    if (next === '"') return this.#string();
    for (const [word, value] of WORDS) if (this.#take(word)) return value;
    return this.#number();
  }

  #object(depth: number): JsonObject {
    const found: { [name: string]: Json } = {};
    this.#at += 1;
    if (this.#closes("}")) return found;
    do {
      this.#skip();
      const name = this.#string();
      if (Object.hasOwn(found, name)) throw new RequestInvalid("the message names a field twice; name each once");
      this.#skip();
      this.#must(":");
      // Defined, not assigned: a field called `__proto__` is a field like any other.
      const value = this.#value(depth + 1);
      Object.defineProperty(found, name, { value, enumerable: true, writable: true, configurable: true });
    } while (this.#more("}"));
    return found;
  }

  #list(depth: number): Json[] {
    const found: Json[] = [];
    this.#at += 1;
    if (this.#closes("]")) return found;
    do found.push(this.#value(depth + 1));
    while (this.#more("]"));
    return found;
  }

  /** A text of RFC 8259 section 7: its end is found here, what is in it is read by the platform. An export is one text of megabytes. */
  #string(): string {
    const start = this.#at;
    if (this.#text.charAt(start) !== '"') throw new RequestInvalid(NOT_JSON);
    let end = this.#text.indexOf('"', start + 1);
    while (end > 0 && this.#escaped(end)) end = this.#text.indexOf('"', end + 1);
    if (end < 0) throw new RequestInvalid(NOT_JSON);
    this.#at = end + 1;
    try {
      return whole(JSON.parse(this.#text.slice(start, end + 1)) as string);
    } catch (cause) {
      if (cause instanceof SyntaxError) throw new RequestInvalid(NOT_JSON, { cause });
      throw cause;
    }
  }

  /** Whether an odd number of backslashes stands before this place. */
  #escaped(at: number): boolean {
    let before = at;
    while (this.#text.charAt(before - 1) === "\\") before -= 1;
    return (at - before) % 2 === 1;
  }

  #number(): number {
    const text = this.#match(NUMBER);
    if (/[.eE]/.test(text)) throw new RequestInvalid("the message holds a fraction or no number; use integers in the stated unit");
    return integer(Number(text));
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new RequestInvalid(NOT_JSON);
    this.#at += found.length;
    return found;
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #take(word: string): boolean {
    const there = this.#text.startsWith(word, this.#at);
    if (there) this.#at += word.length;
    return there;
  }

  #must(word: string): void {
    if (!this.#take(word)) throw new RequestInvalid(NOT_JSON);
  }

  #closes(word: string): boolean {
    this.#skip();
    return this.#take(word);
  }

  /** Whether a comma comes; else the end must. */
  #more(end: string): boolean {
    this.#skip();
    if (this.#take(",")) return true;
    this.#must(end);
    return false;
  }
}

function tooDeep(depth: number): void {
  if (depth > MAX_DEPTH) throw new RequestInvalid("the message is nested too deeply; flatten it");
}

function integer(value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value; // -0 is spelled 0
  if (Number.isInteger(value)) {
    // RFC 7493 section 2.2: larger ones are changed by readers that know doubles only.
    throw new RequestInvalid("the message holds an integer beyond 2^53 - 1, which not every reader keeps; use a text");
  }
  throw new RequestInvalid("the message holds a fraction; use integers in the stated unit");
}

function whole(text: string): string {
  if (!text.isWellFormed()) throw new RequestInvalid("the message holds half a character; send whole Unicode");
  return text;
}
