/**
 * Builds all of it: `dist/` is the npm package (`mien.js`, `loader.js`, `worker.js`, the licences of what is inside; the types are tsc's), and the folder named on the command line is what the mien server
 * serves: files under names that hold their content's hash, each as it travels (Brotli, gzip), and `manifest.json` that says what is loaded when.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build, type InlineConfig, type Plugin, type Rolldown } from "vite";

const HERE = import.meta.dirname;
const MODELS = join(HERE, "../python/mien/infer/models");
const RUNTIME = join(HERE, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");
const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8", ".json": "application/json", ".onnx": "application/octet-stream", ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};
/** A file that does not become this much smaller travels as it is: weights are nearly random. */
const WORTH = 0.95;
/** Of what is larger than this, Brotli's last levels take half a minute for a twentieth. */
const LARGE = 1024 * 1024;

/** When a file is asked for: by every page, by a frame that is shown, after a yes, after the camera was started, by who wants to read it. */
type When = "page" | "frame" | "view" | "yes" | "camera" | "reader";
interface File {
  readonly type: string;
  readonly when: When;
  readonly sha384: string;
  readonly bytes: number;
  /** Bytes on the way, null where it does not pay. Where both are null the file lies there as it is. */
  readonly br: number | null;
  readonly gzip: number | null;
}

/** What vite says of the packages inside what it bundles. */
const LICENSES = "licenses.json";
interface Licensed {
  readonly name: string;
  readonly version: string;
  readonly identifier?: string;
  readonly text?: string;
}
/** Packages of ONNX Runtime carry no text of their licence: it is that of its releases. */
const RUNTIMES = "onnxruntime";

const shared: InlineConfig = {
  root: HERE, configFile: false, logLevel: "error", publicDir: false,
  build: { target: "es2022", reportCompressedSize: false, write: false, modulePreload: false, emptyOutDir: false, license: { fileName: LICENSES } },
};
// Errors are told apart by name in a log, so classes keep theirs in what others build upon.
const NAMED = { keepNames: true };

/** Which files travel together: what a frame begins with, what all views share, the client. The rest is split where it is loaded later. */
const TOGETHER: readonly Rolldown.CodeSplittingGroup[] = [
  { name: "shell", priority: 3, test: /\/src\/(embed|errors|values|channel\/|frame\/|label\/(index|trim)|wire\/(shapes|notice|canonical|bytes))|preload-helper/ },
  { name: "shared", priority: 2, test: /\/src\/views\/(?!consent|guardian|help|indicator|me\b|mood|why|words\/[a-z]{2}\.ts)/ },
  { name: "client", priority: 1, test: /\/src\/(client|consent|keep|seal|send|wire)\/|node_modules/ },
];
/** What pieces are called that the bundler names after its own. */
const NAMES: Readonly<Record<string, string>> = { "rolldown-runtime": "runtime", "__vite-browser-external": "none" };

/** One file with everything inside. */
async function single(entry: string, format: "es" | "iife", more: Rolldown.OutputOptions = {}): Promise<string> {
  const [only, ...others] = await built({
    ...shared,
    plugins: [withoutRuntime],
    build: {
      ...shared.build,
      lib: { entry: join(HERE, entry), formats: [format], fileName: () => "one.js", name: "mien" },
      rolldownOptions: { output: { codeSplitting: false, ...more } },
    },
  });
  if (only === undefined || others.length > 0) throw new Error(`${entry} became ${others.length + 1} files`);
  return only.code;
}

/** What ONNX Runtime's glue asks for when nobody gave it the runtime. The bundler would put those 14 MB into the file, as text, once for each. */
const ASKED = 'new URL("ort-wasm-simd-threaded.wasm",import.meta.url)';
const TIMES = 2;
/** The worker always gives the runtime, checked, as bytes: an address is never needed, and there is none. */
const withoutRuntime: Plugin = {
  name: "without-runtime",
  enforce: "pre",
  transform(code, id) {
    if (!id.includes("onnxruntime-web")) return null;
    if (code.split(ASKED).length !== TIMES + 1) throw new Error("ONNX Runtime asks for its runtime in another way than before: read its bundle again");
    return code.replaceAll(ASKED, 'new URL("about:blank")');
  },
};

