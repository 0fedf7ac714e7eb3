/**
 * Whether the person who said yes is still the one in the picture. Nobody is recognized: only place and time of a face are compared.
 *
 * A person is present while one face stays where it was, moving little from picture to picture. When that face is gone for `absence` seconds, or a face
 * stays elsewhere for `elsewhere` seconds, somebody must affirm. The twin of `mien/label/presence.py`.
 */

import type { Box } from "../values.ts";

/** Times are seconds of the session. */
export class Presence {
  /** Somebody must affirm before anything is read. */
  lost = false;
  readonly #absence: number;
  readonly #elsewhere: number;
  #last: Box | null = null;
  #seenAt: number | null = null;
  #strangerAt: number | null = null;

  constructor(absence: number, elsewhere: number) {
    this.#absence = absence;
    this.#elsewhere = elsewhere;
  }

  /** One picture with exactly one face in `box`, or null for none or several. True when the face may be read as the person's. */
  see(at: number, box: Box | null): boolean {
    this.#seenAt ??= at; // the person who just said yes sits down
    if (at - this.#seenAt >= this.#absence) this.lost = true;
    if (this.lost || box === null) {
      this.#strangerAt = null;
      return false;
    }
    if (this.#last !== null && !overlap(this.#last, box)) {
      this.#waitForStranger(at);
      return false;
    }
    [this.#last, this.#seenAt, this.#strangerAt] = [box, at, null];
    return true;
  }

  /** Somebody said yes: whoever is in the next picture is the person. */
  affirm(): void {
    this.lost = false;
    this.#last = this.#seenAt = this.#strangerAt = null;
  }

  #waitForStranger(at: number): void {
    this.#strangerAt ??= at;
    if (at - this.#strangerAt >= this.#elsewhere) this.lost = true;
  }
}

/** Whether two boxes share any area. */
function overlap(one: Box, other: Box): boolean {
  const across = Math.min(one[0] + one[2], other[0] + other[2]) - Math.max(one[0], other[0]);
  const down = Math.min(one[1] + one[3], other[1] + other[3]) - Math.max(one[1], other[1]);
  return across > 0 && down > 0;
}
