/** Picture to faces, face to scores: the twin of `mien/infer/eyes.py`. Pixels in, numbers out; nothing is kept. */

import type { Box, Face, Picture, Point, Scores } from "../values.ts";
import { apart, decode, letterbox, SIGHTS } from "./detection.ts";
import { aligned, apply, back, type Corners, CROP, crop, focused, framed, Levels, plane, roll, usualBox } from "./geometry.ts";
import type { Models } from "./models.ts";
import type { Affine } from "./pixels.ts";

/** Detector score from which the landmark network is asked as well. */
const CANDIDATE = 0.15;
/** Exponent of the detector's score: it sees the face small, so the landmark network's word on the full crop counts more. */
const DETECTOR_WEIGHT = 0.25;

/** Finds faces and reads expressions with the embedded models. Holds no picture. */
export class Eyes {
  readonly #models: Models;

  constructor(models: Models) {
    this.#models = models;
  }

  /** All faces, strongest first, with refined landmarks. Coordinates count from the picture's top left corner. */
  async faces(picture: Picture): Promise<readonly Face[]> {
    const levels = new Levels(plane(picture));
    let found: readonly Face[] = [];
    for (const long of SIGHTS) if (found.length === 0) found = await this.#search(levels, long);
    const strongest = found.toSorted((one, other) => other.score - one.score);
    return apart(strongest.map(({ box }) => cornersOf(box))).map((place) => strongest[place]!);
  }

  /** Faces seen when the picture's longer side is `long` pixels. */
  async #search(levels: Levels, long: number): Promise<readonly Face[]> {
    const [small, scale] = letterbox(levels, long);
    const [grid] = await this.#models.networks.detector.run(small.data, small.dims);
    const [, , rows = 0, columns = 0] = grid!.dims;
    const faces: Face[] = [];
    for (const { corners, score } of decode({ data: grid!.data, rows, columns }, CANDIDATE)) {
      const box = corners.map((side) => Math.fround(side / scale)) as unknown as Corners;
      const face = await this.#face(levels, sized(box));
      const joint = face.score * score ** DETECTOR_WEIGHT;
      if (joint < this.#models.faceThreshold) continue;
      const usual = usualBox(face.landmarks);
      const mean = box.map((side, place) => Math.fround((side + usual[place]!) / 2)) as unknown as Corners;
      faces.push({ box: sized(mean), landmarks: face.landmarks, score: Math.min(joint, 1) });
    }
    return faces;
  }

  /** Two looks of the landmark network: at the box, then closer, levelled by the first answer. */
  async #face(levels: Levels, box: Box): Promise<Face> {
    const first = await this.#look(levels, framed(box));
    const second = await this.#look(levels, focused(first.landmarks));
    return { box, landmarks: second.landmarks, score: Math.sqrt(first.presence * second.presence) };
  }

  /** Landmarks in the picture and how face-like the crop is, 0..1. */
  async #look(levels: Levels, transform: Affine): Promise<{ readonly landmarks: readonly Point[]; readonly presence: number }> {
    const [points, presence] = await this.#models.networks.landmarks.run(levels.grey(transform), [1, CROP, CROP]);
    const home = back(transform);
    const landmarks = Array.from({ length: points!.data.length / 2 }, (_, place) => (
      apply(home, [points!.data[2 * place]! * CROP, points!.data[2 * place + 1]! * CROP])
    ));
    return { landmarks, presence: presence!.data[0]! };
  }

  /** What the expression network says of `face`: calibrated probabilities, affect, action strengths, head pose, gaze. */
  async scores(picture: Picture, face: Face): Promise<Scores> {
    const transform = aligned(face.landmarks);
    const answer = await this.#models.networks.expression.run(crop(plane(picture), transform), [1, CROP, CROP]);
    const [logits, affect, actions, pose, gaze, embedding] = answer.map(({ data }) => Array.from(data)) as [number[], number[], number[], number[], number[], number[]];
    const [valence = 0, arousal = 0] = within(affect, -1);
    const [pitch = 0, yaw = 0] = pose;
    const [x = 0, y = 0] = within(gaze, -1);
    const strengths = within(actions, 0);
    return {
      expressions: softmax(logits, this.#models.temperature), valence, arousal,
      actions: Object.fromEntries(this.#models.actions.map((name, place) => [name, strengths[place] ?? 0])),
      pose: [pitch, yaw, roll(transform)], gaze: [x, y], embedding,
    };
  }
}

function softmax(logits: readonly number[], temperature: number): readonly number[] {
  const most = Math.max(...logits);
  const odds = logits.map((one) => Math.exp((one - most) / temperature));
  const total = odds.reduce((sum, one) => sum + one, 0);
  return odds.map((one) => one / total);
}

/** Numbers within `low`..1. */
function within(values: readonly number[], low: number): readonly number[] {
  return values.map((value) => Math.min(Math.max(value, low), 1));
}

function sized([x0, y0, x1, y1]: Corners): Box {
  return [x0, y0, x1 - x0, y1 - y0];
}

function cornersOf([x, y, width, height]: Box): Corners {
  return [x, y, x + width, y + height];
}
