/**
 * From noisy pictures to a steady view of now: a short exponential mean, a blink filter, and a new word only when it has led for a while. The twin of
 * `mien/label/steady.py`, which says where its numbers come from.
 *
 * All of it goes by time, not by pictures: 5 to 60 pictures a second, evenly or not. From 10 pictures a second on, a clear change of expression is told
 * within 300 ms of the change; while the person speaks it takes up to a second.
 */

import { EXPRESSIONS, type Scores } from "../values.ts";
import { Mouth } from "./mouth.ts";
import { bounded, largest, sum } from "./numbers.ts";
import { NAMES } from "./why.ts";

/** Seconds without a picture after which what was before no longer counts. */
export const GAP = 1;
/** Closure (AU43) over which eyes count as closed. */
export const CLOSED = 0.5;
/** Seconds: closed for less is a blink. */
const BLINK = 0.4;
/** Seconds that a new word must lead while the person speaks. */
const SPEECH_CONFIRM = 0.6;
/** Time constant in seconds of the shares that are told while the person speaks. */
const SPEECH_MEMORY = 0.4;
/** Change of closure a second from which the lids are moving, and between two pictures that may be noise. */
const LIDS = 2;
const LIDS_NOISE = 0.04;

type Actions = Readonly<Record<string, number>>;

/** How things stand: `shares` in the order of `EXPRESSIONS` (sum 1), the place of the word that stands, valence and arousal -1..1, strengths of actions 0..1. */
export interface View {
  readonly shares: readonly number[];
  readonly word: number;
  readonly valence: number;
  readonly arousal: number;
  readonly actions: Actions;
}

/** `memory` is the time constant in seconds. A new word stands once it has led by `margin` for `confirm` seconds. */
export class Steady {
  view: View | null = null;
  readonly #memory: number;
  readonly #margin: number;
  readonly #confirm: number;
  #quick: readonly number[] = [];
  #at: number | null = null;
  #closedAt: number | null = null;
  #closure = 0;
  #rival: number | null = null;
  #led = 0;
  #mouth = new Mouth();
  #speaks = false;

  constructor(memory: number, margin: number, confirm: number) {
    this.#memory = memory;
    this.#margin = margin;
    this.#confirm = confirm;
  }

