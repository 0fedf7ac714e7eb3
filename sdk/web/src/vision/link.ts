/** The page side's end of the wire to the worker: asks one thing, waits for its answer. */

import { FrameRejected, MienError, ModelError, ModelMissing, ModelTampered, ServerAnswerInvalid, ServerUnreachable } from "../errors.ts";
import type { Answer, FromWorker, Kind, ToWorker } from "./messages.ts";

const ERRORS: Readonly<Record<string, new (message: string) => MienError>> = {
  "frame-rejected": FrameRejected, "model-missing": ModelMissing, "model-tampered": ModelTampered, "server-unreachable": ServerUnreachable,
  "server-answer-invalid": ServerAnswerInvalid,
};

interface Waiting {
  readonly resolve: (answer: FromWorker) => void;
  readonly reject: (error: MienError) => void;
}

/** One worker. When it fails or is shut, whoever waits for an answer gets the error. */
export class Link {
  readonly #worker: Worker;
  readonly #waiting = new Map<Kind, Waiting>();
  /** What came before somebody waited for it. */
  readonly #early = new Map<Kind, FromWorker>();
  #error: MienError | null = null;

  constructor(address: string) {
    this.#worker = new Worker(address, { type: "module", name: "mien" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => { this.#heard(data); };
    this.#worker.onerror = () => { this.#fail(new ModelMissing("the worker that reads the camera cannot be started; serve it, and allow it in the frame's policy")); };
    this.#worker.onmessageerror = () => { this.#fail(new ModelError("the worker that reads the camera cannot be understood; load the page anew")); };
  }

  /** Throws a `DOMException` for what cannot be handed over. */
  say(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** The next answer of that kind. Rejects with the worker's error, or with what `shut` was given. */
  heard<K extends Kind>(kind: K): Promise<Answer<K>> {
    if (this.#error !== null) return Promise.reject(this.#error);
    const early = this.#early.get(kind);
    this.#early.delete(kind);
    if (early !== undefined) return Promise.resolve(early as Answer<K>);
    return new Promise((resolve, reject) => {
      this.#waiting.set(kind, { resolve: (answer) => { resolve(answer as Answer<K>); }, reject });
    });
  }

  /** End the worker and all that it holds, at once. */
  shut(why: MienError): void {
    this.#worker.terminate();
    this.#fail(why);
  }

  #heard(answer: FromWorker): void {
    if (answer.kind === "failed") {
      this.#fail(new (ERRORS[answer.code] ?? ModelError)(answer.message));
      return;
    }
    const waiting = this.#waiting.get(answer.kind);
    this.#waiting.delete(answer.kind);
    if (waiting === undefined) this.#early.set(answer.kind, answer);
    else waiting.resolve(answer);
  }

  #fail(error: MienError): void {
    this.#error ??= error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#error);
  }
}
