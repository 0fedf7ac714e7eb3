/** Whether a picture can be read at all: the twin of `mien/capture/light.py`. */

import { FrameRejected } from "../errors.ts";
import type { Picture } from "../values.ts";

/** Mean brightness (0..255) under which a picture shows nothing. */
const DARK = 24;
/** Spread of brightness (standard deviation, 0..255) under which nothing can be told apart: fog, a covered lens, glare. */
const FLAT = 4;
const STEP = 8;
const CHANNELS = 4;
const MIN_SIDE = 16;
const MAX_SIDE = 8192;

/** Why a picture cannot be read; null when it can. Looks at the green of every eighth pixel, which is most of brightness. */
export function fault({ width, height, pixels }: Picture): "dark" | "blank" | null {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < height; y += STEP) {
    for (let x = 0; x < width; x += STEP) {
      const green = pixels[CHANNELS * (y * width + x) + 1] ?? 0;
      count += 1;
      sum += green;
      squares += green * green;
    }
  }
  const mean = sum / count;
  if (mean < DARK) return "dark";
  return Math.sqrt(Math.max(0, squares / count - mean * mean)) < FLAT ? "blank" : null;
}

/** The picture itself, when it is of a sane size and all there. Throws `FrameRejected`. */
export function checked(picture: Picture): Picture {
  const { width, height, pixels } = picture;
  const sane = [width, height].every((side) => Number.isInteger(side) && side >= MIN_SIDE && side <= MAX_SIDE);
  if (!sane || pixels.length !== CHANNELS * width * height) {
    throw new FrameRejected(`a picture is RGBA of ${MIN_SIDE} to ${MAX_SIDE} pixels a side; convert it`);
  }
  return picture;
}
