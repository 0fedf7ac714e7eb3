/**
 * The camera's sign: there for as long as it is on (AI Act 50(3)), with what it does, since when and for what. One press stops it. What the camera says is
 * shown only to who asks to see it here.
 *
 * It is changed in place, word by word: what moves under a finger is no button, and a reader hears one line when something is another.
 */

import { MienError } from "../errors.ts";
import type { CameraState } from "../channel/index.ts";
import type { Core, View } from "../frame/index.ts";
import { HIDDEN, TAKEN } from "../frame/reasons.ts";
import { PURPOSES, type Purpose } from "../values.ts";
import { fillWith, h, named } from "./dom.ts";
import { button, type Drawn, fill, mount, purposeNames, type Stage, type Words } from "./parts.ts";

const WITH_CAMERA: readonly Purpose[] = PURPOSES.filter((each) => !["declare_mood", "bind_account", "contribute"].includes(each));
const ASKS = "affirm again";

export const indicator: View = async (root, core) => {
  const shown = { live: false };
  await mount(root, core, { framed: false, closes: false, style: "indicator" }, (stage) => drawn(stage, shown));
};

function drawn(stage: Stage, shown: { live: boolean }): Drawn {
  const { words } = stage;
  const sign = new Sign(stage, shown);
  sign.show();
  return { title: words.camera.title, body: [sign.element], changed: () => sign.show() };
}

/** The parts that change. */
class Sign {
  readonly element: HTMLElement;
  readonly live: HTMLElement;
  readonly #stage: Stage;
  readonly #shown: { live: boolean };
  readonly #lamp = h("span", { class: "lamp", "aria-hidden": "true" });
  readonly #text = h("p", {});
  readonly #more = h("p", { class: "quiet small" });
  readonly #buttons = h("div", { class: "row" });
  readonly #word = h("strong", {});
  #said = "";
  #offered = "";

