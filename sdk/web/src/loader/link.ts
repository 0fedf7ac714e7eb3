/** One frame, as the page reaches it: a port, questions and their answers. */

import { type Hello, readToPage, type ToFrame, type ToPage } from "../channel/index.ts";
import { RequestInvalid } from "../errors.ts";
import { LoaderError } from "./said.ts";

type Question = Exclude<Extract<ToFrame, { readonly id: number }>, { readonly kind: "drop" }>;
type Unnumbered<Q> = Q extends Question ? Omit<Q, "id"> : never;
type Answer = Extract<ToPage, { readonly kind: "ranked" | "done" | "failed" }>;
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LoaderError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** What is of no use when it is late. What came of an order, and what was answered, is told all the same. */
const LATE: readonly Question["kind"][] = ["rank", "help", "lesson"];

/** Greets the frame whenever it was loaded; hears what is understood and drops the rest. */
export class Link {
  readonly #origin: string;
  readonly #hear: (message: ToPage) => void;
  readonly #waiting = new Map<number, Waiting>();
  #port: MessagePort | null = null;
  #ready = false;
  #outbox: ToFrame[] = [];
  #ids = 0;

  constructor(origin: string, hear: (message: ToPage) => void) {
    this.#origin = origin;
    this.#hear = hear;
  }

  /** The frame's document is there: hand it a port. Only a document of the mien origin can take it. */
  greet(frame: Window, hello: Hello): void {
    this.#port?.close();
    this.#ready = false;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }: MessageEvent<unknown>) => this.#heard(data);
    frame.postMessage(hello, this.#origin, [port2]);
  }

  say(message: ToFrame): void {
    if (this.#ready) this.#port?.postMessage(message);
    else this.#outbox.push(message);
  }

  /** Ask, and wait so many milliseconds. Throws `LoaderError`. */
  ask(question: Unnumbered<Question>, patience: number): Promise<Answer> {
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        if (LATE.includes(question.kind)) this.#drop(id);
        this.#end(id)?.reject(new LoaderError("server-unreachable", "the frame did not answer in time"));
      }, patience);
      this.#waiting.set(id, { resolve, reject, timer });
      this.say({ ...question, id } as Question);
    });
  }

  close(): void {
    this.#port?.close();
    this.#port = null;
  }

  #heard(data: unknown): void {
    let message: ToPage;
    try {
      message = readToPage(data);
    } catch (error) {
      if (!(error instanceof RequestInvalid)) throw error;
      console.warn(`mien: ${error.message}`); // a frame of another version
      return;
    }
    if (message.kind === "ready") {
      this.#ready = true;
      for (const each of this.#outbox.splice(0)) this.#port?.postMessage(each);
    } else if (message.kind === "failed") {
      const { id, code, message: line, laws } = message;
      this.#end(id)?.reject(new LoaderError(code, line, { laws }));
    } else if (message.kind === "ranked" || message.kind === "done") this.#end(message.id)?.resolve(message);
    this.#hear(message);
  }

  /** Too late: what was not said yet is not said any more, and what was said is taken back. */
  #drop(id: number): void {
    if (this.#ready) this.say({ kind: "drop", id });
    else this.#outbox = this.#outbox.filter((each) => !("id" in each) || each.id !== id);
  }

  #end(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    clearTimeout(waiting?.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}
