/** One picture after the other: the order of the rooms for each, as `mien/client/session.py` has it. Knows no worker and no camera. */

import { fault } from "../capture/light.ts";
import { Reader, type Reading } from "../label/index.ts";
import type { Face, Picture, Purpose, Scores } from "../values.ts";

/** Finds faces and reads expressions; `infer`'s `Eyes` are some. */
export interface Sees {
  faces(picture: Picture): Promise<readonly Face[]>;
  scores(picture: Picture, face: Face): Promise<Scores>;
}

/** Keeps what a session must remember of readings, and no picture. */
export class Looker {
  readonly #eyes: Sees;
  readonly #reader: Reader;

  constructor(eyes: Sees, model: number) {
    this.#eyes = eyes;
    this.#reader = new Reader(model);
  }

  /** Somebody said yes again: whoever is in the next picture is the person. */
  affirm(): void {
    this.#reader.affirm();
  }

  /** What a picture shows at `at` seconds of the session and `unix` seconds, for these purposes. */
  async look(picture: Picture, at: number, unix: number, purposes: readonly Purpose[]): Promise<Reading> {
    const faulty = fault(picture);
    const blind = this.#reader.waiting || faulty !== null;
    const faces = blind ? [] : await this.#eyes.faces(picture);
    const [face] = faces;
    const alone = faces.length === 1 && face !== undefined ? face : null;
    const sight = { at, unix, faces: faces.length, box: alone?.box ?? null, fault: faulty };
    const refusal = this.#reader.look(sight);
    if (refusal !== null || alone === null) return refusal ?? { at, why: "no face", label: null, now: null, because: "" };
    return this.#reader.read(sight, await this.#eyes.scores(picture, alone), purposes);
  }
}
