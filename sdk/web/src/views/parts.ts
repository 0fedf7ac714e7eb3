/** What every view has: its words, its head with the choice of language, its foot, and the two places where something is said back. */

import { LANGUAGES, type Language } from "../channel/index.ts";
import { MienError } from "../errors.ts";
import type { Core } from "../frame/index.ts";
import { PURPOSES, type Purpose } from "../values.ts";
import { type Child, drawing, fillWith, h, named } from "./dom.ts";
import { dress } from "./style.ts";
import { AUTONYMS, fill, type Words, wordsOf } from "./words/index.ts";

export { AUTONYMS, fill, type Words } from "./words/index.ts";

export const CHECK = "M5 12.5l4.5 4.5L19 7.5";
const LOCK = ["M7 11V8a5 5 0 0 1 10 0v3", "M5 11h14v9H5z"] as const;
const CROSS = "M6 6l12 12M18 6L6 18";
const SAID = "M12 3a9 9 0 1 0 .01 0M12 11v5M12 7.6v.01";
const ALARM = "M12 4l9 16H3zM12 10v4M12 16.8v.01";

/** What a view draws into. Lives as long as the view; `words` are those of the language spoken now. */
export interface Stage {
  readonly root: HTMLElement;
  readonly core: Core;
  readonly words: Words;
  /** Said politely, in the view's own place for it; nothing takes it away. */
  say(...words: readonly Child[]): void;
  /** Said at once: what went wrong, with its code and the laws it rests on. */
  fail(error: unknown): void;
  quiet(): void;
  /** How often something was said or failed: whether anything was meanwhile. */
  readonly told: number;
  /** Draw everything again. */
  draw(): Promise<void>;
}

/** One drawing of a view: what stands in it, and what is to be done when something of the core is another. */
export interface Drawn {
  readonly title: string;
  readonly body: readonly Child[];
  /** True draws all of it again. */
  readonly changed?: () => boolean | void;
}

export interface Kind {
  /** Whether there is a head with title and languages, and a foot; the camera's sign has neither. */
  readonly framed: boolean;
  /** Whether the person can put it away. */
  readonly closes: boolean;
  /** One more class for the root. */
  readonly style?: string;
}

/** Mount a view: load its words, draw it, and draw it again where the language or the theme is another. */
export async function mount(root: HTMLElement, core: Core, kind: Kind, draw: (stage: Stage) => Drawn | Promise<Drawn>): Promise<void> {
  const scene = new Scene(root, core, kind, draw);
  await scene.draw();
  core.onChange(() => { void scene.changed(); });
}

class Scene implements Stage {
  readonly root: HTMLElement;
  readonly core: Core;
  readonly #kind: Kind;
  readonly #make: (stage: Stage) => Drawn | Promise<Drawn>;
  readonly #said = h("div", { class: "said", role: "status" });
  readonly #trouble = h("div", { class: "trouble", role: "alert" });
  #words: Words | null = null;
  #lang: Language | null = null;
  #theme: unknown = null;
  #drawn: Drawn | null = null;
  #turn = 0;
  told = 0;

  constructor(root: HTMLElement, core: Core, kind: Kind, make: (stage: Stage) => Drawn | Promise<Drawn>) {
    this.root = root;
    this.core = core;
    this.#kind = kind;
    this.#make = make;
    if (kind.style !== undefined) root.classList.add(kind.style);
  }