type Chunk = Rolldown.OutputChunk;
/** The packages inside all that was built, by name and version. */
const inside = new Map<string, Licensed>();

async function built(config: InlineConfig): Promise<readonly Chunk[]> {
  const done = (await build(config)) as Rolldown.RolldownOutput | readonly Rolldown.RolldownOutput[];
  const [first] = Array.isArray(done) ? (done as readonly Rolldown.RolldownOutput[]) : [done as Rolldown.RolldownOutput];
  const output = first?.output ?? [];
  for (const each of output) {
    if (each.type !== "asset" || each.fileName !== LICENSES) continue;
    for (const found of JSON.parse(String(each.source)) as readonly Licensed[]) inside.set(`${found.name} ${found.version}`, found);
  }
  return output.flatMap((each) => (each.type === "chunk" ? [each] : []));
}

/** The licences of what is inside, as their authors ask: whole. */
function licences(): string {
  const texts = [...inside].sort(([one], [other]) => (one < other ? -1 : 1)).map(([title, found]) => {
    const text = found.text ?? (found.name.startsWith(RUNTIMES) ? readFileSync(join(HERE, "licenses/onnxruntime.txt"), "utf8").trim() : null);
    if (text === null) throw new Error(`${title} carries no licence: put its text into \`licenses/\``);
    return `${title} (${found.identifier ?? "see below"})\n\n${text}\n`;
  });
  const intro = "The web SDK of mien is under the Apache License 2.0. Its built files hold parts of these packages. What ONNX Runtime holds in turn is named in the file\n"
    + "ThirdPartyNotices.txt of its releases (https://github.com/microsoft/onnxruntime).\n";
  return [intro, ...texts].join(`\n${"-".repeat(80)}\n\n`);
}

/** The frame's script and the pieces that it loads later. */
async function pieces(): Promise<readonly Chunk[]> {
  return built({
    ...shared,
    base: "./",
    build: {
      ...shared.build,
      rolldownOptions: {
        input: { frame: join(HERE, "src/embed.ts") }, preserveEntrySignatures: false,
        output: {
          entryFileNames: "[name]-[hash:16].js", chunkFileNames: ({ name }) => `${NAMES[name] ?? name}-[hash:16].js`, keepNames: true,
          codeSplitting: { groups: [...TOGETHER] },
        },
      },
    },
  });
}

/** When each piece is loaded: what the frame's script imports at once, what a view does, and the rest. */
function moments(chunks: readonly Chunk[]): ReadonlyMap<string, When> {
  const named = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const found = new Map<string, When>(chunks.map((chunk) => [chunk.fileName, "yes"]));
  const mark = (name: string, when: When): void => {
    if (found.get(name) === "frame" || found.get(name) === when) return;
    found.set(name, when);
    for (const other of named.get(name)?.imports ?? []) mark(other, when);
  };
  for (const chunk of chunks.filter((each) => each.facadeModuleId?.includes("/src/views/"))) mark(chunk.fileName, "view");
  for (const chunk of chunks.filter((each) => each.isEntry)) mark(chunk.fileName, "frame");
  return found;
}

