/** Orders for nobody in particular: what a shop asks while no consent stands. The same endpoint, the same offers and the same prices as with one. */

import type { DeedKind } from "../values.ts";
import { LoaderError, type Question, type Ranked } from "./said.ts";

export interface Way {
  readonly server: string;
  readonly site: string;
  readonly key: string;
  /** Milliseconds for an answer. */
  readonly timeout: number;
}

/** Ask for an order as nobody. Throws `LoaderError`. */
export async function rank(way: Way, asked: Question): Promise<Ranked> {
  const { page, places, candidates, history, rules, own, ageBand, otherwise } = asked;
  // Every field is written down, as a device with a consent does: the two requests look alike.
  const answer = await post(way, "/v1/rank", {
    v: 1, asker: null, mac: null, site: way.site, request: nonce(), page: page ?? "home", places: places ?? 5, candidates: candidates ?? null,
    history: history ?? [], rules: { ...RULES, ...rules }, own: own ?? [], age_band: ageBand ?? "undeclared", otherwise: otherwise ?? 0,
  });
  const { event, places: found, behaviour, agreed } = answer as unknown as Ranked;
  if (typeof event !== "string" || !Array.isArray(found)) throw new LoaderError("server-answer-invalid", "the server's answer is no order; show your own");
  return { event, places: found.map(({ place, offer }) => ({ place, offer })), behaviour, agreed };
}

/** Tell what came of an order that nobody asked for. Throws `LoaderError`. */
export async function reward(way: Way, event: string, place: number, said: number | DeedKind): Promise<void> {
  const [kind, points] = typeof said === "string" ? [said, null] : [null, said];
  await post(way, "/v1/rewards", { v: 1, asker: null, mac: null, site: way.site, event, place, reward: points, kind });
}

/** Who learns here without a consent: what they answered stays in this page, and goes along with the next question. The server keeps none of it. */
export class Pupil {
  readonly #way: Way;
  #answered: readonly object[] = [];

  constructor(way: Way) {
    this.#way = way;
  }

  /** The next exercise. Throws `LoaderError`. */
  async lesson(skills: unknown): Promise<Readonly<Record<string, unknown>>> {
    const way = this.#way;
    const answer = await post(way, "/v1/lessons/next", {
      v: 1, asker: null, mac: null, site: way.site, request: nonce(), skills: Array.isArray(skills) ? skills : [], history: this.#answered,
    });
    const item = answer["item"];
    if (typeof item !== "object" || item === null) throw new LoaderError("server-answer-invalid", "the server's answer is no lesson; show your own");
    const { id, skill, title } = item as Record<string, unknown>;
    return { id: answer["lesson"], item: id, skill, title };
  }

  /** What was answered. */
  answer(item: unknown, correct: unknown): Readonly<Record<string, unknown>> {
    const given = { item: String(item), correct: correct === true, at: Math.floor(Date.now() / 1000) };
    this.#answered = [...this.#answered, given].slice(-HISTORY);
    return { kept: false };
  }
}

/** Whether a person is to be offered, to anybody. Throws `LoaderError`. */
export async function help(way: Way, { page, human }: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const { mode } = await post(way, "/v1/help", {
    v: 1, asker: null, mac: null, site: way.site, request: nonce(), page: page ?? "home", human: human === true, pass_on: false,
  });
  return { mode, ticket: null };
}

const HISTORY = 500;
const CODE = /^[a-z]+(-[a-z]+)*$/;
const RULES = { exclude: [], without: [], adults: [], not_in: [], pin: [], cap: [], apart: [], effect: "order" };
const NONCE_BYTES = 16;

function nonce(): string {
  const random = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return btoa(String.fromCharCode(...random)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function post(way: Way, path: string, body: object): Promise<Record<string, unknown>> {
  try {
    const response = await fetch(way.server + path, {
      method: "POST", headers: { "Mien-Site-Key": way.key, "Content-Type": "application/json", Accept: "application/json, application/problem+json" },
      body: JSON.stringify(sorted(body)), credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", redirect: "error",
      signal: AbortSignal.timeout(way.timeout),
    });
    const found = (await response.json()) as Record<string, unknown>;
    if (response.ok) return found;
    throw refused(found);
  } catch (cause) {
    if (cause instanceof LoaderError) throw cause;
    throw new LoaderError("server-unreachable", "the mien server cannot be reached in time; show your own order", { cause });
  }
}

/** What a problem document (RFC 9457) says; of anything else, of a proxy perhaps, that it is none. */
function refused({ code, detail, laws }: Record<string, unknown>): LoaderError {
  if (typeof code !== "string" || !CODE.test(code)) return new LoaderError("request-refused", "the server said no, and not in its own words; show your own order");
  return new LoaderError(code, String(detail), { laws: Array.isArray(laws) ? laws.map(String) : [] });
}

/** Fields in the order of RFC 8785, as the client spells them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, each]) => [name, sorted(each)]));
}
