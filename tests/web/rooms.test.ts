/** The walls of the web SDK: client > rooms (none knows another) > wire > nouns > errors, as import-linter holds them for the Python SDK. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../../sdk/web/src/", import.meta.url));
const ROOMS = ["capture", "consent", "infer", "keep", "label", "seal", "send"];
/** What each part may import beside itself. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  values: ["errors"],
  wire: ["errors", "values"],
  ...Object.fromEntries(ROOMS.map((room) => [room, ["errors", "values", "wire"]])),
  client: ["errors", "values", "wire", ...ROOMS],
  vision: ["errors", "values", "wire", ...ROOMS],
  index: ["errors", "values", "wire", "client", ...ROOMS],
  channel: ["errors", "values"],
  loader: ["errors", "values", "channel"],
  frame: ["errors", "values", "wire", "channel", "client", "label", "vision"],
  views: ["errors", "values", "wire", "channel", "frame"],
  embed: ["frame", "views", "vision", "client"],
};
/** Packages, and who may import them: what seals, what opens and what runs models, nobody else. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@hpke/core": ["wire/seal.ts"],
  "@hpke/hybridkem-x-wing": ["wire/keys.ts", "wire/seal.ts"],
  "onnxruntime-web/wasm": ["infer/models.ts"],
};
const IMPORT = /^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)";/gm;

type Files = ReadonlyMap<string, string>;

function sources(): Files {
  const names = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return new Map(names.map((name) => [name, readFileSync(join(SOURCE, name), "utf8")]));
}

/** Whatever breaks a wall, one line each. */
function breaches(files: Files): string[] {
  return [...files].flatMap(([name, code]) => {
    const part = partOf(name);
    return [...code.matchAll(IMPORT)].flatMap(([, target = ""]) => {
      if (!target.startsWith(".")) return PACKAGES[target]?.includes(name) === true ? [] : [`${name} imports ${target}`];
      const other = partOf(relative(".", join(dirname(name), target)));
      return other === part || BELOW[part]?.includes(other) === true ? [] : [`${name} imports ${other}`];
    });
  });
}

function partOf(name: string): string {
  return name.split("/", 1)[0]?.replace(/\.ts$/, "") ?? "";
}

/** Files outside of their room that speak to the network, or to storage. */
function reaching(files: Files): string[] {
  const ways: readonly (readonly [RegExp, ...(readonly string[])])[] = [
    [/\bfetch\(|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b|sendBeacon|\bRTCPeerConnection\b|\bWebTransport\b/, "send/", "loader/nobody.ts", "frame/notices.ts", "frame/checked.ts"],
    [/\bindexedDB\b|\bIDB\w+|\blocalStorage\b|\bsessionStorage\b|document\.cookie|\bcaches\b/, "keep/", "frame/mark.ts", "loader/mark.ts"],
    [/\bgetUserMedia\b|\bMediaStream\b|\bVideoFrame\b|\bgetImageData\b/, "capture/"],
  ];
  return [...files].flatMap(([name, code]) => ways.flatMap(([way, ...rooms]) => (way.test(code) && !rooms.some((room) => name.startsWith(room)) ? [`${name}: ${way}`] : [])));
}

test("the walls hold", () => {
  const files = sources();
  assert.ok(files.size > 25);
  assert.deepEqual(breaches(files), []);
  assert.deepEqual(new Set([...files.keys()].map(partOf)), new Set(Object.keys(BELOW)));
});

test("only send speaks to the network, the frame for a notice and a check and the loader for orders of nobody; only keep to storage, and the two marks", () => {
  assert.deepEqual(reaching(sources()), []);
});

test("a breach is noticed", () => {
  const [above, across] = ['import { Client } from "../client/index.ts";', 'import {\n  Keep,\n} from "../keep/index.ts";'];
  assert.deepEqual(breaches(new Map([["wire/keys.ts", above]])), ["wire/keys.ts imports client"]);
  assert.deepEqual(breaches(new Map([["send/sender.ts", across]])), ["send/sender.ts imports keep"]);
  assert.deepEqual(breaches(new Map([["label/index.ts", 'import { XWing } from "@hpke/hybridkem-x-wing";']])), ["label/index.ts imports @hpke/hybridkem-x-wing"]);
  assert.equal(reaching(new Map([["label/index.ts", "await fetch(address)"]])).length, 1);
});
