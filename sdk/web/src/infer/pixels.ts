/**
 * The few operations on pixels that the networks' inputs need, to the bit as OpenCV 5 does them: the networks were trained on its pictures, and the same
 * label must come out here as in Python. `tests/web/test_vision.py` compares them with OpenCV itself.
 */

/** `width` x `height` x `channels` bytes, rows from the top. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** OpenCV's weights of blue, green and red in grey, over 2^15. */
const [BLUE, GREEN, RED, GREY_BITS] = [3735, 19235, 9798, 15];
/** Bits of the weights of `resized`; its sums keep four fewer and are rounded with two left. */
const COEF = 2048;
const COLOURS = 3;
/** Every second byte of a word, and what rounds a sum of four of them. */
const EVEN = 0x00ff00ff;
const ROUND = 0x00020002;

/** Half the sides of a picture of four channels, by area; an odd last row or column is left out. Two channels are summed at a time, in halves of a word. */
export function halved({ width, height, data }: Plane): Plane {
  const across = width >> 1;
  const down = height >> 1;
  const whole = data.byteOffset % 4 === 0 ? data : data.slice(); // words must lie on words
  const from = new Uint32Array(whole.buffer, whole.byteOffset, width * height);
  const out = new Uint32Array(across * down);
  for (let y = 0, to = 0; y < down; y += 1) {
    for (let x = 0, above = 2 * y * width; x < across; x += 1, above += 2, to += 1) {
      const p = from[above]!;
      const q = from[above + 1]!;
      const r = from[above + width]!;
      const s = from[above + width + 1]!;
      const even = (p & EVEN) + (q & EVEN) + (r & EVEN) + (s & EVEN) + ROUND;
      const odd = ((p >>> 8) & EVEN) + ((q >>> 8) & EVEN) + ((r >>> 8) & EVEN) + ((s >>> 8) & EVEN) + ROUND;
      out[to] = ((even >>> 2) & EVEN) | (((odd >>> 2) & EVEN) << 8);
    }
  }
  return { width: across, height: down, channels: 4, data: new Uint8Array(out.buffer) };
}

/** Red, green, blue (and alpha) to grey. */
export function grey({ width, height, channels, data }: Plane): Plane {
  const out = new Uint8Array(width * height);
  for (let to = 0, from = 0; to < out.length; to += 1, from += channels) {
    out[to] = (data[from]! * RED + data[from + 1]! * GREEN + data[from + 2]! * BLUE + (1 << (GREY_BITS - 1))) >> GREY_BITS;
  }
  return { width, height, channels: 1, data: out };
}

/** The part from `x0`, `y0` up to, and without, `x1`, `y1`. */
export function cut({ width, channels, data }: Plane, x0: number, y0: number, x1: number, y1: number): Plane {
  const row = (x1 - x0) * channels;
  const out = new Uint8Array(row * (y1 - y0));
  for (let y = y0; y < y1; y += 1) {
    const from = (y * width + x0) * channels;
    out.set(data.subarray(from, from + row), (y - y0) * row);
  }
  return { width: x1 - x0, height: y1 - y0, channels, data: out };
}

/** To `width` x `height`, bilinear in fixed point (`INTER_LINEAR` of `cv::resize`); three channels, without alpha. */
export function resized(plane: Plane, width: number, height: number): Plane {
  const { channels, data } = plane;
  const across = taps(plane.width, width, true);
  const down = taps(plane.height, height, false);
  const stride = plane.width * channels;
  const out = new Uint8Array(width * height * COLOURS);
  for (let y = 0, to = 0; y < height; y += 1) {
    const upper = down.first[y]! * stride;
    const lower = down.second[y]! * stride;
    const top = down.keep[y]!;
    const bottom = down.take[y]!;
    for (let x = 0; x < width; x += 1) {
      const left = across.first[x]! * channels;
      const right = across.second[x]! * channels;
      const near = across.keep[x]!;
      const far = across.take[x]!;
      for (let c = 0; c < COLOURS; c += 1, to += 1) {
        const above = data[upper + left + c]! * near + data[upper + right + c]! * far;
        const below = data[lower + left + c]! * near + data[lower + right + c]! * far;
        out[to] = (((top * (above >> 4)) >> 16) + ((bottom * (below >> 4)) >> 16) + 2) >> 2;
      }
    }
  }
  return { width, height, channels: COLOURS, data: out };
}

/** Of each place of the result: the two places it lies between, and their weights. Outside, `snap` takes the edge alone, as OpenCV does along rows. */
function taps(from: number, to: number, snap: boolean) {
  const [first, second] = [new Int32Array(to), new Int32Array(to)];
  const [keep, take] = [new Int32Array(to), new Int32Array(to)];
  for (let place = 0; place < to; place += 1) {
    const at = Math.fround((place + 0.5) * (from / to) - 0.5);
    const low = Math.floor(at);
    const part = snap && (low < 0 || low >= from - 1) ? 0 : Math.fround(at - low);
    first[place] = Math.min(Math.max(low, 0), from - 1);
    second[place] = Math.min(Math.max(low + 1, 0), from - 1);
    keep[place] = Math.round(Math.fround(1 - part) * COEF);
    take[place] = Math.round(part * COEF);
  }
  return { first, second, keep, take };
}

/** The grey square of `side` pixels that `affine` (of the picture's pixel centres to the square's) shows; edges are repeated outside the picture. */
export function warped({ width, height, data }: Plane, affine: Affine, side: number): Uint8Array {
  const [a, b, c, d, e, f] = inverted(affine);
  const out = new Uint8Array(side * side);
  for (let v = 0, to = 0; v < side; v += 1) {
    for (let u = 0; u < side; u += 1, to += 1) {
      const x = a * u + (b * v + c);
      const y = d * u + (e * v + f);
      const left = Math.floor(x);
      const top = Math.floor(y);
      const x0 = within(left, width);
      const x1 = within(left + 1, width);
      const upper = within(top, height) * width;
      const lower = within(top + 1, height) * width;
      const p = data[upper + x0]!;
      const r = data[lower + x0]!;
      const above = p + (data[upper + x1]! - p) * (x - left);
      const below = r + (data[lower + x1]! - r) * (x - left);
      out[to] = above + (below - above) * (y - top) + 0.5;
    }
  }
  return out;
}

/** The way back. */
export function inverted([a, b, c, d, e, f]: Affine): Affine {
  const size = a * e - b * d;
  const [p, q, r, s] = [e / size, -b / size, -d / size, a / size];
  return [p, q, -(p * c + q * f), r, s, -(r * c + s * f)];
}

function within(place: number, size: number): number {
  return place < 0 ? 0 : place >= size ? size - 1 : place;
}