  /** Forget everything. */
  reset(): void {
    this.view = this.#at = this.#closedAt = this.#rival = null;
    [this.#quick, this.#led, this.#mouth, this.#speaks, this.#closure] = [[], 0, new Mouth(), false, 0];
  }

  /** One picture at `at` seconds: the view it gives, or null when it shows a blink and so does not count. */
  add(at: number, scores: Scores): View | null {
    const seconds = this.#seconds(at);
    const fresh = proper(scores);
    const old = this.view;
    const moving = this.#lidsMove(seconds, fresh.actions);
    if (this.#blinks(at, fresh.actions)) return null;
    let word = old === null ? fresh.word : old.word;
    if (!moving) word = this.#afterSpeech(at, fresh, word);
    if (old === null) {
      [this.view, this.#quick] = [fresh, fresh.shares];
      return fresh;
    }
    const before = this.#quick;
    this.#quick = blended(before, fresh.shares, gain(seconds, this.#memory));
    word = this.#stands(word, before, seconds, this.#speaks ? SPEECH_CONFIRM : this.#confirm);
    this.view = blend(old, fresh, gain(seconds, this.#speaks ? SPEECH_MEMORY : this.#memory), word);
    return this.view;
  }

  /** The word that stood before the person began to speak, at the picture that shows that they do; else `word`. */
  #afterSpeech(at: number, fresh: View, word: number): number {
    const spoke = this.#speaks;
    this.#speaks = this.#mouth.see(at, fresh.actions, word);
    return this.#speaks && !spoke ? this.#mouth.before : word;
  }

  /** Time since the last picture; after a gap, or when time runs backwards, everything is forgotten. */
  #seconds(at: number): number {
    let seconds = this.#at === null ? 0 : at - this.#at;
    if (!(seconds >= 0 && seconds <= GAP)) {
      this.reset();
      seconds = 0;
    }
    this.#at = at;
    return seconds;
  }

  /** Whether the lids moved since the last picture: they drag what is measured of the mouth along, which is no speech. */
  #lidsMove(seconds: number, actions: Actions): boolean {
    const before = this.#closure;
    this.#closure = actions["AU43"] ?? 0;
    return Math.abs(this.#closure - before) > Math.max(LIDS_NOISE, LIDS * seconds);
  }

  #blinks(at: number, actions: Actions): boolean {
    if ((actions["AU43"] ?? 0) <= CLOSED) {
      this.#closedAt = null;
      return false;
    }
    this.#closedAt ??= at;
    return at - this.#closedAt < BLINK;
  }

  /** The word that stands after a picture. Only time between pictures that count is counted, so a blink confirms nothing. */
  #stands(word: number, before: readonly number[], seconds: number, confirm: number): number {
    const best = largest(this.#quick);
    if (share(this.#quick, best) < share(this.#quick, word) + this.#margin) {
      this.#rival = null;
      return word;
    }
    this.#led = this.#rival === best ? this.#led + seconds : this.#ledSince(best, word, before, seconds);
    this.#rival = best;
    if (this.#led < confirm) return word;
    this.#rival = null;
    return best;
  }

  /** For how long of the last `seconds` the mean, which moved from `before`, has had the lead: pictures that come seldom find it out late. */
  #ledSince(best: number, word: number, before: readonly number[], seconds: number): number {
    const behind = this.#margin - (share(before, best) - share(before, word));
    const lead = share(this.#quick, best) - share(this.#quick, word) - this.#margin;
    const kept = Math.exp(-seconds / this.#memory);
    const above = kept < 1 ? (lead + kept * behind) / (1 - kept) : 0;
    if (behind <= 0 || above <= 0) return 0;
    return Math.max(0, seconds - this.#memory * Math.log1p(behind / above));
  }
}

/** The scores as a view: what is no number counts as nothing, and no shares at all as equal ones. */
function proper(scores: Scores): View {
  const shares = distribution(scores.expressions);
  const known = Object.entries(scores.actions).filter(([name]) => Object.hasOwn(NAMES, name));
  return {
    shares, word: largest(shares), valence: bounded(scores.valence, -1), arousal: bounded(scores.arousal, -1),
    actions: Object.fromEntries(known.map(([name, value]) => [name, bounded(value, 0)])),
  };
}

function distribution(shares: readonly number[]): readonly number[] {
  const clean = EXPRESSIONS.map((_, place) => {
    const found = share(shares, place);
    return Number.isFinite(found) && found > 0 ? found : 0;
  });
  const total = sum(clean);
  if (total <= 0 || !Number.isFinite(total)) return EXPRESSIONS.map(() => 1 / EXPRESSIONS.length);
  return clean.map((one) => one / total);
}

function blend(old: View, fresh: View, part: number, word: number): View {
  const [valence = 0, arousal = 0] = blended([old.valence, old.arousal], [fresh.valence, fresh.arousal], part);
  const names = Object.keys({ ...old.actions, ...fresh.actions });
  const mixed = blended(names.map((name) => old.actions[name] ?? 0), names.map((name) => fresh.actions[name] ?? 0), part);
  const actions = Object.fromEntries(names.map((name, place) => [name, share(mixed, place)]));
  return { shares: blended(old.shares, fresh.shares, part), word, valence, arousal, actions };
}

function gain(seconds: number, memory: number): number {
  return 1 - Math.exp(-seconds / memory);
}

function blended(old: readonly number[], fresh: readonly number[], part: number): readonly number[] {
  return old.map((one, place) => one + part * (share(fresh, place) - one));
}

function share(shares: readonly number[], place: number): number {
  return shares[place] ?? 0;
}
