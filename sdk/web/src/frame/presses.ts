/** Presses that count: seen by the witness where the browser tells what can be seen, else confirmed in a window of their own. */

import { PressRefused } from "../errors.ts";
import { confirmed } from "./confirm.ts";
import { tells, Witness } from "./press.ts";
import { type Act, actOf } from "./words.ts";

/** Milliseconds for which a confirmation counts for more of the same, where that is said often and takes nothing away. */
const LASTS = 120_000;
const OFTEN: readonly Act[] = ["mood", "correct"];

export class Presses {
  readonly #witness: Witness;
  readonly #lang: () => string;
  /** Presses that were confirmed: one press may be asked about more than once. */
  readonly #presses = new WeakSet<Event>();
  /** When the person last confirmed an act, in the window's own time. */
  readonly #confirmed = new Map<Act, number>();

  constructor(root: HTMLElement, lang: () => string) {
    this.#witness = new Witness(root);
    this.#lang = lang;
  }

  /**
   * What is done stands on the control (`data-act`): the window asks about that act, and its answer counts for no other. Throws `PressRefused`. Opens a window,
   * where that is needed, before it waits for anything: browsers allow that only during the press.
   */
  async check(press: Event): Promise<void> {
    if (this.#presses.has(press)) return;
    this.#witness.check(press);
    const act = actOf(press.target);
    if (act === null) throw new PressRefused("it is not known what this button does; build the web SDK anew");
    if (act === "agree") this.#witness.checkRead();
    if (tells() || this.#lately(act)) return;
    if (!(await confirmed(act, this.#lang()))) throw new PressRefused("it was not confirmed in the small window; press again, and confirm it there");
    this.#presses.add(press);
    this.#confirmed.set(act, performance.now());
  }

  #lately(act: Act): boolean {
    return OFTEN.includes(act) && performance.now() - (this.#confirmed.get(act) ?? Number.NEGATIVE_INFINITY) < LASTS;
  }
}
