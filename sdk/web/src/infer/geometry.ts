/**
 * Where the pixels of a face go: boxes to crops, landmarks to the aligned crop. The twin of `mien/infer/geometry.py`.
 *
 * Coordinates count from the picture's top left corner (the centre of the first pixel is .5, .5); `warped` counts from that centre, and `Levels` is the only
 * place where the two meet. A transform takes picture to crop coordinates. Numbers are rounded to 32 bits where Python keeps them so.
 */

import type { Box, Picture, Point } from "../values.ts";
import { type Affine, cut, grey, halved, inverted, type Plane, warped } from "./pixels.ts";

/** Side of the crops both small networks see. */
export const CROP = 64;
/** Where the five landmarks go in the aligned crop, as fractions of its side: symmetric, after rendered people seen from the front. */
const TEMPLATE: readonly Point[] = [[0.31, 0.385], [0.69, 0.385], [0.5, 0.595], [0.365, 0.745], [0.635, 0.745]];
/** Where they go when the landmark network looks for the second time. */
const FOCUS: readonly Point[] = TEMPLATE.map(([x, y]) => [(Math.fround(x) - 0.5) * 0.7 + 0.5, (Math.fround(y) - 0.571) * 0.7 + 0.5]);
/** The face's box (chin to hairline) in fractions of the aligned crop: medians over rendered people. */
const BOX_MIDDLE: Point = [0.5, 0.55];
const BOX_SIZE: Point = [0.813, 1.072];
/** Side of the landmark network's crop in heights of the face's box. */
const LOOSE = 1.35;
/** A scale down to .64 is left to bilinear interpolation; below, a half is taken. */
const SLACK = 0.35;
const LEAST_SIDE = 4;
const MARGIN = 4;

export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** Least-squares rotation, scale and shift that takes points to as many points (Umeyama 1991, without reflection). */
function similarity(source: readonly Point[], target: readonly Point[]): Affine {
  const [sx, sy] = middle(source);
  const [tx, ty] = middle(target);
  let [size, along, across] = [1e-6, 0, 0];
  source.forEach(([x, y], place) => {
    const [u, v] = target[place] ?? [tx, ty];
    const [ax, ay, bx, by] = [x - sx, y - sy, u - tx, v - ty];
    size += ax * ax + ay * ay;
    along += ax * bx + ay * by;
    across += ax * by - ay * bx;
  });
  let [cos, sin] = [along / size, across / size];
  if (Math.abs(cos) + Math.abs(sin) < 1e-4) [cos, sin] = [1e-3, 0]; // points that fell together: keep the transform invertible
  return single([cos, -sin, tx - cos * sx + sin * sy, sin, cos, ty - sin * sx - cos * sy]);
}

function middle(points: readonly Point[]): Point {
  const sum = (of: 0 | 1): number => points.reduce((total, point) => total + point[of], 0);
  return [sum(0) / points.length, sum(1) / points.length];
}

function onCrop(points: readonly Point[]): readonly Point[] {
  return points.map(([x, y]) => [Math.fround(x) * CROP, Math.fround(y) * CROP]);
}

const ALIGNED = onCrop(TEMPLATE);
const FOCUSED = onCrop(FOCUS);

/** The transform that brings five landmarks to the template of the aligned crop. */
export function aligned(landmarks: readonly Point[]): Affine {
  return similarity(landmarks, ALIGNED);
}

/** The transform of the landmark network's second, closer look. */
export function focused(landmarks: readonly Point[]): Affine {
  return similarity(landmarks, FOCUSED);
}

/** The head's roll in radians, counter-clockwise, that an aligning transform takes out. */
export function roll([cos, , , sin]: Affine): number {
  return Math.atan2(sin, cos);
}

