/**
 * An origin for tests and benches with a real Chromium: the web SDK's sources with their types taken off, the built worker, runtime and models, under the
 * policy that a frame needs and no wider one. On loopback, for as long as the process lives.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { stripTypeScriptTypes } from "node:module";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const WEB = join(ROOT, "sdk", "web");
const RUNTIME = join(WEB, "node_modules", "onnxruntime-web", "dist", "ort-wasm-simd-threaded.wasm");
const MODELS = join(ROOT, "sdk", "python", "mien", "infer", "models");
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = { ts: "text/javascript", js: "text/javascript", wasm: "application/wasm", json: "application/json" };

/** More paths, and what lies there; null for none. */
export type More = (path: string) => Buffer | null;

export interface Origin {
  readonly address: string;
  /** What a `Vision` is told of where things lie. */
  readonly files: { readonly worker: string; readonly wasm: string; readonly models: string; readonly integrity: Readonly<Record<string, string>> };
  /** Method and path of what was asked for. */
  readonly asked: string[];
  close(): void;
}

export async function served(more: More = () => null, policy = POLICY): Promise<Origin> {
  const asked: string[] = [];
  const server = createServer((request, response) => { answer(request, response, asked, more, policy); });
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hash = createHash("sha384").update(readFileSync(RUNTIME)).digest("base64");
  const wasm = `${address}/runtime.wasm`;
  const files = { worker: `${address}/worker.js`, wasm, models: `${address}/models/`, integrity: { [wasm]: `sha384-${hash}` } };
  return { address, files, asked, close: () => { server.close(); server.closeAllConnections(); } };
}

function answer(request: IncomingMessage, response: ServerResponse, asked: string[], more: More, policy: string): void {
  const path = new URL(request.url ?? "/", "http://here").pathname;
  asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
  const body = more(path) ?? lying(path);
  const type = TYPES[path.split(".").at(-1) ?? ""] ?? "text/html; charset=utf-8";
  response.writeHead(body === null ? 404 : 200, { "Content-Type": type, "Content-Security-Policy": policy, "Cache-Control": "no-store" });
  response.end(body ?? "");
}

function lying(path: string): Buffer | null {
  if (path === "/page") return Buffer.from('<!doctype html><html lang="en"><title>page</title><link rel="icon" href="data:,">');
  if (path === "/worker.js") return readFileSync(join(WEB, "dist", "worker.js"));
  if (path === "/runtime.wasm") return readFileSync(RUNTIME);
  if (path.startsWith("/models/")) return readFileSync(join(MODELS, normalize(path.slice("/models/".length))));
  if (!path.startsWith("/src/")) return null;
  return Buffer.from(stripTypeScriptTypes(readFileSync(join(WEB, normalize(path)), "utf8")));
}
