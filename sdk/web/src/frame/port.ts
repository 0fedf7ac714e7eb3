/** The one way between page and frame: a port that the page hands over once. */

import { type Hello, readHello, readToFrame, type ToFrame, type ToPage } from "../channel/index.ts";
import { RequestInvalid } from "../errors.ts";

/** Messages that may come at once, and so many a second over time: a page asks for a few rankings. What is beyond is dropped unread. */
const BURST = 64;
const RATE = 16;
/** After so many dropped ones nothing more is listened to. */
const PATIENCE = 2048;

/** A budget of messages. */
export class Budget {
  #left = BURST;
  #at: number;

  constructor(now: number) {
    this.#at = now;
  }

  /** Whether one more may be read at `now` (milliseconds). */
  take(now: number): boolean {
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * RATE);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** The page on the other end. */
export class Line {
  readonly hello: Hello;
  readonly #port: MessagePort;
  #refused = 0;

  constructor(hello: Hello, port: MessagePort) {
    this.hello = hello;
    this.#port = port;
  }

  say(message: ToPage): void {
    this.#port.postMessage(message);
  }

  /** Hear what is understood. What is not, and what is too much, is dropped without an answer: an answer would be a way to make this work. */
  hear(listener: (message: ToFrame) => void): void {
    const budget = new Budget(performance.now());
    this.#port.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = budget.take(performance.now()) ? understood(data) : null;
      if (message !== null) {
        listener(message);
        return;
      }
      this.#refused += 1;
      if (this.#refused > PATIENCE) this.#port.close();
    };
  }
}

function understood(data: unknown): ToFrame | null {
  try {
    return readToFrame(data);
  } catch (error) {
    if (!(error instanceof RequestInvalid)) throw error;
    return null;
  }
}

/**
 * Wait for the page's first message: from the parent of this frame and nobody else, of an origin that the site registered (the server lets no other embed
 * the frame; here it is looked at once more), naming this site. Only the first counts. A page of the frame's own origin gets none: nothing would part the two.
 */
export function line(origins: readonly string[], site: string, here: Window): Promise<Line> {
  return new Promise((resolve) => {
    const listener = (event: MessageEvent<unknown>): void => {
      const [port] = event.ports;
      if (event.source !== here.parent || here.parent === here || !origins.includes(event.origin) || port === undefined) return;
      if (event.origin === here.location.origin) {
        console.warn("mien: the frame is of the page's own origin, which parts nothing; serve mien from an origin of its own (settings-invalid)");
        return;
      }
      const hello = greeting(event.data, site);
      if (hello === null) return;
      here.removeEventListener("message", listener);
      resolve(new Line(hello, port));
    };
    here.addEventListener("message", listener);
  });
}

function greeting(data: unknown, site: string): Hello | null {
  try {
    const hello = readHello(data);
    return hello.site === site ? hello : null;
  } catch (error) {
    if (!(error instanceof RequestInvalid)) throw error;
    console.warn(`mien: ${error.message} (${error.code})`); // for who builds the page: nothing is shown, and nothing was
    return null;
  }
}
