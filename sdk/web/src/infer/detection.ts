/** The detector's picture and its answer: letterbox in, boxes out. The twin of `mien/infer/detection.py`. */

import type { Corners, Levels } from "./geometry.ts";
import { resized } from "./pixels.ts";

/** Longer sides of the detector's picture in pixels: at first sight; and when no face was found, from farther for a face that fills it, then closer. */
export const SIGHTS: readonly number[] = [192, 128, 288];
/** Pixels of the detector's picture per cell of the grid; sides are multiples of `BLOCK`. */
const STRIDE = 8;
const BLOCK = 32;
/** Sizes are logarithms over this many pixels. */
const ANCHOR = 48;
/** Of two boxes that overlap more than this (intersection over union) the weaker is dropped. */
const OVERLAP = 0.35;
/** Faces looked at in one picture, strongest first. */
const MOST = 6;
const EMPTY = 114;
const CHANNELS = 3;

/** A tensor's numbers and shape. */
export interface Bytes {
  readonly data: Uint8Array;
  readonly dims: readonly number[];
}
/** Channels first: face logit; centre offset x, y in cells; log width, log height over `ANCHOR`; ten of landmarks (a training aid). */
export interface Grid {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}
/** A box in detector pixels, and how sure the detector is of it. */
export interface Found {
  readonly corners: Corners;
  readonly score: number;
}

/** The picture (1, h, w, 3) in blue, green, red, its longer side `long`, padded to blocks at the right and below, and the scale used. */
export function letterbox(levels: Levels, long: number): readonly [Bytes, number] {
  const { width, height } = levels.at(0)[0];
  const scale = long / Math.max(width, height);
  const [across, down] = [Math.max(1, even(width * scale)), Math.max(1, even(height * scale))];
  let [small] = levels.at(Math.max(0, Math.trunc(Math.log2(Math.max(1 / scale, 1)))));
  if (small.width !== across || small.height !== down) small = resized(small, across, down);
  const [wide, tall] = [across, down].map((side) => Math.ceil(side / BLOCK) * BLOCK) as [number, number];
  const data = new Uint8Array(wide * tall * CHANNELS).fill(EMPTY);
  for (let y = 0; y < down; y += 1) {
    let from = y * across * small.channels;
    let to = y * wide * CHANNELS;
    for (let x = 0; x < across; x += 1, from += small.channels, to += CHANNELS) {
      data[to] = small.data[from + 2]!;
      data[to + 1] = small.data[from + 1]!;
      data[to + 2] = small.data[from]!;
    }
  }
  return [{ data, dims: [1, tall, wide, CHANNELS] }, scale];
}

/** From the middle to the even number, as Python rounds. */
function even(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** The boxes of a grid that reach `threshold`, strongest first. */
export function decode(grid: Grid, threshold: number): readonly Found[] {
  const least = Math.fround(Math.log(threshold / (1 - threshold)));
  const cells = [...peaks(grid, least)].toSorted((one, other) => grid.data[other]! - grid.data[one]!).slice(0, 4 * MOST);
  const found = cells.map((cell) => boxed(grid, cell));
  return apart(found.map(({ corners }) => corners)).slice(0, MOST).map((place) => found[place]!);
}

/** Cells at least `least` strong and as strong as their eight neighbours. */
function* peaks({ data, rows, columns }: Grid, least: number): Generator<number> {
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const cell = row * columns + column;
      const logit = data[cell]!;
      if (logit >= least && logit >= strongest(data, rows, columns, row, column)) yield cell;
    }
  }
}

function strongest(data: Float32Array, rows: number, columns: number, row: number, column: number): number {
  let most = -Infinity;
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) most = Math.max(most, data[y * columns + x]!);
  }
  return most;
}

function boxed({ data, rows, columns }: Grid, cell: number): Found {
  const [logit, dx, dy, wide, tall] = [0, 1, 2, 3, 4].map((channel) => data[channel * rows * columns + cell]!) as [number, number, number, number, number];
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  const [x, y] = [(column + 0.5 + dx) * STRIDE, (row + 0.5 + dy) * STRIDE];
  const [width, height] = [half(wide), half(tall)];
  return {
    corners: [x - width, y - height, x + width, y + height].map(Math.fround) as unknown as Corners,
    score: Math.fround(1 / (1 + Math.exp(-Math.min(Math.max(logit, -30), 30)))),
  };
}

function half(logarithm: number): number {
  return Math.exp(Math.min(Math.max(logarithm, -4), 3)) * (ANCHOR / 2);
}

/** Places of boxes that do not overlap an earlier kept one; strongest first in, strongest first out. */
export function apart(boxes: readonly Corners[]): readonly number[] {
  const kept: number[] = [];
  boxes.forEach((box, place) => {
    if (!kept.some((other) => shared(box, boxes[other]!) > OVERLAP)) kept.push(place);
  });
  return kept;
}

/** Intersection over union. */
function shared(one: Corners, other: Corners): number {
  const across = Math.max(0, Math.min(one[2], other[2]) - Math.max(one[0], other[0]));
  const down = Math.max(0, Math.min(one[3], other[3]) - Math.max(one[1], other[1]));
  return (across * down) / (area(one) + area(other) - across * down + 1e-9);
}

function area([x0, y0, x1, y1]: Corners): number {
  return (x1 - x0) * (y1 - y0);
}
