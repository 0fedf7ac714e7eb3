/** What came over a port, read strictly: closed, bounded, and refused whole (`RequestInvalid`) for anything else. */

import { RequestInvalid } from "../errors.ts";
import { AGE_BANDS, BEHAVIOURS, DEEDS, type DeedKind, type Offer } from "../values.ts";
import {
  CAMERAS, CONSENTS, type Given, type Hello, type Language, LANGUAGES, type Place, type Situation, type Theme, type ToFrame, type ToPage, VERSION, VIEWS,
} from "./words.ts";

/** The most characters, values and levels of one message: a ranking of 200 candidates with all their words has room. */
const CHARS = 128 * 1024;
const VALUES = 8192;
const DEPTH = 8;
const PLACES = 20;
const THEME = 16;
const SITE = /^[a-z][a-z0-9-]{1,40}$/;
const EVENT = /^[a-z]{2,4}_[a-z2-7]{26}$/;
const OFFER = /^[A-Za-z0-9_.:-]{1,64}$/;
const WORD = /^[a-z][a-z-]{0,39}$/;
const IDS = 0xffff_ffff;
const TALL = 4096;

type Fields = Readonly<Record<string, unknown>>;
type Read<T> = (fields: Fields) => T;

/** The first message of a page. Throws `RequestInvalid`. */
export function readHello(data: unknown): Hello {
  const said = closed(data, ["mien", "view", "site", "key", "page", "lang", "theme", "asked"]);
  return {
    mien: one(said["mien"], [VERSION]), view: one(said["view"], VIEWS), site: text(said["site"], SITE), key: text(said["key"], /^[\w.~-]{1,200}$/),
    page: text(said["page"], /^[a-f0-9]{32}$/), lang: one(said["lang"], LANGUAGES), theme: theme(said["theme"]), asked: situation(said["asked"]),
  };
}

/** What a page says after that. Throws `RequestInvalid`. */
export function readToFrame(data: unknown): ToFrame {
  return union(data, FROM_PAGE);
}

/** What a frame says. Throws `RequestInvalid`. */
export function readToPage(data: unknown): ToPage {
  return union(data, FROM_FRAME);
}

const asks = (kind: "rank" | "help" | "lesson" | "answer"): Read<ToFrame> => (said) => (
  { kind, id: id(said["id"]), asked: given(said["asked"]) } as ToFrame
);

const FROM_PAGE: Readonly<Record<string, readonly [readonly string[], Read<ToFrame>]>> = {
  rank: [["id", "asked"], asks("rank")],
  help: [["id", "asked"], asks("help")],
  lesson: [["id", "asked"], asks("lesson")],
  answer: [["id", "asked"], asks("answer")],
  reward: [["id", "event", "place", "reward"], (said) => ({
    kind: "reward", id: id(said["id"]), event: text(said["event"], EVENT), place: whole(said["place"], 1, PLACES), reward: reward(said["reward"]),
  })],
  drop: [["id"], (said) => ({ kind: "drop", id: id(said["id"]) })],
  stop: [[], () => ({ kind: "stop" })],
  theme: [["lang", "theme"], (said) => ({ kind: "theme", lang: language(said["lang"]), theme: theme(said["theme"]) })],
};

const FROM_FRAME: Readonly<Record<string, readonly [readonly string[], Read<ToPage>]>> = {
  ready: [["version"], (said) => ({ kind: "ready", version: one(said["version"], [VERSION]) })],
  state: [["consent", "camera", "waits"], (said) => ({
    kind: "state", consent: one(said["consent"], CONSENTS), camera: one(said["camera"], CAMERAS), waits: one(said["waits"], [true, false]),
  })],
  size: [["height"], (said) => ({ kind: "size", height: whole(said["height"], 0, TALL) })],
  show: [["view"], (said) => ({ kind: "show", view: one(said["view"], VIEWS) })],
  close: [[], () => ({ kind: "close" })],
  handed: [["ticket"], (said) => ({ kind: "handed", ticket: said["ticket"] === null ? null : text(said["ticket"], /^[A-Za-z0-9_-]{1,4096}$/) })],
  ranked: [["id", "event", "places", "behaviour", "agreed"], (said) => ({
    kind: "ranked", id: id(said["id"]), event: text(said["event"], EVENT), places: listed(said["places"], PLACES).map(place),
    behaviour: one(said["behaviour"], BEHAVIOURS), agreed: said["agreed"] === null ? null : whole(said["agreed"], 0, PLACES),
  })],
  done: [["id", "said"], (said) => ({ kind: "done", id: id(said["id"]), said: given(said["said"]) })],
  failed: [["id", "code", "message", "laws"], (said) => ({
    kind: "failed", id: id(said["id"]), code: text(said["code"], WORD), message: line(said["message"], 1000),
    laws: listed(said["laws"], 32).map((law) => line(law, 200)),
  })],
};

