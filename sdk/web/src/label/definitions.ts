/**
 * What each state means. `docs/reference/states.md` names the published definition that each follows, and which numbers are only ours. None is validated on
 * people. The twin of `mien/label/definitions.py`.
 */

import type { State } from "../values.ts";

const PERCLOS = 0.15;
/** Blinks a minute. */
const BLINKS = 30;
/** Strength of an action above the person's resting level. */
const STRONG = 0.2;
const WEAK = 0.15;
/** Shares of the time with open eyes in which the person looks towards the screen. */
const ON_SCREEN = 0.7;
const STARING = 0.8;
const AWAY = 0.5;
/** Radians by which the head wanders (standard deviation). */
const STILL = 0.02;
const RESTLESS = 0.2;
/** Standard deviation of the liveliest action up to which a face hardly moves. */
const FLAT = 0.1;
const DROOPING = 0.3;
/** Mean closure of the lids while the eyes count as open. */
const OPEN = 0.2;

/**
 * What a stretch of time showed. `perclos` is the share of time with the eyes at least 80% closed. `blinks` is blinks a minute, null under 12 pictures a
 * second. `raised` are the mean strengths of actions above the person's resting level, and `lids` the mean closure, while the eyes were open. `onScreen` is
 * the share of that time with gaze and head towards the screen, null when the eyes were never open. `head` is how far the head wandered (standard deviation,
 * radians), `face` how much the liveliest action varied (standard deviation).
 */
export interface Measures {
  readonly seconds: number;
  readonly perclos: number;
  readonly blinks: number | null;
  readonly raised: Readonly<Record<string, number>>;
  readonly lids: number;
  readonly onScreen: number | null;
  readonly head: number;
  readonly face: number;
}

/** A state, the rule over the last `span` seconds, and how many seconds must have been seen in all (`least`). */
export interface Definition {
  readonly word: State;
  readonly span: number;
  readonly least: number;
  readonly holds: (seen: Measures) => boolean;
}

function up(seen: Measures, name: string, least: number): boolean {
  return (seen.raised[name] ?? 0) >= least;
}

function stressed(seen: Measures): boolean {
  const tense = up(seen, "AU4", WEAK) || up(seen, "AU24", WEAK);
  return tense && seen.blinks !== null && seen.blinks >= BLINKS;
}

function interested(seen: Measures): boolean {
  const brows = up(seen, "AU1", WEAK) && up(seen, "AU2", WEAK);
  return (brows || up(seen, "AU5", WEAK)) && seen.lids <= OPEN && (seen.onScreen ?? 0) >= STARING;
}

function bored(seen: Measures): boolean {
  const away = seen.onScreen !== null && seen.onScreen <= AWAY;
  return seen.face <= FLAT && (away || seen.lids >= DROOPING);
}

/** In order of precedence: of several that hold, the first is said. The more specific come before the more common. */
export const DEFINITIONS: readonly Definition[] = [
  { word: "fatigued", span: 60, least: 45, holds: (seen) => seen.perclos >= PERCLOS },
  { word: "frustrated", span: 4, least: 20, holds: (seen) => up(seen, "AU4", STRONG) && (up(seen, "AU14", STRONG) || up(seen, "AU12", STRONG)) },
  { word: "confused", span: 4, least: 20, holds: (seen) => up(seen, "AU4", STRONG) && up(seen, "AU7", WEAK) },
  { word: "stressed", span: 60, least: 45, holds: stressed },
  { word: "interested", span: 4, least: 20, holds: interested },
  { word: "bored", span: 30, least: 25, holds: bored },
  { word: "engaged", span: 10, least: 10, holds: (seen) => (seen.onScreen ?? 0) >= ON_SCREEN && seen.head >= STILL && seen.head <= RESTLESS },
];
