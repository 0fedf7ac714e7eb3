/**
 * States from the last minute: lids, blinks, actions above the person's own rest, gaze, and how head and face move. No state is validated on people. The twin
 * of `mien/label/states.py`.
 */

import type { Scores, State } from "../values.ts";
import { type Definition, DEFINITIONS, type Measures } from "./definitions.ts";
import { bounded, deviation, mean, sum } from "./numbers.ts";
import { CLOSED, GAP } from "./steady.ts";

/** Seconds that are looked back on: PERCLOS is defined over a minute. */
const WINDOW = 60;
const BIN = 0.1;
const BINS = WINDOW / BIN;
/** Seconds for which a state must hold before it is said, and must not hold before it is no longer said. */
const HOLD = 4;
/** Seconds between two looks at the minute: as often as labels are made. */
const EVERY = 1;
/** Closure from which PERCLOS counts eyes as closed. */
const SHUT = 0.8;
/** Seconds: longer is no blink. */
const LONGEST_BLINK = 0.5;
/** Pictures a second under which blinks are missed, so not counted. */
const BLINK_RATE = 12;
/** Seconds at most that one picture stands for. */
const PAUSE = 0.5;
/** Share of a span that must have been seen. */
const SEEN = 0.8;
const ACTIONS = ["AU1", "AU2", "AU4", "AU5", "AU7", "AU12", "AU14", "AU24"] as const;
/** Radians by which eyes turn at a gaze of 1, and off the camera within which a look counts as towards the screen. */
const EYES = 0.5;
const ACROSS = 0.35;
const UP_DOWN = 0.3;

/** A tenth of a second. Sums over its pictures; `seconds` is the time they stand for, `open` the part with open eyes. */
class Bin {
  readonly index: number;
  pictures = 0;
  seconds = 0;
  shut = 0;
  open = 0;
  lids = 0;
  onScreen = 0;
  looks = 0;
  actions: readonly number[] = ACTIONS.map(() => 0);
  pose: readonly number[] = [0, 0, 0];

  constructor(index: number) {
    this.index = index;
  }

  /** One picture that stands for so many seconds. */
  add(scores: Scores, seconds: number): void {
    const closure = bounded(scores.actions["AU43"] ?? 0, 0);
    this.pictures += 1;
    this.seconds += seconds;
    if (closure >= SHUT) this.shut += seconds;
    if (closure > CLOSED) return; // closed lids drag brows and cheeks along: nothing else is read
    this.looks += 1;
    this.open += seconds;
    this.lids += seconds * closure;
    const [pitch, yaw, roll] = scores.pose.map(angle) as [number, number, number];
    if (towards(pitch, yaw, scores.gaze)) this.onScreen += seconds;
    this.pose = [pitch, yaw, roll].map((one, place) => (this.pose[place] ?? 0) + one);
    this.actions = ACTIONS.map((name, place) => (this.actions[place] ?? 0) + bounded(scores.actions[name] ?? 0, 0));
  }
}

/** Keeps at most a minute, in tenths of a second and blinks: as much memory at any number of pictures a second. */
export class States {
  state: State = "none";
  #bins: Bin[] = [];
  #blinks: (readonly [at: number, seconds: number])[] = [];
  #at: number | null = null;
  #closedAt: number | null = null;
  #due = 0;
  #candidate: State = "none";
  #since = 0;
  #heldAt = 0;

