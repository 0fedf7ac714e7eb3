/** What a label summarizes: the mean, by time, of the steady views since the last one. Pictures of a blink are in no view, so in no label. */

import { EXPRESSIONS } from "../values.ts";
import { GAP, type View } from "./steady.ts";

/** Seconds that the first picture stands for: something, so that there is a mean. */
const LEAST = 0.001;

/** Times are seconds of the session. Keeps sums, no pictures. */
export class Window {
  since: number | null = null;
  pictures = 0;
  #at = 0;
  #seconds = 0;
  #shares = zeros();
  #stood = zeros();
  #valence = 0;
  #arousal = 0;
  #actions: Record<string, number> = {};

  /** Forget all of it; the next picture begins a window. */
  drop(): void {
    this.since = null;
    this.#clear();
  }

  /** Begin a window at `at`. */
  begin(at: number): void {
    this.#clear();
    this.since = this.#at = at;
  }

  /** One picture and the view it gives, null for a blink. Gives the seconds since the window began. */
  see(at: number, view: View | null): number {
    if (this.since === null || !(at - this.#at >= 0 && at - this.#at <= GAP)) this.begin(at);
    if (view !== null) this.#add(view, Math.max(at - this.#at, LEAST));
    this.#at = at;
    return at - (this.since ?? 0);
  }

  /** The window as one view, and begin the next. Its word is the one that stood the longest, the stronger one of two. Needs a picture. */
  close(at: number): View {
    const seconds = this.#seconds;
    const shares = this.#shares.map((total) => total / seconds);
    const key = (place: number): readonly [number, number] => [this.#stood[place] ?? 0, shares[place] ?? 0];
    const word = shares.reduce((best, _, place) => (before(key(best), key(place)) ? place : best), 0);
    const actions = Object.fromEntries(Object.entries(this.#actions).map(([name, total]) => [name, total / seconds]));
    const [valence, arousal] = [this.#valence / seconds, this.#arousal / seconds];
    this.begin(at);
    return { shares, word, valence, arousal, actions };
  }

  #add(view: View, seconds: number): void {
    this.pictures += 1;
    this.#seconds += seconds;
    this.#stood[view.word] = (this.#stood[view.word] ?? 0) + seconds;
    this.#shares = this.#shares.map((total, place) => total + (view.shares[place] ?? 0) * seconds);
    this.#valence += view.valence * seconds;
    this.#arousal += view.arousal * seconds;
    for (const [name, strength] of Object.entries(view.actions)) this.#actions[name] = (this.#actions[name] ?? 0) + strength * seconds;
  }

  #clear(): void {
    [this.pictures, this.#seconds, this.#valence, this.#arousal, this.#actions] = [0, 0, 0, 0, {}];
    [this.#stood, this.#shares] = [zeros(), zeros()];
  }
}

function before(one: readonly [number, number], other: readonly [number, number]): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}

function zeros(): number[] {
  return EXPRESSIONS.map(() => 0);
}
