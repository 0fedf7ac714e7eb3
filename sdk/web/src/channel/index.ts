/**
 * Channel: the words that a page and a frame of the mien origin may say to each other, and who lets them in.
 *
 * Takes whatever came over a port. Gives a member of a closed union, or throws. Invariant: no word of the union carries a label, a state, a mood, a key, a
 * subject or a receipt, and none of the page's can stand for the person. Deliberately absent: anything that grows with what a person feels.
 */

export * from "./read.ts";
export * from "./words.ts";