/** The folder that is served. What lies there under a name with its hash is as it was: it is not compressed again. */
class Shelf {
  readonly files: Record<string, File> = {};
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    rmSync(join(folder, "manifest.json"), { force: true }); // until all is there, nothing is
  }

  /** Put it there under its own name, or one that holds its hash. Gives the name. */
  put(data: Buffer, name: string, when: When, named = false): string {
    const kind = extname(name);
    const file = named ? name : `${name.slice(0, -kind.length)}-${digest("sha256", data, "hex").slice(0, 16)}${kind}`;
    const travel = this.#travel(join(this.#folder, file), data);
    this.files[file] = { type: TYPES[kind] ?? "", when, sha384: digest("sha384", data, "base64"), bytes: data.length, ...travel };
    return file;
  }

  #travel(path: string, data: Buffer): { br: number | null; gzip: number | null } {
    if (existsSync(`${path}.br`) && existsSync(`${path}.gz`)) return { br: statSync(`${path}.br`).size, gzip: statSync(`${path}.gz`).size };
    mkdirSync(join(path, ".."), { recursive: true });
    const gzip = gzipSync(data, { level: 9 });
    if (gzip.length > data.length * WORTH) {
      writeFileSync(path, data);
      return { br: null, gzip: null };
    }
    const quality = data.length > LARGE ? 9 : 11;
    const br = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } });
    whole(`${path}.br`, br);
    whole(`${path}.gz`, gzip);
    return { br: br.length, gzip: gzip.length };
  }

  finish(entries: Readonly<Record<string, string>>, model: number): void {
    for (const there of readdirSync(this.#folder, { recursive: true, withFileTypes: true })) {
      const path = join(there.parentPath, there.name);
      const name = relative(this.#folder, path).replaceAll("\\", "/").replace(/\.(br|gz)$/, "");
      if (there.isFile() && !Object.hasOwn(this.files, name)) rmSync(path);
    }
    writeFileSync(join(this.#folder, "manifest.json"), `${JSON.stringify({ v: 1, entries, model, files: this.files }, null, 1)}\n`);
  }
}

/** Never half of it, whenever this ends. */
function whole(path: string, data: Buffer): void {
  writeFileSync(`${path}.part`, data);
  renameSync(`${path}.part`, path);
}

function digest(algorithm: string, data: Buffer, as: "hex" | "base64"): string {
  return createHash(algorithm).update(data).digest(as);
}

/** The camera's part: worker, runtime and models. */
async function camera(shelf: Shelf, script: string): Promise<{ readonly model: number; readonly files: Readonly<Record<string, string>> }> {
  const worker = shelf.put(Buffer.from(script), "worker.js", "camera");
  const wasm = shelf.put(readFileSync(RUNTIME), "runtime.wasm", "camera");
  const manifest = readFileSync(join(MODELS, "manifest.json"));
  const folder = `models-${digest("sha256", manifest, "hex").slice(0, 16)}`;
  for (const name of readdirSync(MODELS).filter((each) => each.endsWith(".onnx") && each !== "micro.onnx")) {
    shelf.put(readFileSync(join(MODELS, name)), `${folder}/${name}`, "camera", true);
  }
  shelf.put(manifest, `${folder}/manifest.json`, "camera", true);
  return { files: { worker, wasm, models: `${folder}/` }, model: (JSON.parse(manifest.toString()) as { readonly model_id: number }).model_id };
}

async function main(served: string): Promise<void> {
  const dist = join(HERE, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(join(dist, "mien.js"), await single("src/index.ts", "es", NAMED));
  const module = await single("src/loader/index.ts", "es");
  writeFileSync(join(dist, "loader.js"), module);
  const worker = await single("src/vision/worker.ts", "es", NAMED);
  writeFileSync(join(dist, "worker.js"), worker);

  const shelf = new Shelf(resolve(served));
  const entries: Record<string, string> = {
    loader: shelf.put(Buffer.from(await single("src/loader/script.ts", "iife")), "loader.js", "page"),
    module: shelf.put(Buffer.from(module), "module.js", "page"),
  };
  const chunks = await pieces();
  const when = moments(chunks);
  for (const chunk of chunks) {
    shelf.put(Buffer.from(chunk.code), basename(chunk.fileName), when.get(chunk.fileName) ?? "yes", true);
    if (chunk.isEntry) entries["frame"] = chunk.fileName;
  }
  const { model, files } = await camera(shelf, worker);
  const texts = licences();
  writeFileSync(join(dist, "LICENSES.txt"), texts);
  entries["licences"] = shelf.put(Buffer.from(texts), "licences.txt", "reader");
  shelf.finish({ ...entries, ...files }, model);
}

await main(process.argv[2] ?? join(HERE, "../../server/mien_server/web"));