  get words(): Words {
    if (this.#words === null) throw new TypeError("a view spoke before its words were there");
    return this.#words;
  }

  async draw(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const lang = this.core.lang;
    this.#dress();
    const words = await wordsOf(lang);
    if (turn !== this.#turn) return; // meanwhile another language was chosen
    this.#words = words;
    this.#lang = lang;
    const drawn = await this.#made();
    if (turn !== this.#turn) return;
    const held = document.activeElement?.getAttribute("data-hold") ?? null;
    this.#drawn = drawn;
    this.root.lang = lang;
    this.root.dir = "ltr"; // of the six none is written the other way; the style sheet knows no left and right
    document.title = drawn.title;
    fillWith(this.root, this.#kind.framed ? this.#framed(drawn) : [h("h1", { class: "unseen" }, drawn.title), drawn.body, this.#said, this.#trouble]);
    if (held !== null) this.root.querySelector<HTMLElement>(`[data-hold="${held}"]`)?.focus();
  }

  async #made(): Promise<Drawn> {
    try {
      return await this.#make(this);
    } catch (error) {
      if (!(error instanceof MienError)) throw error;
      this.fail(error);
      const again = h("button", { type: "button", click: () => { this.quiet(); void this.draw(); } }, this.words.common.again);
      return { title: this.words.errors.other, body: [h("div", { class: "row" }, again)] };
    }
  }

  #framed(drawn: Drawn): Child {
    const { common } = this.words;
    const close = this.#kind.closes
      ? h("button", { type: "button", class: "icon", "aria-label": common.close, click: () => this.core.close() }, drawing("cross", CROSS)) : null;
    const who = h("p", { class: "who" }, this.core.site.controller);
    return h(
      "div", { class: "sheet" },
      h("header", { class: "head" }, who, h("div", { class: "tools" }, this.#languages(), close)),
      h("div", { class: "body" }, drawn.body, this.#said, this.#trouble),
      h("footer", { class: "foot" }, h("p", {}, drawing("lock", ...LOCK), h("span", {}, fill(common.apart, { host: location.host })))),
    );
  }

  #languages(): HTMLElement {
    const id = named("language");
    const choice = h(
      "select", { id, "data-hold": "language", autocomplete: "off", change: () => { this.core.speak(choice.value as Language); } },
      LANGUAGES.map((each) => h("option", { value: each, lang: each, selected: each === this.#lang }, AUTONYMS[each])),
    );
    return h("span", {}, h("label", { class: "unseen", for: id }, this.words.common.language), choice);
  }

  async changed(): Promise<void> {
    if (this.core.theme !== this.#theme) this.#dress();
    if (this.core.lang !== this.#lang || this.#drawn?.changed?.() === true) await this.draw();
  }

  #dress(): void {
    this.#theme = this.core.theme;
    dress(this.root, this.core.theme);
  }

  say(...words: readonly Child[]): void {
    this.told += 1;
    fillWith(this.#trouble);
    fillWith(this.#said, note(SAID, words));
  }

  fail(error: unknown): void {
    this.told += 1;
    fillWith(this.#said);
    fillWith(this.#trouble, note(ALARM, troubleOf(error, this.words)));
    if (!(error instanceof MienError)) throw error;
  }

  quiet(): void {
    fillWith(this.#said);
    fillWith(this.#trouble);
  }
}

function note(sign: string, words: readonly Child[]): HTMLElement {
  return h("div", { class: "note" }, drawing("sign", sign), h("div", {}, words.map((each) => (typeof each === "string" ? h("p", {}, each) : each))));
}

/** What went wrong, in words of the language and with its stable code; laws as the server named them. */
export function troubleOf(error: unknown, words: Words): readonly Child[] {
  const code = error instanceof MienError ? error.code : "mien-error";
  const known = knownCode(error, code);
  const text = Object.hasOwn(words.errors, known) ? words.errors[known as keyof Words["errors"]] : words.errors.other;
  return [h("p", {}, text, " ", h("span", { class: "quiet small" }, `(${known})`)), lawsOf(error instanceof MienError ? error.laws : [], words)];
}

/** A refusal of the server by the code of its problem: that says more than that it was refused. */
function knownCode(error: unknown, code: string): string {
  const problem = (error as { readonly problem?: unknown }).problem;
  return code === "request-refused" && typeof problem === "string" ? problem : code;
}

export function lawsOf(laws: readonly string[], words: Words): Child {
  return laws.length === 0 ? null : h("p", { class: "small" }, fill(words.common.laws, { laws: [...new Set(laws)].join("; ") }));
}

/** A button for what the person does. While it is done another press does nothing; what goes wrong is said in the view. `press` is the event, for the core. */
export function button(stage: Stage, text: Child, does: (press: Event) => unknown, style = "", more: Readonly<Record<string, string>> = {}): HTMLButtonElement {
  let busy = false;
  const made: HTMLButtonElement = h("button", { type: "button", class: style, ...more, click: (press: Event) => { void pressed(press); } }, text);
  const pressed = async (press: Event): Promise<void> => {
    if (busy) return;
    busy = true;
    made.setAttribute("aria-disabled", "true");
    const before = stage.told;
    try {
      await does(press); // before anything moves: the core looks where the press was
      if (stage.told === before) stage.quiet();
    } catch (error) {
      stage.fail(error);
    } finally {
      busy = false;
      made.removeAttribute("aria-disabled");
    }
  };
  return made;
}

/** A date, or a date with the time, of unix seconds, as the language writes it. */
export function date(seconds: number, lang: Language, timed = false): HTMLTimeElement {
  const at = new Date(seconds * 1000);
  const format = new Intl.DateTimeFormat(lang, timed ? { dateStyle: "medium", timeStyle: "short" } : { dateStyle: "long" });
  return h("time", { datetime: at.toISOString() }, format.format(at));
}

/** A text with one placeholder as elements: the date in "until {date}" stays a date. */
export function around(text: string, name: string, inside: Child): readonly Child[] {
  const [before = "", after = ""] = text.split(`{${name}}`);
  return [before, inside, after];
}

/** Purposes by their names, in the order they have everywhere. */
export function purposeNames(purposes: readonly Purpose[], words: Words): readonly string[] {
  return inOrder(purposes).map((each) => words.purposes[each]);
}

/** As the notice names them. */
export function inOrder(purposes: readonly Purpose[]): readonly Purpose[] {
  return PURPOSES.filter((each) => purposes.includes(each));
}

/** A clause of the server's as a sentence. */
export function sentence(clause: string): string {
  const first = clause.charAt(0).toUpperCase() + clause.slice(1);
  return first === "" || /[.!?]$/.test(first) ? first : `${first}.`;
}

/** A text to carry away: shown whole, to be copied or kept as a file. */
export function carried(stage: Stage, label: string, text: string, file: string): HTMLElement {
  const { common } = stage.words;
  const id = named("carried");
  const area = h("textarea", { id, readonly: true, rows: 5, spellcheck: "false" }, text);
  return h(
    "div", {}, h("label", { class: "field", for: id }, label), area,
    h("div", { class: "row" }, button(stage, common.copy, () => copy(stage, text), "slim"), button(stage, common.download, () => keep(text, file, "application/json"), "slim")),
  );
}

/** Put it on the clipboard, where the browser lets a frame do that; else it is there to be marked. */
export async function copy(stage: Stage, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "unseen", readonly: true }, text); // a frame may not be given the clipboard: the older way asks nobody
    stage.root.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) return;
  }
  stage.say(stage.words.common.copied);
}

/** Give the person a file: it is made here and goes nowhere. */
export function keep(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = h("a", { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A field of one line, or more, with its label. */
export function field(label: string, more: Readonly<Record<string, string>> = {}, tall = false): { readonly element: HTMLElement; readonly input: HTMLInputElement | HTMLTextAreaElement } {
  const id = named("field");
  const input = tall ? h("textarea", { id, spellcheck: "false", ...more }) : h("input", { id, type: "text", ...more });
  return { element: h("div", {}, h("label", { class: "field", for: id }, label), input), input };
}

/** Focus on what was said last, so that a reader is where something changed. */
export function toHeading(root: HTMLElement): void {
  const heading = root.querySelector<HTMLElement>("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus();
}
