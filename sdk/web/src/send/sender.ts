/** HTTP to one server: a deadline for the whole answer, retries with exponential backoff and full jitter, `Retry-After`. */

import { type SendError, ServerAnswerInvalid, ServerBusy, ServerUnreachable, SettingsError } from "../errors.ts";
import { type Bytes, concat, fromBigEndian } from "../wire/bytes.ts";
import type { Json } from "../wire/canonical.ts";
import type { Shape } from "../wire/shapes.ts";
import { limitOf, readAnswer } from "./answers.ts";
import { type Outbound, type Request, requestOf } from "./outbound.ts";

const BUSY: readonly number[] = [429, 502, 503, 504];
const DEFAULT_WAIT = 1;
const MAX_WAIT = 3600;

/** The one thing of a clock that sending needs: wait so many seconds. */
export interface Sleeper {
  sleep(seconds: number): Promise<void>;
}

/** How long to try, in seconds: `tries` in all, `whole` for one answer; the n-th wait is at most `base * 2**n`, `Retry-After` counts up to `longest`. */
export interface Patience {
  readonly tries: number;
  readonly whole: number;
  readonly base: number;
  readonly longest: number;
}

export const PATIENT: Patience = { tries: 4, whole: 30, base: 0.5, longest: 30 };
/** For the background: the next time tries again. */
export const ONCE: Patience = { tries: 1, whole: 10, base: 0.5, longest: 30 };

/** The way to the network: `fetch`, or a test's. */
export type Transport = (url: string, init: RequestInit) => Promise<Response>;

const browser: Transport = (url, init) => globalThis.fetch(url, init);

/** The way to one server and to no other. */
export class Sender {
  /** The server's address without a final slash. */
  readonly server: string;
  readonly #siteKey: string;
  readonly #clock: Sleeper;
  readonly #entropy: (size: number) => Bytes;
  readonly #transport: Transport;

  /** Throws `SettingsError` unless the server is https, or http on this machine. */
  constructor(server: string, siteKey: string, clock: Sleeper, entropy: (size: number) => Bytes, transport: Transport = browser) {
    this.server = checkServer(server);
    this.#siteKey = siteKey;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#transport = transport;
  }

  /** The server's answer. Throws `ServerUnreachable`, `ServerBusy`, `ServerAnswerInvalid`, `RequestRefused` or `RequestInvalid`. */
  async send<T extends Json>(outbound: Outbound, answer: Shape<T>, patience: Patience = PATIENT): Promise<T> {
    const request = requestOf(outbound);
    if (request.answer !== answer) throw new TypeError(`\`${request.path}\` has another answer than the one asked for`);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(request, answer, patience);
      } catch (error) {
        const wait = this.#wait(error, request, attempt, patience);
        if (wait === null) throw error;
        await this.#clock.sleep(wait);
      }
    }
  }

  /** Seconds until the next try, null when there is none. */
  #wait(error: unknown, request: Request, attempt: number, patience: Patience): number | null {
    if (attempt >= patience.tries) return null;
    const jitter = Number(fromBigEndian(this.#entropy(4))) / 2 ** 32;
    const wait = jitter * patience.base * 2 ** attempt;
    if (error instanceof ServerBusy) return error.retryAfter <= patience.longest ? Math.max(wait, error.retryAfter) : null;
    // A browser does not tell whether the server has heard: only what it answers the same twice is said again.
    return error instanceof ServerUnreachable && request.again ? wait : null;
  }

  async #once<T extends Json>(request: Request, answer: Shape<T>, patience: Patience): Promise<T> {
    const signal = AbortSignal.timeout(patience.whole * 1000);
    try {
      const response = await this.#transport(this.server + request.path, {
        method: request.method,
        headers: { "Mien-Site-Key": this.#siteKey, Accept: "application/json, application/problem+json", ...request.headers },
        body: request.body,
        redirect: "manual", // what is signed for this server goes to no other
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
        mode: "cors",
        signal,
      });
      refuseBusy(response);
      const body = await bodyOf(response, limitOf(answer));
      return readAnswer(answer, response.status, response.headers.get("content-type") ?? "", body);
    } catch (cause) {
      throw translated(cause);
    }
  }
}

function translated(cause: unknown): unknown {
  if (cause instanceof DOMException && (cause.name === "TimeoutError" || cause.name === "AbortError")) {
    return new ServerUnreachable("the server takes too long; what waits is kept and tried again", { cause });
  }
  if (cause instanceof TypeError) {
    return new ServerUnreachable("the server cannot be reached; check the address and the connection, what waits is kept", { cause });
  }
  return cause;
}

function refuseBusy(response: Response): void {
  if (BUSY.includes(response.status)) {
    throw new ServerBusy("the server asks to wait; what waits is kept and tried again", seconds(response.headers.get("retry-after") ?? ""));
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw new ServerAnswerInvalid("the server sends elsewhere, which is not followed; give its final address");
  }
}

/** `Retry-After` in seconds (RFC 9110, 10.2.3); a date or anything odd is a moment. */
function seconds(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Math.min(Number(text), MAX_WAIT) : DEFAULT_WAIT;
}

/** A response's bytes. Throws `ServerAnswerInvalid` for more than `limit`. */
export async function bodyOf(response: Response, limit: number): Promise<Bytes> {
  const pieces: Uint8Array[] = [];
  const reader = response.body?.getReader();
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      const error: SendError = new ServerAnswerInvalid(`the server's answer has more than ${limit} bytes; check that the address is a mien server`);
      await reader.cancel(error);
      throw error;
    }
    pieces.push(value);
  }
  return concat(...pieces);
}

/** The server's address without a final slash. Throws `SettingsError` unless it is https, or http on this machine. */
export function checkServer(server: string): string {
  const parts = URL.parse(server);
  if (parts === null || parts.username !== "" || parts.search !== "" || parts.hash !== "" || parts.hostname === "") {
    throw new SettingsError(`\`${server}\` is no server address; write it like https://mien.example`);
  }
  const here = parts.hostname === "localhost" || parts.hostname === "[::1]" || /^127(\.[0-9]+){3}$/.test(parts.hostname);
  if (parts.protocol !== "https:" && !(parts.protocol === "http:" && here)) {
    throw new SettingsError(`\`${server}\` is not encrypted; use https (http is for this machine only)`);
  }
  return (parts.origin + parts.pathname).replace(/\/+$/, "");
}