function union<T>(data: unknown, of: Readonly<Record<string, readonly [readonly string[], Read<T>]>>): T {
  const kind = isPlain(data) ? data["kind"] : undefined;
  const known = typeof kind === "string" && Object.hasOwn(of, kind) ? of[kind] : undefined;
  if (known === undefined) throw wrong("its kind is not known");
  const [fields, read] = known;
  return read(closed(data, ["kind", ...fields]));
}

// ---- its parts ----
function place(value: unknown): Place {
  const said = closed(value, ["place", "offer"]);
  return { place: whole(said["place"], 1, PLACES), offer: offer(said["offer"]) };
}

function offer(value: unknown): Offer {
  const said = closed(value, ["id", "title", "price", "currency", "tags", "stock"]);
  return {
    id: text(said["id"], OFFER), title: line(said["title"], 200), price: whole(said["price"], 0, 1e12), currency: text(said["currency"], /^[A-Z]{3}$/),
    tags: listed(said["tags"], 16).map((tag) => text(tag, /^[a-z0-9_-]{1,40}$/)), stock: whole(said["stock"], 0, 1e9),
  };
}

function situation(value: unknown): Situation {
  const said = closed(value, ["jurisdictions"], ["ageBand"]);
  const jurisdictions = listed(said["jurisdictions"], 8).map((each) => text(each, /^[A-Z]{2}(-[A-Z]{2})?$/));
  return said["ageBand"] === undefined ? { jurisdictions } : { jurisdictions, ageBand: one(said["ageBand"], AGE_BANDS) };
}

function theme(value: unknown): Theme {
  const entries = Object.entries(bounded(value));
  if (entries.length > THEME) throw wrong("a theme has fewer values");
  return Object.fromEntries(entries.map(([name, each]) => [text(name, WORD), line(each, 64)]));
}

function given(value: unknown): Given {
  return bounded(value);
}

function reward(value: unknown): number | DeedKind {
  return typeof value === "number" ? whole(value, 0, 100) : one(value, DEEDS);
}

function language(value: unknown): Language {
  return one(value, LANGUAGES);
}

function id(value: unknown): number {
  return whole(value, 1, IDS);
}

// ---- small things ----
function one<const W>(value: unknown, words: readonly W[]): W {
  const found = words.find((word) => word === value);
  if (found === undefined) throw wrong("a word of it is not known");
  return found;
}

function text(value: unknown, form: RegExp): string {
  if (typeof value !== "string" || !form.test(value)) throw wrong("a text of it has another form");
  return value;
}

/** One line for people. */
function line(value: unknown, most: number): string {
  if (typeof value !== "string" || value.length > most || /\p{Cc}/u.test(value)) throw wrong("a line of it is too long, or none");
  return value;
}

function whole(value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < low || value > high) throw wrong("a number of it is out of its range");
  return value;
}

function listed(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw wrong("a list of it is too long, or none");
  return value;
}

/** A plain object with exactly these fields. */
function closed(value: unknown, fields: readonly string[], maybe: readonly string[] = []): Fields {
  if (!isPlain(value)) throw wrong("it is no object");
  const names = Object.keys(value);
  if (fields.some((field) => !Object.hasOwn(value, field)) || names.some((name) => !fields.includes(name) && !maybe.includes(name))) {
    throw wrong("it has other fields");
  }
  return value;
}

/** An object of JSON's own values within bounds: neither so many nor so deep that reading it would cost something. */
function bounded(value: unknown): Fields {
  if (!isPlain(value)) throw wrong("it is no object");
  const left = { chars: CHARS, values: VALUES };
  walk(value, DEPTH, left);
  return value;
}

function walk(value: unknown, depth: number, left: { chars: number; values: number }): void {
  left.values -= 1;
  if (typeof value === "string") left.chars -= value.length;
  if (depth < 0 || left.values < 0 || left.chars < 0) throw wrong("it is too large");
  if (Array.isArray(value)) {
    for (const each of value) walk(each, depth - 1, left);
  } else if (isPlain(value)) {
    for (const [name, each] of Object.entries(value)) {
      left.chars -= name.length;
      walk(each, depth - 1, left);
    }
  } else if (!simple(value)) throw wrong("it holds what is no JSON");
}

function simple(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value);
}

function isPlain(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}

/** What was sent is never repeated. */
function wrong(what: string): RequestInvalid {
  return new RequestInvalid(`the message is refused: ${what}; see the channel in the reference of the web SDK`);
}
