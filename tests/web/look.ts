/**
 * The web SDK's eyes and reader asked by Python, in Node: questions on standard input, answers on standard output. Bytes are base64. Driven by
 * `test_vision.py`.
 */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";

import { MienError } from "../../sdk/web/src/errors.ts";
import { checkedRuntime, Eyes, loadModels, MODEL_ID, type Models, type NetworkName, NETWORKS, readManifest } from "../../sdk/web/src/infer/index.ts";
import { MANIFEST_SHA256 } from "../../sdk/web/src/infer/pin.ts";
import { type Affine, grey, halved, type Plane, resized, warped } from "../../sdk/web/src/infer/pixels.ts";
import { DEFINITIONS } from "../../sdk/web/src/label/definitions.ts";
import { Reader, RULES, type Reading, type Sight, WHY } from "../../sdk/web/src/label/index.ts";
import { BELONGS, NAMES } from "../../sdk/web/src/label/why.ts";
import type { Purpose, Scores } from "../../sdk/web/src/values.ts";
import { Looker } from "../../sdk/web/src/vision/looker.ts";
import { type Bytes } from "../../sdk/web/src/wire/bytes.ts";

/** Pictures of one size, RGBA, in a file; of each, seconds of the session, unix seconds, and whether somebody affirms before it. */
interface Session {
  readonly pictures: string;
  readonly width: number;
  readonly height: number;
  readonly times: readonly (readonly [at: number, unix: number, affirmed: boolean])[];
}
interface Asked {
  readonly models: string;
  readonly wasm: string;
  readonly integrity: string;
  readonly purposes: readonly Purpose[];
  readonly sessions: readonly Session[];
  /** Of the first session: how many pictures to tell faces and scores of. */
  readonly faces: number;
  /** Sequences of sights with scores, read without any network. */
  readonly sequences: readonly (readonly (readonly [Sight, Scores, boolean])[])[];
  readonly planes: readonly { readonly width: number; readonly height: number; readonly data: string; readonly to: readonly [number, number]; readonly affine: Affine }[];
}

const asked = JSON.parse(readFileSync(0, "utf8")) as Asked;
const read = (file: string): Bytes => new Uint8Array(readFileSync(file));

async function loaded(spoil: (name: string, bytes: Bytes) => Bytes = (_, bytes) => bytes): Promise<Models> {
  const manifest = await readManifest(spoil("manifest", read(join(asked.models, "manifest.json"))));
  const blobs = Object.fromEntries(NETWORKS.map((name) => [name, spoil(name, read(join(asked.models, manifest.files[name].file)))]));
  const runtime = await checkedRuntime(spoil("runtime", read(asked.wasm)), asked.integrity);
  return loadModels(manifest, runtime, blobs as Record<NetworkName, Bytes>);
}

const models = await loaded();
const eyes = new Eyes(models);

async function looked({ pictures, width, height, times }: Session, faces: number) {
  const looker = new Looker(eyes, models.model);
  const file = openSync(pictures, "r");
  const [readings, found]: [Reading[], unknown[]] = [[], []];
  for (const [place, [at, unix, affirmed]] of times.entries()) {
    const picture = { width, height, pixels: new Uint8Array(width * height * 4) };
    readSync(file, picture.pixels);
    if (affirmed) looker.affirm();
    readings.push(await looker.look(picture, at, unix, asked.purposes));
    if (place >= faces) continue;
    for (const face of await eyes.faces(picture)) found.push([place, face, await eyes.scores(picture, face)]);
  }
  closeSync(file);
  return { readings, found };
}

function sequence(steps: Asked["sequences"][number]): Reading[] {
  const reader = new Reader(models.model);
  return steps.map(([sight, scores, affirmed]) => {
    if (affirmed) reader.affirm();
    return reader.look(sight) ?? reader.read(sight, scores, asked.purposes);
  });
}

function pixels({ width, height, data, to, affine }: Asked["planes"][number]): Record<string, string> {
  const plane: Plane = { width, height, channels: 4, data: Buffer.from(data, "base64") };
  const text = (bytes: ArrayLike<number>): string => Buffer.from(bytes as Uint8Array).toString("base64");
  const dull = grey(plane);
  return { halved: text(halved(plane).data), grey: text(dull.data), resized: text(resized(plane, ...to).data), warped: text(warped(dull, affine, 64)) };
}

async function refused(which: string): Promise<string> {
  return loaded((name, bytes) => (name === which ? new Uint8Array([...bytes, 0]) : bytes)).then(() => "loaded", (error: MienError) => error.code);
}

const sessions = [];
for (const [place, session] of asked.sessions.entries()) sessions.push(await looked(session, place === 0 ? asked.faces : 0));
process.stdout.write(JSON.stringify({
  sessions,
  sequences: asked.sequences.map(sequence),
  planes: asked.planes.map(pixels),
  refused: await Promise.all(["manifest", "runtime", ...NETWORKS].map(refused)),
  constants: {
    rules: RULES, why: WHY, pin: [MANIFEST_SHA256, MODEL_ID], names: NAMES, belongs: BELONGS,
    definitions: DEFINITIONS.map(({ word, span, least }) => [word, span, least]),
  },
}));
