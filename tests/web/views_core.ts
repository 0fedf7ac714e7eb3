/**
 * A core that does what it is told to and writes down what was asked of it: for the views' own tests, which need no server. The journeys run on the real one.
 * Bundled with the views into one page (`views.ts`).
 */

import type { CameraState, Language, Situation, Theme } from "../../sdk/web/src/channel/index.ts";
import { ConsentRefused, MienError, NoticeStale, ServerUnreachable } from "../../sdk/web/src/errors.ts";
import type { Core, Said, SiteInfo } from "../../sdk/web/src/frame/core.ts";
import type { Expression, Purpose, Role } from "../../sdk/web/src/values.ts";
import { lookOf } from "../../sdk/web/src/views/theme.ts";
import { views } from "../../sdk/web/src/views/index.ts";

type Notice = Awaited<ReturnType<Core["notice"]>>;
type Client = Awaited<ReturnType<Core["client"]>>;
type Receipt = Awaited<ReturnType<Core["yes"]>>;
type Standing = NonNullable<ReturnType<Core["standing"]>>;
type Certificate = NonNullable<Awaited<ReturnType<Core["erase"]>>>;

/** What a test begins with, as JSON. */
export interface Scene {
  readonly view: keyof typeof views;
  readonly lang: Language;
  readonly notices: Readonly<Record<string, Notice>>;
  readonly theme?: Theme;
  readonly asked?: Situation;
  readonly gpc?: boolean;
  readonly roles?: readonly Role[];
  readonly purposes?: readonly Purpose[];
  readonly camera?: { readonly state: CameraState; readonly why?: string };
  readonly export?: Readonly<Record<string, unknown>>;
  readonly receipts?: readonly { readonly receipt: string }[];
  readonly ranking?: Awaited<ReturnType<Core["ranking"]>>;
  /** What the server does with a yes, an export: `refused`, `stale` (once), `away`. */
  readonly server?: "refused" | "stale" | "away";
}

declare global {
  /** The views' own test page. `calls` is what was asked of the core, in order, each with whether it came from a press of the person. */
  var viewed: {
    readonly begin: (scene: Scene) => Promise<void>;
    readonly lookOf: typeof lookOf;
    calls: unknown[];
    core: FakeCore | null;
  };
}

const NOW = 1_795_000_000;
const SUBJECT = `sub_${"a".repeat(26)}`;
const CODE = "abcd-efgh-ijkl-mnop-qrst-uvwx-yz23-4567";

class FakeCore implements Core {
  readonly site: SiteInfo;
  readonly asked: Situation;
  readonly gpc: boolean;
  lang: Language;
  theme: Theme;
  #scene: Scene;
  #standing: Standing | null;
  #code: string | null = null;
  #stale = false;
  readonly #listeners = new Set<() => void>();
  readonly camera: Core["camera"] & { state: CameraState; why: MienError | string | null; since: number | null };

  constructor(scene: Scene) {
    this.#scene = scene;
    this.site = { id: "shop", name: "Shop", controller: "Demo Shop", contact: "privacy@demo-shop.example", jurisdictions: ["EU-DE"], sector: "retail", roles: scene.roles ?? ["customer"] };
    this.asked = scene.asked ?? { jurisdictions: ["EU-DE"] };
    this.gpc = scene.gpc ?? false;
    this.lang = scene.lang;
    this.theme = scene.theme ?? {};
    this.#standing = scene.purposes === undefined ? null : standingOf(scene.purposes);
    this.#stale = scene.server === "stale";
    this.camera = {
      state: scene.camera?.state ?? "off", why: scene.camera?.why ?? null, since: scene.camera?.state === "on" ? NOW : null,
      start: (press) => this.#press("start", press, () => this.look("asking")),
      stop: () => { viewed.calls.push(["stop"]); this.look("stopped"); },
      affirm: (press) => this.#press("affirm", press, () => this.look("on")),
    };
  }

