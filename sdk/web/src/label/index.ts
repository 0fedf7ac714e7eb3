/**
 * Label: what was seen over time becomes at most one small label a second, or a reason why there is none; what a person declares; and data minimization.
 * Pure: no I/O, no clock.
 *
 * Takes one `Sight` per picture; gives one `Reading`. Invariants: no label from a window in which more than one face was seen; none after an absence, or
 * when another face sits where the person sat, until somebody affirms; none under the threshold; nothing that no purpose needs. Deliberately absent: brief
 * movements, which are not looked for in a browser.
 */

export { Reader, RULES, type Rules } from "./reader.ts";
export { type Moment, type Reading, type Sight, WHY, type Why } from "./reading.ts";
export { LABEL_PURPOSES, MOOD_PURPOSE, needsAffect, needsLabel, needsState, trim } from "./trim.ts";
