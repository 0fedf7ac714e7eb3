/** Presses that count: seen by the witness where the browser tells what can be seen, else confirmed in a window of their own. */

import { PressRefused } from "../errors.ts";
import { confirmed } from "./confirm.ts";
import { tells, Witness } from "./press.ts";

/** Milliseconds for which a confirmation counts: for what the person does next in the same frame. */
const LASTS = 120_000;

export class Presses {
  readonly #witness: Witness;
  readonly #lang: () => string;
  /** When the person last confirmed, in the window's own time; null: not yet. */
  #confirmed: number | null = null;

  constructor(root: HTMLElement, lang: () => string) {
    this.#witness = new Witness(root);
    this.#lang = lang;
  }

  /** Throws `PressRefused`. Opens a window, where that is needed, before it waits for anything: browsers allow that only during the press. */
  async check(press: Event): Promise<void> {
    this.#witness.check(press);
    if (tells() || (this.#confirmed !== null && performance.now() - this.#confirmed < LASTS)) return;
    if (!(await confirmed(this.#lang()))) throw new PressRefused("it was not confirmed in the small window; press again, and confirm it there");
    this.#confirmed = performance.now();
  }
}