  async #press(name: string, press: Event, then: () => void = () => undefined, ...more: readonly unknown[]): Promise<void> {
    viewed.calls.push([name, press.isTrusted, ...more]);
    await Promise.resolve();
    then();
  }

  /** Another state of the camera. */
  look(state: CameraState, why: string | null = null): void {
    Object.assign(this.camera, { state, why, since: state === "on" ? NOW : null });
    this.notify();
  }

  dress(theme: Theme): void {
    this.theme = theme;
    this.notify();
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #stands(purposes: readonly Purpose[]): void {
    this.#standing = standingOf(purposes);
    this.notify();
  }

  speak(lang: Language): void {
    this.lang = lang;
    this.notify();
  }

  async notice(lang: Language = this.lang): Promise<Notice> {
    await Promise.resolve();
    const found = this.#scene.notices[lang] ?? this.#scene.notices["en"];
    if (found === undefined) throw new ServerUnreachable("there is no server here");
    return found;
  }

  said(): Said { return "nothing"; }
  async no(): ReturnType<Core["no"]> { viewed.calls.push(["no"]); await Promise.resolve(); return "no"; }
  async later(): Promise<void> { viewed.calls.push(["later"]); await Promise.resolve(); }

  async yes(answer: Parameters<Core["yes"]>[0], press: Event): Promise<Receipt> {
    await this.#press("yes", press, undefined, answer);
    if (this.#stale) {
      this.#stale = false;
      throw new NoticeStale("the notice changed");
    }
    if (this.#scene.server === "refused" && answer.guardian === undefined) {
      throw new ConsentRefused("For a child a parent or guardian must agree too.", { laws: ["GDPR 8(1)"] });
    }
    this.#code = CODE;
    this.#stands(answer.purposes);
    const refused = answer.purposes.includes("adapt_service") ? [{ purpose: "adapt_service", laws: ["policy:test"], says: ["Not here."] }] : [];
    return { purposes: answer.purposes.filter((each) => each !== "adapt_service"), refused, outcome: "given", expires_at: NOW + 86_400 } as unknown as Receipt;
  }

  standing(): Standing | null { return this.#standing; }
  recoveryCode(): string | null { return this.#code; }

  async withdraw(purposes?: readonly Purpose[]): Promise<Receipt | null> {
    viewed.calls.push(["withdraw", purposes ?? null]);
    await Promise.resolve();
    this.#stands((this.#standing?.purposes ?? []).filter((each) => purposes !== undefined && !purposes.includes(each)));
    return this.#scene.server === "away" ? null : ({ outcome: "withdrawn" } as unknown as Receipt);
  }

  async erase(press: Event): Promise<Certificate | null> {
    await this.#press("erase", press);
    this.#standing = null;
    this.notify();
    return certificateOf("accepted");
  }

  async recover(code: string, press: Event): Promise<Receipt> {
    await this.#press("recover", press, undefined, code);
    this.#stands(["personalize_offers"]);
    return {} as Receipt;
  }

  async declare(mood: Expression, second: Expression | null, press: Event): ReturnType<Core["declare"]> {
    await this.#press("declare", press, undefined, mood, second);
    return {} as Awaited<ReturnType<Core["declare"]>>;
  }

  async correct(record: string, expression: Expression, press: Event): Promise<void> {
    await this.#press("correct", press, undefined, record, expression);
  }

  person(press: Event): Promise<void> { return this.#press("person", press); }
  async changed(): Promise<void> { await Promise.resolve(); this.notify(); }

  async client(): Promise<Client> {
    await Promise.resolve();
    const scene = this.#scene;
    return {
      export: async () => {
        await Promise.resolve();
        if (scene.server === "away") throw new ServerUnreachable("there is no server here");
        return scene.export ?? {};
      },
      receipts: () => Promise.resolve(scene.receipts ?? []),
      deviceId: () => Promise.resolve("key-here"),
      certificate: () => Promise.resolve(certificateOf("completed")),
      signed: () => "a.b.c",
      linkCode: () => Promise.resolve(`${CODE}-abcd-efgh`),
      removeKey: (key: string) => { viewed.calls.push(["removeKey", key]); return Promise.resolve({}); },
      notice: (lang: Language) => this.notice(lang),
      guardianRequest: () => Promise.resolve('{"request":1}'),
      newGuardianCode: () => CODE,
      guardian: () => Promise.resolve({
        read: () => ({ purposes: ["personalize_offers"], age_band: "13_to_15", subject: SUBJECT }),
        notice: () => this.notice(), approve: () => Promise.resolve('{"answer":1}'),
      }),
    } as unknown as Client;
  }

  live(): ReturnType<Core["live"]> {
    return { expression: "joy", share: 0.74, second: null, valence: 0.5, arousal: 0.1, because: "" };
  }

  ranking(): ReturnType<Core["ranking"]> { return Promise.resolve(this.#scene.ranking ?? null); }
  onChange(listener: () => void): () => void { this.#listeners.add(listener); return () => this.#listeners.delete(listener); }
  show(view: string): void { viewed.calls.push(["show", view]); }
  hand(ticket: string | null): void { viewed.calls.push(["hand", ticket]); }
  close(): void { viewed.calls.push(["close"]); }
}

function standingOf(purposes: readonly Purpose[]): Standing {
  return {
    subject: SUBJECT, purposes, withdrawing: [], erasing: false, capabilitySeconds: 300, waiting: 0, lost: {}, state: purposes.length > 0 ? "given" : "withdrawn",
    expiresAt: NOW + 180 * 86_400, askAgain: false,
  };
}

function certificateOf(stage: "accepted" | "completed"): Certificate {
  return {
    v: 1, erasure: `era_${"a".repeat(26)}`, site: "shop", stage, accepted_at: NOW, completed_at: stage === "completed" ? NOW + 60 : null, complete_by: NOW + 86_400,
    key_destroyed: stage === "completed", records_deleted: 12, events_subtracted: 3, backups_unreadable_by: NOW + 7 * 86_400, held_until: null,
    promise: { origin: "o", leaf: "A".repeat(43), publish_by: NOW },
  } as unknown as Certificate;
}

globalThis.viewed = { begin, lookOf, calls: [], core: null };

async function begin(scene: Scene): Promise<void> {
  viewed.calls = [];
  viewed.core = new FakeCore(scene);
  const root = document.createElement("main");
  root.id = "mien";
  document.body.replaceChildren(root);
  document.documentElement.lang = scene.lang;
  await (await views[scene.view]())(root, viewed.core);
}
