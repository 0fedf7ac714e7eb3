/** One page's connection: its frames, its orders, and what it may know. */

import type { Hello, Language, Theme, ToPage, ViewName } from "../channel/index.ts";
import { LANGUAGES } from "../channel/index.ts";
import type { DeedKind } from "../values.ts";
import { belong, type FrameElement } from "./elements.ts";
import type { Link } from "./link.ts";
import { marked, unmark, mark } from "./mark.ts";
import * as nobody from "./nobody.ts";
import { LoaderError, type Question, type Ranked, type Settings, type State } from "./said.ts";

const PATIENCE = 1500;
const PAGE_BYTES = 16;
/** The browser says for this person that they do not want it (Global Privacy Control): a no from the start, of which a later yes of theirs takes the place. */
const refuses = (): boolean => (navigator as Navigator & { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true;
/** Camera states in which its sign is shown even where the shop has no place for it. */
const SHOWN: readonly string[] = ["asking", "loading", "on", "denied", "unplugged"];
const CORNER = "position:fixed;inset-block-end:1rem;inset-inline-end:1rem;inline-size:min(22rem,calc(100vw - 2rem));z-index:2147483647";
/** Out of sight, and running: a frame that is not displayed at all has no size to be measured. */
const AWAY = "position:fixed;inset-block-end:0;inset-inline-end:0;inline-size:1px;block-size:1px;overflow:hidden;opacity:0;pointer-events:none";

/** Made by `connect`. */
export class Mien {
  readonly origin: string;
  readonly address: string;
  readonly #settings: Settings;
  readonly #way: nobody.Way;
  readonly #pupil: nobody.Pupil;
  readonly #page: string;
  readonly #elements = new Map<ViewName, FrameElement>();
  readonly #listeners = new Set<(state: State) => void>();
  /** Orders that this page asked for as nobody: what came of them is told as nobody. */
  readonly #nobodys = new Set<string>();
  /** The page's own elements are there. */
  readonly #parsed: Promise<void>;
  #theme: Theme;
  #state: State;
  /** The frame has something to tell its server, of a consent that ended. */
  #waits: boolean;
  #made: FrameElement | null = null;

  constructor(settings: Settings) {
    const server = settings.server.replace(/\/+$/, "");
    this.#settings = settings;
    this.origin = new URL(server).origin;
    this.address = `${server}/web/frame/${encodeURIComponent(settings.site)}`;
    this.#way = { server, site: settings.site, key: settings.key, timeout: settings.patience ?? PATIENCE };
    this.#pupil = new nobody.Pupil(this.#way);
    this.#page = [...crypto.getRandomValues(new Uint8Array(PAGE_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#theme = settings.theme ?? {};
    const left = marked(settings.site);
    this.#state = { consent: left === "on" ? "on" : left === "waits" || refuses() ? "off" : "none", camera: "off" };
    this.#waits = left === "waits";
    belong(this);
    this.#parsed = new Promise((resolve) => {
      if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
      else resolve();
    });
    if (left !== null) void this.#parsed.then(() => this.#core());
  }

  get lang(): Language {
    const wanted = (this.#settings.lang || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
    return LANGUAGES.find((each) => each === wanted) ?? "en";
  }

  get state(): State {
    return this.#state;
  }

  /** Call `listener` at each change of what the page may know. Gives what ends it. */
  onState(listener: (state: State) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  /** Put offers in order. With a consent the frame asks, else, or where it takes too long, the page as nobody. Throws `LoaderError`: then show your own order. */
  async rank(asked: Question = {}): Promise<Ranked> {
    const core = await this.#link();
    if (core !== null) {
      try {
        const { ageBand = this.#settings.ageBand, ...rest } = asked;
        const answer = await core.ask({ kind: "rank", asked: ageBand === undefined ? rest : { ...rest, ageBand } }, this.#way.timeout);
        if (answer.kind === "ranked") {
          const { event, places, behaviour, agreed } = answer;
          return { event, places, behaviour, agreed };
        }
      } catch (error) {
        if (!(error instanceof LoaderError)) throw error;
      }
    }
    const order = await nobody.rank(this.#way, { ...(this.#settings.ageBand === undefined ? {} : { ageBand: this.#settings.ageBand }), ...asked });
    this.#nobodys.add(order.event);
    return order;
  }

  /** Tell what came of an order: 0 to 100 for the offer at `place`, or its kind. Throws `LoaderError`. */
  async reward(order: Pick<Ranked, "event">, place = 1, reward: number | DeedKind = 100): Promise<void> {
    const core = this.#nobodys.has(order.event) ? null : await this.#link();
    if (core !== null) await core.ask({ kind: "reward", event: order.event, place, reward }, this.#way.timeout * 2);
    else await nobody.reward(this.#way, order.event, place, reward);
  }

  /** Ask for help, for a lesson, or tell what was answered: the frame where a consent stands, else, or where it ended meanwhile, as nobody. Throws `LoaderError`. */
  async ask(kind: "help" | "lesson" | "answer", asked: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
    const core = await this.#link();
    if (core !== null) {
      try {
        const answer = await core.ask({ kind, asked }, this.#way.timeout * 2);
        if (answer.kind === "done") return answer.said;
      } catch (error) {
        if (!(error instanceof LoaderError) || error.code !== "consent-missing") throw error;
      }
    }
    if (kind === "help") return nobody.help(this.#way, asked);
    return kind === "lesson" ? this.#pupil.lesson(asked["skills"]) : this.#pupil.answer(asked["item"], asked["correct"]);
  }

  /** Put a view in sight: the page's own element, or one at its end. */
  show(view: ViewName): HTMLElement {
    const element = this.#elements.get(view) ?? this.#append(view);
    element.open = true;
    if (element === this.#made) element.style.cssText = CORNER;
    return element;
  }

  hide(view: ViewName): void {
    const element = this.#elements.get(view);
    if (element !== undefined) element.open = false;
  }

  /** Stop the camera, if it is on. There is no way to start it from here. */
  stop(): void {
    this.#elements.get("indicator")?.link?.say({ kind: "stop" });
  }

  /** Another theme for all frames. */
  dress(theme: Theme): void {
    this.#theme = theme;
    for (const element of this.#elements.values()) element.dress(theme);
  }

  // ---- for the elements ----
  hello(view: ViewName): Hello {
    const { site, key, ageBand, jurisdictions = [] } = this.#settings;
    const asked = ageBand === undefined ? { jurisdictions } : { jurisdictions, ageBand };
    return { mien: 1, view, site, key, page: this.#page, lang: this.lang, theme: this.#theme, asked };
  }

  joined(view: ViewName, element: FrameElement): void {
    if (!this.#elements.has(view)) this.#elements.set(view, element);
    if (view === "indicator" && (this.#waits || this.#state.consent === "on")) element.open = true;
  }

  left(view: ViewName, element: FrameElement): void {
    if (this.#elements.get(view) === element) this.#elements.delete(view);
  }

  heard(view: ViewName, message: ToPage): void {
    if (message.kind === "show") this.show(message.view).scrollIntoView({ block: "nearest" });
    // How the camera stands is the core's to tell; each frame knows of the consent.
    if (message.kind === "state") this.#stands({ consent: message.consent, camera: view === "indicator" ? message.camera : this.#state.camera }, message.waits);
  }

  #stands(state: State, waits: boolean): void {
    const same = state.consent === this.#state.consent && state.camera === this.#state.camera;
    if (same && waits === this.#waits) return;
    this.#state = state;
    this.#waits = waits;
    if (waits || state.consent === "on") {
      mark(this.#settings.site, state.consent === "on" ? "on" : "waits");
      this.#core();
    } else unmark(this.#settings.site);
    if (same) return;
    if (this.#made !== null) this.#place(this.#made);
    for (const listener of [...this.#listeners]) listener(state);
  }

  /** The way to the core frame, where a consent stands; the page's own elements come first. */
  async #link(): Promise<Link | null> {
    if (this.#state.consent !== "on") return null;
    await this.#parsed;
    return this.#core().link;
  }

  /** The core frame: the shop's own indicator, or one that shows itself while the camera is on. */
  #core(): FrameElement {
    const element = this.#elements.get("indicator") ?? this.#append("indicator");
    element.open = true;
    return element;
  }

  #append(view: ViewName): FrameElement {
    const element = document.createElement(`mien-${view}`) as FrameElement;
    if (view === "indicator") {
      this.#made = element;
      this.#place(element);
    }
    document.body.append(element);
    return element;
  }

  #place(element: FrameElement): void {
    element.style.cssText = SHOWN.includes(this.#state.camera) ? CORNER : AWAY;
  }
}
