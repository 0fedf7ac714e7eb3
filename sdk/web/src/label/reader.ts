/** One `Sight` per picture in, one `Reading` out: the twin of `mien/label/reader.py`. */

import { type Expression, EXPRESSIONS, type Label, type Purpose, type Scores } from "../values.ts";
import { even, largest } from "./numbers.ts";
import { Presence } from "./presence.ts";
import type { Moment, Reading, Sight, Why } from "./reading.ts";
import { States } from "./states.ts";
import { Steady, type View } from "./steady.ts";
import { needsAffect, needsLabel, needsState, trim } from "./trim.ts";
import { why } from "./why.ts";
import { Window } from "./window.ts";

const SCALE = 15;
const LEVELS = 16;
/** Seconds: 3.1 to 4.1 is a second, whatever floats say. */
const ROUNDING = 1e-6;

/**
 * How labels are made. Times in seconds; shares 0..1.
 *
 * `window` is the time a label summarizes, so also the least time between two. Under `threshold` nothing is said. The runner-up is named as second when it
 * has `second` of the shares and is within `mixed` of the first. `pictures` is how many a window needs, those of blinks not counted. See `Steady` for
 * `memory`, `margin` and `confirm`, `Presence` for `absence` and `elsewhere`.
 */
export interface Rules {
  readonly window: number;
  readonly memory: number;
  readonly margin: number;
  readonly confirm: number;
  readonly threshold: number;
  readonly second: number;
  readonly mixed: number;
  readonly pictures: number;
  readonly absence: number;
  readonly elsewhere: number;
}

export const RULES: Rules = {
  window: 1, memory: 0.06, margin: 0.1, confirm: 0.21, threshold: 0.4, second: 0.25, mixed: 0.25, pictures: 2, absence: 3, elsewhere: 1,
};

/** Keeps what one session needs to remember. `look` first; if it says that the face may be read, `read`. */
export class Reader {
  readonly #rules: Rules;
  readonly #model: number;
  readonly #presence: Presence;
  readonly #steady: Steady;
  readonly #window = new Window();
  readonly #states = new States();
  #labelled = 0;

  /** `model` is the id of the model, 1..255. */
  constructor(model: number, rules: Rules = RULES) {
    this.#model = model;
    this.#rules = rules;
    this.#presence = new Presence(rules.absence, rules.elsewhere);
    this.#steady = new Steady(rules.memory, rules.margin, rules.confirm);
  }

  /** Whether somebody must affirm before anything is read. */
  get waiting(): boolean {
    return this.#presence.lost;
  }

  /** Somebody said yes again. What was seen before is forgotten. */
  affirm(): void {
    this.#presence.affirm();
    this.#forget();
  }

  /** Why this picture may not be read, or null when its one face may be. */
  look(sight: Sight): Reading | null {
    const box = sight.faces === 1 && sight.fault === null ? sight.box : null;
    const present = this.#presence.see(sight.at, box);
    if (this.#presence.lost) {
      this.#forget();
      return none(sight.at, "affirm again");
    }
    if (sight.faces > 1) { // nothing of a window that a second person shared
      this.#forget();
      return none(sight.at, "two faces");
    }
    if (present) return null;
    this.#window.drop();
    return none(sight.at, sight.fault ?? (sight.faces === 0 ? "no face" : "elsewhere"));
  }

  /** What the scores of the one face add up to. */
  read(sight: Sight, scores: Scores, purposes: readonly Purpose[]): Reading {
    if (needsState(purposes)) this.#states.add(sight.at, scores);
    else this.#states.reset();
    const seconds = this.#window.see(sight.at, this.#steady.add(sight.at, scores)) + ROUNDING;
    const now = this.#now(purposes);
    // `#labelled`: whole unix seconds are what leaves, and no two labels may share one
    if (seconds < this.#rules.window || Math.floor(sight.unix) < this.#labelled + this.#rules.window) return none(sight.at, "gathering", now);
    if (this.#window.pictures < this.#rules.pictures) {
      this.#window.begin(sight.at);
      return none(sight.at, "unsure", now);
    }
    return this.#say(sight, this.#window.close(sight.at), purposes, now);
  }

  #say(sight: Sight, view: View, purposes: readonly Purpose[], now: Moment | null): Reading {
    if (shareOf(view) < this.#rules.threshold) return none(sight.at, "unsure", now);
    const label = trim(this.#label(sight, view), purposes);
    if (label === null) return none(sight.at, "no purpose");
    this.#labelled = label.ended_at;
    return { at: sight.at, why: "label", label, now, because: why(label.expression, view.actions) };
  }

  #label(sight: Sight, view: View): Label {
    return {
      expression: wordOf(view),
      second: this.#second(view),
      ended_at: Math.floor(sight.unix),
      confidence: Math.min(LEVELS - 1, Math.floor(shareOf(view) * LEVELS + ROUNDING)),
      window: this.#rules.window,
      state: this.#states.state,
      polarity: "none",
      valence: even(view.valence * SCALE),
      arousal: even(view.arousal * SCALE),
      source: "face",
      model: this.#model,
    };
  }

  /** The live view; in a blink, as it was before. */
  #now(purposes: readonly Purpose[]): Moment | null {
    const view = this.#steady.view;
    if (view === null || !needsLabel(purposes)) return null;
    const sure = shareOf(view) >= this.#rules.threshold;
    const affect = needsAffect(purposes);
    return {
      expression: sure ? wordOf(view) : null,
      share: shareOf(view),
      second: sure ? this.#second(view) : null,
      valence: affect ? view.valence : null,
      arousal: affect ? view.arousal : null,
      because: sure ? why(wordOf(view), view.actions) : "",
    };
  }

  #second(view: View): Expression | null {
    const runner = largest(view.shares.map((share, place) => (place === view.word ? -1 : share)));
    const share = view.shares[runner] ?? 0;
    const close = shareOf(view) - share <= this.#rules.mixed;
    return close && share >= this.#rules.second ? EXPRESSIONS[runner] ?? null : null;
  }

  #forget(): void {
    this.#steady.reset();
    this.#window.drop();
    this.#states.reset();
  }
}

function none(at: number, why: Why, now: Moment | null = null): Reading {
  return { at, why, label: null, now, because: "" };
}

function shareOf(view: View): number {
  return view.shares[view.word] ?? 0;
}

function wordOf(view: View): Expression {
  return EXPRESSIONS[view.word] ?? "neutral";
}
