/** Why a word was said: the facial actions behind it, in plain names. It tells what was measured, not how the network came to its word. */

import type { Expression } from "../values.ts";

/** Action units by the names of FACS (Ekman, Friesen and Hager, 2002), made plain: AU12 is `lip corner puller` there. */
export const NAMES: Readonly<Record<string, string>> = {
  AU1: "inner brow raise", AU2: "outer brow raise", AU4: "brow lower", AU5: "upper lid raise", AU6: "cheek raise",
  AU7: "lid tighten", AU9: "nose wrinkle", AU10: "upper lip raise", AU12: "smile", AU14: "dimple",
  AU15: "lip corners down", AU16: "lower lip down", AU17: "chin raise", AU18: "lip pucker", AU20: "lip stretch",
  AU22: "lip funnel", AU24: "lip press", AU25: "lips apart", AU26: "jaw drop", AU28: "lip suck", AU43: "eyes closed",
};

/**
 * The actions that textbooks give for each expression: the table of emotions of Ekman and Friesen (1978, table 11-1) as EMFACS uses it, of the actions that
 * the network gives. Contempt is there a one-sided AU12 and AU14; sides are not measured here.
 */
export const BELONGS: Readonly<Record<Expression, readonly string[]>> = {
  neutral: [],
  joy: ["AU6", "AU12"],
  surprise: ["AU1", "AU2", "AU5", "AU25", "AU26"],
  anger: ["AU4", "AU5", "AU7", "AU10", "AU17", "AU22", "AU24"],
  fear: ["AU1", "AU2", "AU4", "AU5", "AU7", "AU20", "AU25", "AU26"],
  sadness: ["AU1", "AU4", "AU15", "AU17"],
  disgust: ["AU9", "AU10", "AU15", "AU16", "AU17"],
  contempt: ["AU12", "AU14"],
};

/** Strength from which an action is named (our threshold). */
const SHOWN = 0.2;
const MOST = 3;

/**
 * Words such as `smile 0.8, cheek raise 0.6 -> joy`: at most three actions that belong to `expression`, the strongest first. When none does, the strongest
 * action, with the words that it is not typical. `actions` are strengths 0..1. ASCII only.
 */
export function why(expression: Expression, actions: Readonly<Record<string, number>>): string {
  if (Object.keys(actions).length === 0) return `no actions measured -> ${expression}`;
  const strong = Object.keys(NAMES)
    .filter((name) => strength(actions, name) >= SHOWN)
    .toSorted((one, other) => strength(actions, other) - strength(actions, one));
  if (strong.length === 0) return `little movement -> ${expression}`;
  const typical = strong.filter((name) => BELONGS[expression].includes(name)).slice(0, MOST);
  const named = typical.length > 0 ? typical : strong.slice(0, 1);
  const shown = named.map((name) => `${NAMES[name]} ${tenth(strength(actions, name))}`).join(", ");
  return typical.length > 0 ? `${shown} -> ${expression}` : `${shown}, not typical -> ${expression}`;
}

function strength(actions: Readonly<Record<string, number>>, name: string): number {
  const found = actions[name] ?? 0;
  return Number.isFinite(found) ? Math.min(found, 1) : 0;
}

/** With one digit. A quarter is the one tie where this language rounds up and Python to the even digit. */
function tenth(value: number): string {
  return value === 0.25 ? "0.2" : value.toFixed(1);
}