/** The box (chin to hairline) that goes with five landmarks, by the median of rendered people. */
export function usualBox(landmarks: readonly Point[]): Corners {
  const transform = aligned(landmarks);
  const [x, y] = apply(back(transform), [BOX_MIDDLE[0] * CROP, BOX_MIDDLE[1] * CROP]);
  const [across, down] = BOX_SIZE.map((part) => (part * CROP) / scaleOf(transform) / 2) as [number, number];
  return [x - across, y - down, x + across, y + down];
}

/** The transform that brings a loose square around `box` to the crop. */
export function framed([x, y, width, height]: Box): Affine {
  const scale = CROP / (LOOSE * Math.max(width, height, 1));
  return single([scale, 0, CROP / 2 - scale * (x + width / 2), 0, scale, CROP / 2 - scale * (y + height / 2)]);
}

/** A point under a transform. */
export function apply([a, b, c, d, e, f]: Affine, [x, y]: Point): Point {
  return [Math.fround(a * x + b * y + c), Math.fround(d * x + e * y + f)];
}

/** The transform back. */
export function back(transform: Affine): Affine {
  return single(inverted(transform));
}

function single(transform: Affine): Affine {
  return transform.map(Math.fround) as unknown as Affine;
}

function scaleOf([a, , , d]: Affine): number {
  return Math.hypot(a, d);
}

/** The picture as the operations on pixels know it. */
export function plane({ width, height, pixels }: Picture): Plane {
  return { width, height, channels: 4, data: pixels };
}

/** A picture and its halves, each made when first asked for: crops of a large face do not alias, and one halving serves all who look. */
export class Levels {
  readonly #levels: Plane[];
  readonly #grey = new Map<number, Plane>();

  constructor(picture: Plane) {
    this.#levels = [picture];
  }

  /** The picture halved `level` times, or as often as its smaller side allows, and how often that was. */
  at(level: number): readonly [Plane, number] {
    let last = this.#levels.at(-1)!;
    while (this.#levels.length <= level && Math.min(last.width, last.height) >= LEAST_SIDE) {
      last = halved(last);
      this.#levels.push(last);
    }
    const found = Math.min(level, this.#levels.length - 1);
    return [this.#levels[found]!, found];
  }

  /** The grey crop, `CROP` a side, under `transform`; each level is made grey once. Edges are repeated outside the picture. */
  grey(transform: Affine): Uint8Array {
    const [picture, level] = this.at(Math.max(0, Math.floor(-Math.log2(Math.max(scaleOf(transform), 1e-6)) + SLACK)));
    const made = this.#grey.get(level) ?? grey(picture);
    this.#grey.set(level, made);
    const [a, b, c, d, e, f] = transform;
    const [p, q, r, s] = [a, b, d, e].map((one) => one * 2 ** level) as [number, number, number, number];
    return warped(made, [p, q, c + (p + q) * 0.5 - 0.5, r, s, f + (r + s) * 0.5 - 0.5], CROP);
  }
}

/** The grey crop of a picture under `transform`; only the part of the picture that it shows is looked at. */
export function crop(picture: Plane, transform: Affine): Uint8Array {
  const seen = ([[0, 0], [CROP, 0], [0, CROP], [CROP, CROP]] as const).map((corner) => apply(back(transform), corner));
  const margin = MARGIN / Math.max(scaleOf(transform), 1e-6);
  const [x0, x1] = stretch(seen.map(([x]) => x), margin, picture.width);
  const [y0, y1] = stretch(seen.map(([, y]) => y), margin, picture.height);
  const [a, b, c, d, e, f] = transform;
  const moved = single([a, b, c + Math.fround(a * x0 + b * y0), d, e, f + Math.fround(d * x0 + e * y0)]);
  return new Levels(cut(picture, x0, y0, x1, y1)).grey(moved);
}

function stretch(seen: readonly number[], margin: number, size: number): readonly [number, number] {
  const low = Math.trunc(Math.min(Math.max(Math.min(...seen) - margin, 0), size - 2));
  const high = Math.trunc(Math.min(Math.max(Math.max(...seen) + margin, low + 2), size));
  return [low, high];
}
