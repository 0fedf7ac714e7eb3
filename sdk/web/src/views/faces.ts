/** A drawing for each of the eight words, of lines: brows, eyes, mouth. Decoration beside the word. */

import type { Expression } from "../values.ts";
import { drawing } from "./dom.ts";

const ROUND = "M12 2.5a9.5 9.5 0 1 0 .01 0";
const EYES = "M8.6 10.2v.7M15.4 10.2v.7";
const WIDE = "M8.6 9.4a.9 1.1 0 1 0 .01 0M15.4 9.4a.9 1.1 0 1 0 .01 0";
const LINES: Readonly<Record<Expression, readonly string[]>> = {
  neutral: [EYES, "M8.6 15.6h6.8"],
  joy: ["M7.5 10.6q1.1-1.5 2.2 0M14.3 10.6q1.1-1.5 2.2 0", "M7.6 14q4.4 5 8.8 0"],
  surprise: [WIDE, "M7.2 7.3q1.4-1.2 2.8-.2M14 7.1q1.4-1 2.8.2", "M12 14.2a1.5 1.9 0 1 0 .01 0"],
  anger: [EYES, "M7 8l3.2 1.4M17 8l-3.2 1.4", "M8.4 16.6q3.6-2.6 7.2 0"],
  fear: [WIDE, "M7 8.4q1.2-1.6 3-1.5M17 8.4q-1.2-1.6-3-1.5", "M8.2 16.2q1-1.6 1.9 0t1.9 0 1.9 0 1.9 0"],
  sadness: ["M8.6 10.6v.7M15.4 10.6v.7", "M7.2 9.3q1.2-.4 2.6-1.6M16.8 9.3q-1.2-.4-2.6-1.6", "M8.6 17q3.4-3.2 6.8 0"],
  disgust: ["M7.6 10.6h2M14.4 10.6h2", "M7.2 8.6l2.8.6M16.8 8.6l-2.8.6", "M8.4 16.4q1.8-2.2 3.6-.8t3.6-.8"],
  contempt: [EYES, "M7 8.7h2.8M14 8.3q1.4-.9 2.9 0", "M8.8 15.9h3.4q2.2-.1 3.4-1.7"],
};

/** The face of a word. */
export function face(expression: Expression): SVGElement {
  return drawing("face", ROUND, ...LINES[expression]);
}
