/** What one picture adds up to: the twin of the nouns in `mien/label/reader.py`. */

import type { Box, Expression, Label } from "../values.ts";

/** What a reading says: a label, or why there is none. */
export const WHY = [
  "label", "gathering", "unsure", "no face", "two faces", "dark", "blank", "elsewhere", "affirm again", "no purpose",
] as const;
export type Why = (typeof WHY)[number];

/** What one picture showed: `fault` of the picture, number of faces and, when there is exactly one, its box. `at` is seconds of the session, `unix` unix seconds. */
export interface Sight {
  readonly at: number;
  readonly unix: number;
  readonly faces: number;
  readonly box: Box | null;
  readonly fault: "dark" | "blank" | null;
}

/**
 * How things stand at one picture, at most 300 ms behind the face. For the person's own screen: it is put into no envelope.
 *
 * `expression` is null when unsure; `share` (0..1) is that of the word that stands, sure or not. `second` is null unless mixed. `valence` and `arousal` are
 * -1..1, null when no purpose needs them. `because` says which facial actions are behind the word (see `why`).
 */
export interface Moment {
  readonly expression: Expression | null;
  readonly share: number;
  readonly second: Expression | null;
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly because: string;
}

/**
 * What the caller learns of one picture: a label, or a word of `WHY` for why there is none. `at` is seconds of the session. `now` is the live view, null
 * when no face may be read or no purpose needs a label. `because` says which facial actions are behind the label.
 */
export interface Reading {
  readonly at: number;
  readonly why: Why;
  readonly label: Label | null;
  readonly now: Moment | null;
  readonly because: string;
}
