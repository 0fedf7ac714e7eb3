/** A server that signs what it is told to, for the turns a real one takes only on bad days: lost answers, forged capabilities, dead keys. */

import { deflateSync } from "node:zlib";

import type { Transport } from "../../sdk/web/src/send/index.ts";
import { b64, concat, utf8 } from "../../sdk/web/src/wire/bytes.ts";
import { decode, encode, type JsonObject } from "../../sdk/web/src/wire/canonical.ts";
import { OpenKey, SealKey, sha256, type SigningKey } from "../../sdk/web/src/wire/keys.ts";
import { pad, seal, USES } from "../../sdk/web/src/wire/seal.ts";
import { KINDS, sign, unverified } from "../../sdk/web/src/wire/signatures.ts";
import { type HandClock, serverKey } from "./parts.ts";

const HASH = "A".repeat(43);
const NOTICE = {
  v: 1, site: "shop", locale: "en", version: "1", title: "May we?", text: "All of it.", purposes: [{ id: "declare_mood", title: "Mood", text: "You say it." }],
  controller: "Shop", contact: "privacy@shop.example", retention_days: 30, release: "",
};

/** What arrived: path and body. */
export interface Arrived {
  readonly path: string;
  readonly said: JsonObject;
}

/** `away`: nobody answers. `lose`: the next answers of these paths are lost on the way, after they were acted on. `problem`: what a path is refused with. */
export class FakeServer {
  readonly arrived: Arrived[] = [];
  readonly problem = new Map<string, string>();
  away = false;
  lose: string[] = [];
  /** What a capability says beside the usual, to forge one. */
  capability: JsonObject = {};
  /** How many seconds a consent lasts. */
  lasts = 86_400;
  signsWith: SigningKey | null = null;
  /** What is wrong with an export. */
  spoil: "content" | "subject" | "kind" | "list" | "trailing" | "cut" | null = null;
  readonly #clock: HandClock;
  readonly #key: SigningKey;
  readonly #open: OpenKey;
  #number = 0;

  private constructor(clock: HandClock, key: SigningKey, open: OpenKey) {
    this.#clock = clock;
    this.#key = key;
    this.#open = open;
  }

  static async at(clock: HandClock): Promise<FakeServer> {
    return new FakeServer(clock, await serverKey(), await OpenKey.fromSeed(new Uint8Array(32).fill(9)));
  }

  get trust(): string {
    return this.#key.verifyKey.text();
  }

  /** The paths that arrived. */
  get paths(): readonly string[] {
    return this.arrived.map(({ path }) => path);
  }

  readonly transport: Transport = async (url, init) => {
    if (this.away) throw new TypeError("fetch failed");
    const path = new URL(url).pathname;
    const said = (init.body instanceof Uint8Array ? decode(init.body) : {}) as JsonObject;
    this.arrived.push({ path, said });
    const signed = (init.headers as Record<string, string>)["Authorization"]?.split(" ")[1];
    const answer = await this.#answer(path, signed === undefined ? said : { jws: signed });
    if (this.lose.includes(path)) {
      this.lose = this.lose.filter((each) => each !== path);
      throw new TypeError("connection reset");
    }
    return answer;
  };

  async #answer(path: string, said: JsonObject): Promise<Response> {
    const code = this.problem.get(path);
    if (code !== undefined) {
      const problem = { type: "t", title: "t", status: 409, detail: `refused: ${code}`, code, laws: [] };
      return new Response(JSON.stringify(problem), { status: 409, headers: { "content-type": "application/problem+json" } });
    }
    return new Response(JSON.stringify(await this.#body(path, said)), { headers: { "content-type": "application/json" } });
  }

  async #body(path: string, said: JsonObject): Promise<unknown> {
    const now = Math.floor(this.#clock.now());
    if (path.includes("/notices/")) return NOTICE;
    if (path === "/v1/labels" || path === "/v1/rewards") return { accepted: true };
    if (path === "/v1/rank") return { event: `evt_${"a".repeat(26)}`, places: [], sealed_why: null, behaviour: "comparing", agreed: 3 };
    if (path === "/.well-known/mien") return { jws: await this.#signed(KINDS.SERVICE, this.#service(now)) };
    const jws = String(said["jws"]);
    const statement = unverified(jws);
    if (path === "/v1/me") return this.#export(statement, now);
    const purposes = path === "/v1/consents" ? (statement["purposes"] as readonly string[]) : path === "/v1/capabilities" ? ["declare_mood"] : [];
    const capability = purposes.length === 0 ? null : await this.#capability(jws, statement, purposes, now);
    if (path === "/v1/capabilities") return { capability };
    return { receipt: await this.#receipt(jws, statement, purposes, now), capability };
  }

  async #export(statement: JsonObject, now: number): Promise<JsonObject> {
    const held = this.spoil === "list" ? [] : { labels: [] };
    const whole = deflateSync(encode(this.spoil === "content" ? { labels: [1] } : held));
    const packed = this.spoil === "cut" ? whole.subarray(0, -1) : this.spoil === "trailing" ? concat(whole, utf8("x")) : whole;
    const [site, subject] = ["shop", String(statement["subject"])];
    const sealed = await seal(pad(packed, 4096), SealKey.fromText(String(statement["seal"])), USES.EXPORT, utf8(site), utf8(subject));
    const stated = { v: 1, site, subject: this.spoil === "subject" ? `sub_${"b".repeat(26)}` : subject, at: now, sha256: b64(await sha256(encode(held))) };
    return { sealed: b64(sealed), signature: await this.#signed(this.spoil === "kind" ? KINDS.RECEIPT : KINDS.EXPORT, stated) };
  }

  #service(now: number): JsonObject {
    const day = { kid: "2026-11-22", public: this.#open.sealKey.text(), not_before: now - 10, not_after: now + 3600 };
    return { v: 1, audit_origin: "o", audit_key: "k", seal_keys: [day], bundle_version: "1", bundle_sha256: HASH, at: now };
  }

  async #receipt(jws: string, statement: JsonObject, purposes: readonly string[], now: number): Promise<string> {
    this.#number += 1;
    return this.#signed(KINDS.RECEIPT, {
      v: 1, receipt: `rcp_${"abcdefghij"[this.#number % 10]}${"a".repeat(25)}`, site: "shop", subject: statement["subject"] ?? null,
      outcome: purposes.length > 0 ? (statement["renewal"] === true ? "renewed" : "given") : "withdrawn", purposes: [...purposes], laws: [], says: [],
      notice_sha256: HASH, statement_sha256: b64(await sha256(utf8(jws))), jurisdictions: ["EU-DE"], by: "device", bundle_version: "1", bundle_sha256: HASH,
      at: now, expires_at: now + this.lasts, promise: { origin: "o", leaf: HASH, publish_by: now + 60 },
    });
  }

  async #capability(jws: string, statement: JsonObject, purposes: readonly string[], now: number): Promise<string> {
    const device = String((decode(Buffer.from(jws.split(".")[0] ?? "", "base64url")) as JsonObject)["kid"]);
    return this.#signed(KINDS.CAPABILITY, {
      v: 1, site: "shop", subject: statement["subject"] ?? null, device, may: ["send"], purposes: [...purposes], model: 0, bundle_sha256: HASH,
      issued_at: now, expires_at: now + 300, ...this.capability,
    });
  }

  #signed(kind: (typeof KINDS)[keyof typeof KINDS], payload: JsonObject): Promise<string> {
    return sign(kind, payload, kind === KINDS.CAPABILITY ? (this.signsWith ?? this.#key) : this.#key);
  }
}
