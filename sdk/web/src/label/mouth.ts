/**
 * Whether the mouth swings as in speech: three swings of at least .15, to and fro, within 1.2 s. Syllables come at 2 to 7 a second.
 *
 * Syllables that are faster than half the pictures a second cannot be told from a mouth that stays open: 7 Hz needs 15 pictures a second.
 */

const SWING = 0.15;
const SWINGS = 3;
const SWINGS_SECONDS = 1.2;
const MOUTH = ["AU18", "AU22", "AU25", "AU26"];

export class Mouth {
  /** The word that stood when the first of these swings came: what a long first syllable flipped can be taken back. */
  before = 0;
  #low = 1;
  #high = 0;
  #opening: boolean | null = null;
  #swings: (readonly [at: number, word: number])[] = [];

  /** One picture, and the word that stands; true while the person speaks. */
  see(at: number, actions: Readonly<Record<string, number>>, word: number): boolean {
    const wide = Math.max(...MOUTH.map((name) => actions[name] ?? 0));
    this.#low = Math.min(this.#low, wide);
    this.#high = Math.max(this.#high, wide);
    if (this.#opening !== true && wide - this.#low >= SWING) {
      [this.#opening, this.#high] = [true, wide];
      this.#swung(at, word);
    } else if (this.#opening !== false && this.#high - wide >= SWING) {
      [this.#opening, this.#low] = [false, wide];
      this.#swung(at, word);
    }
    const [since, before] = this.#swings[0] ?? [at, word];
    this.before = before;
    return this.#swings.length === SWINGS && at - since <= SWINGS_SECONDS;
  }

  #swung(at: number, word: number): void {
    this.#swings = [...this.#swings, [at, word] as const].slice(-SWINGS);
  }
}