  /** Forget everything. */
  reset(): void {
    this.state = this.#candidate = "none";
    [this.#bins, this.#blinks] = [[], []];
    this.#at = this.#closedAt = null;
    this.#due = this.#since = this.#heldAt = 0;
  }

  /** One picture at `at` seconds. Scores without actions say nothing of a state. */
  add(at: number, scores: Scores): void {
    if (Object.keys(scores.actions).length === 0 || !Number.isFinite(at / BIN)) return;
    if (this.#at !== null && at < this.#at) this.reset();
    const pause = this.#at === null ? 0 : at - this.#at;
    if (pause > GAP) this.#since = this.#heldAt = at; // time that nobody saw confirms nothing
    this.#at = at;
    this.#lids(at, pause, bounded(scores.actions["AU43"] ?? 0, 0));
    this.#bin(at).add(scores, Math.min(pause, PAUSE));
    if (at < this.#due) return;
    this.#due = at + EVERY;
    this.#settle(at, this.#found(at));
  }

  /** What the last `span` seconds showed, beside the resting levels of the whole minute. */
  #measure(at: number, span: number, rest: readonly number[]): Measures {
    const bins = this.#bins.filter((one) => one.index * BIN > at - span - BIN / 2);
    const [seconds, opened] = [total(bins, "seconds"), total(bins, "open")];
    if (seconds <= 0) return { seconds: 0, perclos: 0, blinks: null, raised: {}, lids: 0, onScreen: null, head: 0, face: 0 };
    const blinks = this.#blinks.filter(([when]) => when > at - span).length;
    const measured = total(bins, "pictures") / seconds >= BLINK_RATE;
    const levels = ACTIONS.map((_, place) => levelsOf(bins, place));
    return {
      seconds,
      perclos: total(bins, "shut") / seconds,
      blinks: measured ? (60 * blinks) / seconds : null,
      raised: Object.fromEntries(ACTIONS.map((name, place) => [name, mean(levels[place] ?? []) - (rest[place] ?? 0)])),
      lids: opened > 0 ? total(bins, "lids") / opened : 0,
      onScreen: opened > 0 ? total(bins, "onScreen") / opened : null,
      head: wander(bins),
      face: Math.max(...levels.map(deviation)),
    };
  }

  #lids(at: number, pause: number, closure: number): void {
    if (pause > PAUSE) this.#closedAt = null;
    if (closure > CLOSED) {
      this.#closedAt ??= at;
    } else if (this.#closedAt !== null) {
      if (at - this.#closedAt <= LONGEST_BLINK) this.#blinks = [...this.#blinks, [at, at - this.#closedAt] as const].slice(-BINS);
      this.#closedAt = null;
    }
  }

  #bin(at: number): Bin {
    const index = Math.trunc(at / BIN);
    let last = this.#bins.at(-1);
    if (last?.index !== index) {
      last = new Bin(index);
      this.#bins.push(last);
    }
    while ((this.#bins[0]?.index ?? index) <= index - BINS) this.#bins.shift();
    return last;
  }

  /** The person's resting level of each action: the lower quartile of the minute, so that a low brow is not read as a mood. */
  #rest(): readonly number[] {
    return ACTIONS.map((_, place) => {
      const level = levelsOf(this.#bins, place).toSorted((one, other) => one - other);
      return level[Math.floor(level.length / 4)] ?? 0;
    });
  }

  /** The first state whose definition holds now. */
  #found(at: number): State {
    const known = total(this.#bins, "seconds");
    const ready = DEFINITIONS.filter((one) => known >= one.least);
    const rest = ready.length > 0 ? this.#rest() : [];
    const seen = new Map<number, Measures>();
    for (const { span } of ready) if (!seen.has(span)) seen.set(span, this.#measure(at, span, rest));
    return ready.find((one) => holds(one, seen.get(one.span)))?.word ?? "none";
  }

  #settle(at: number, found: State): void {
    if (found === this.state) this.#heldAt = at;
    if (found !== this.#candidate) [this.#candidate, this.#since] = [found, at];
    if (found !== this.state && at - this.#since >= HOLD) [this.state, this.#heldAt] = [found, at];
    else if (at - this.#heldAt >= HOLD) this.state = "none";
  }
}

function holds(one: Definition, seen: Measures | undefined): boolean {
  return seen !== undefined && seen.seconds >= Math.min(SEEN * one.span, one.least) && one.holds(seen);
}

/** Whether head and eyes together point towards the screen. Yaw and gaze count to the person's left, pitch down, gaze up. */
function towards(pitch: number, yaw: number, gaze: readonly [number, number]): boolean {
  const across = yaw + EYES * bounded(gaze[0], -1);
  const down = pitch - EYES * bounded(gaze[1], -1);
  return Math.abs(across) <= ACROSS && Math.abs(down) <= UP_DOWN;
}

function angle(one: number): number {
  return Number.isFinite(one) ? Math.max(-Math.PI, Math.min(Math.PI, one)) : 0;
}

function total(bins: readonly Bin[], of: "pictures" | "seconds" | "shut" | "open" | "lids" | "onScreen"): number {
  return sum(bins.map((one) => one[of]));
}

function levelsOf(bins: readonly Bin[], place: number): number[] {
  return bins.filter((one) => one.looks > 0).map((one) => (one.actions[place] ?? 0) / one.looks);
}

function wander(bins: readonly Bin[]): number {
  const seen = bins.filter((one) => one.looks > 0);
  return Math.hypot(...[0, 1, 2].map((place) => deviation(seen.map((one) => (one.pose[place] ?? 0) / one.looks))));
}
