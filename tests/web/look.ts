/**
 * The web SDK's eyes asked by Python, in Node: where models, runtime and raw pictures lie comes on standard input; what each picture showed goes to standard
 * output. Driven by `test_vision.py` and the bench.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

import { type Bytes } from "../../sdk/web/src/wire/bytes.ts";
import { Eyes, loadModels, type NetworkName, NETWORKS, readManifest } from "../../sdk/web/src/infer/index.ts";
import type { Purpose } from "../../sdk/web/src/values.ts";
import { Looker } from "../../sdk/web/src/vision/looker.ts";

interface Told {
  readonly models: string;
  readonly wasm: string;
  /** A file of RGBA pictures of one size, one after the other. */
  readonly pictures: string;
  readonly width: number;
  readonly height: number;
  /** Of each picture: seconds of the session and unix seconds. */
  readonly times: readonly (readonly [at: number, unix: number])[];
  readonly purposes: readonly Purpose[];
  /** How many of the first pictures to tell faces and scores of. */
  readonly faces: number;
}

const told = JSON.parse(readFileSync(0, "utf8")) as Told;
const read = (file: string): Bytes => new Uint8Array(readFileSync(file));
const manifest = await readManifest(read(join(told.models, "manifest.json")));
const blobs = Object.fromEntries(NETWORKS.map((name) => [name, read(join(told.models, manifest.files[name].file))])) as Record<NetworkName, Bytes>;
const loaded = await loadModels(manifest, read(told.wasm), blobs);
const eyes = new Eyes(loaded);
const looker = new Looker(eyes, loaded.model);
const pixels = new Uint8Array(told.width * told.height * 4);
const picture = { width: told.width, height: told.height, pixels };
const file = openSync(told.pictures, "r");
const [readings, faces, scores, spent]: [unknown[], unknown[], unknown[], number[]] = [[], [], [], []];
for (const [place, [at, unix]] of told.times.entries()) {
  readSync(file, pixels);
  const since = performance.now();
  readings.push(await looker.look(picture, at, unix, told.purposes));
  spent.push(performance.now() - since);
  if (place >= told.faces) continue;
  const seen = await eyes.faces(picture);
  faces.push(seen);
  scores.push(await Promise.all(seen.map((face) => eyes.scores(picture, face))));
}
closeSync(file);
process.stdout.write(JSON.stringify({ readings, faces, scores, spent }));