  constructor(stage: Stage, shown: { live: boolean }) {
    this.#stage = stage;
    this.#shown = shown;
    // Beside the part that is read out: a word that changes each second is for the eye, and for who goes there.
    this.live = h("p", { class: "live small", hidden: true }, this.#word, " ", h("span", { class: "quiet" }, stage.words.camera.guess));
    const lines = h("div", { class: "lines" }, h("div", { role: "status" }, this.#text, this.#more), this.live);
    const words = h("div", { class: "words" }, this.#lamp, lines);
    this.element = h("section", { class: "sign", "aria-label": stage.words.camera.title }, words, this.#buttons);
  }

  show(): void {
    const { core, words } = this.#stage;
    const line = lineOf(core, words);
    if (line.text + line.more !== this.#said) { // a reader hears it once
      this.#said = line.text + line.more;
      fillWith(this.#text, h("strong", {}, line.text));
      fillWith(this.#more, line.more);
    }
    // In its place what it says, where that is asked for: the sign stays as tall as it is, because how tall it is is told to the page.
    this.#more.hidden = line.more === "" || (this.#shown.live && core.camera.state === "on" && whyOf(core, words) === "");
    this.#lamp.className = core.camera.state === "on" ? "lamp on" : "lamp";
    this.#offer(offersOf(core));
    this.#showLive();
  }

  /** The buttons, made anew only where others are wanted: none changes under a finger. */
  #offer(offers: readonly Offer[]): void {
    const wanted = [...offers, this.#shown.live].join(" ");
    if (wanted === this.#offered) return;
    this.#offered = wanted;
    const held = document.activeElement?.getAttribute("data-offer") ?? null;
    fillWith(this.#buttons, offers.map((each) => this.#button(each)));
    if (held !== null && document.activeElement === document.body) this.#buttons.querySelector<HTMLElement>("button")?.focus();
  }

  #button(offer: Offer): HTMLElement {
    const { core, words } = this.#stage;
    const made: Readonly<Record<Offer, readonly [string, (press: Event) => unknown, string]>> = {
      start: [words.camera.start, (press) => core.camera.start(press), "strong slim"],
      stop: [words.camera.stop, () => core.camera.stop(), "strong slim"],
      yes: [words.camera.affirmYes, (press) => core.camera.affirm(press), "strong slim"],
      no: [words.camera.affirmNo, () => core.camera.stop(), "strong slim"],
      live: [this.#shown.live ? words.camera.hide : words.camera.show, () => this.#turn(), "slim"],
      choices: [words.common.choices, () => core.show("consent"), "slim"],
    };
    const [text, does, style] = made[offer];
    const expands: Readonly<Record<string, string>> = offer === "live" ? { "aria-expanded": String(this.#shown.live), "aria-controls": this.#liveId } : {};
    const acts: Readonly<Record<string, string>> = offer === "start" ? { "data-act": "camera" } : offer === "yes" ? { "data-act": "affirm" } : {};
    return button(this.#stage, text, does, style, { "data-offer": offer, ...acts, ...expands });
  }

  get #liveId(): string {
    if (this.live.id === "") this.live.id = named("live");
    return this.live.id;
  }

  #turn(): void {
    this.#shown.live = !this.#shown.live;
    this.show();
    this.#buttons.querySelector<HTMLElement>("[data-offer='live']")?.focus();
  }

  #showLive(): void {
    const { core, words } = this.#stage;
    const open = this.#shown.live && core.camera.state === "on";
    this.live.hidden = !open;
    if (!open) return;
    const moment = core.live();
    const name = moment?.expression == null ? words.camera.unsure : words.expressions[moment.expression];
    const second = moment?.second == null ? "" : ` + ${words.expressions[moment.second]}`;
    const share = moment?.expression == null ? "" : ` (${Math.round(moment.share * 100)} %)`;
    const said = fill(words.camera.says, { word: name + second + share });
    if (this.#word.textContent !== said) this.#word.textContent = said;
  }
}

type Offer = "start" | "stop" | "yes" | "no" | "live" | "choices";

/** Which buttons there are. Stop is there whenever something runs, or is about to. */
function offersOf(core: Core): readonly Offer[] {
  const { state, why } = core.camera;
  if (state === "on") return why === ASKS ? ["no", "yes"] : ["live", "stop"];
  if (state === "asking" || state === "loading") return ["stop"];
  return may(core).length > 0 ? ["start"] : ["choices"];
}

/** Purposes with a camera that the person said yes to. */
function may(core: Core): readonly Purpose[] {
  return WITH_CAMERA.filter((each) => core.standing()?.purposes.includes(each) === true);
}

interface Line { readonly text: string; readonly more: string }

function lineOf(core: Core, words: Words): Line {
  const { camera } = words;
  const { state } = core.camera;
  if (state === "on") return on(core, words);
  if (may(core).length === 0) return { text: camera.off, more: camera.nobody };
  const plain: Readonly<Record<Exclude<CameraState, "on">, Line>> = {
    off: { text: camera.off, more: camera.offWhy }, asking: { text: camera.asking, more: "" }, loading: { text: camera.loading, more: "" },
    denied: { text: camera.denied, more: "" }, unplugged: { text: camera.unplugged, more: "" }, stopped: { text: camera.stopped, more: whyOf(core, words) },
  };
  return plain[state];
}

function on(core: Core, words: Words): Line {
  const { camera } = words;
  if (core.camera.why === ASKS) return { text: camera.affirmAsk, more: "" };
  const since = core.camera.since === null ? "" : ` ${fill(camera.since, { time: clock(core) })}`;
  const why = whyOf(core, words);
  return { text: camera.on + since, more: why === "" ? fill(camera.purposes, { purposes: purposeNames(may(core), words).join(", ") }) : why };
}

/** Why nothing is read, where something is in the way; nothing of what is read. */
function whyOf(core: Core, words: Words): string {
  const { why } = core.camera;
  if (why instanceof MienError) return Object.hasOwn(words.errors, why.code) ? words.errors[why.code as keyof Words["errors"]] : words.errors.other;
  // That it is unsure, or still looking, comes and goes with the face: only the person's own look shows that.
  if (why === HIDDEN) return words.camera.hidden;
  if (why === TAKEN) return words.camera.taken;
  if (why === null || why === "unsure" || why === "gathering" || why === "label") return "";
  return Object.hasOwn(words.camera.why, why) ? words.camera.why[why as keyof Words["camera"]["why"]] : "";
}

function clock(core: Core): string {
  return new Intl.DateTimeFormat(core.lang, { timeStyle: "short" }).format(new Date((core.camera.since ?? 0) * 1000));
}

