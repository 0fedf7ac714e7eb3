/**
 * The question: the whole notice, each purpose with a yes and a no of one size, and what became of the answer.
 *
 * Nothing is chosen beforehand. A no takes one press and sends nothing; a yes asks for the age as well, because the law does. What is left open is a no.
 */

import { ConsentRefused, NoticeStale } from "../errors.ts";
import type { Core, View } from "../frame/index.ts";
import { AGE_BANDS, type AgeBand, PURPOSES, type Purpose, type Role } from "../values.ts";
import type { Receipt } from "../wire/messages.ts";
import type { Notice } from "../wire/notice.ts";
import { type Child, drawing, h, named } from "./dom.ts";
import { childAsks, forGuardian } from "./guardian.ts";
import { inline, sections, shown } from "./notice.ts";
import { around, AUTONYMS, button, CHECK, copy, date, type Drawn, field, fill, lawsOf, mount, purposeNames, type Stage, toHeading } from "./parts.ts";

/** Where a written release is asked for without being told to (740 ILCS 14/15(b)(3)), and how its law names itself in a refusal. */
const SIGNED_IN: readonly string[] = ["US-IL"];
const SIGNED_BY = /740 ILCS 14|164\.508/;
/** Purposes that need no camera. */
const WITHOUT_CAMERA: readonly Purpose[] = ["declare_mood", "bind_account"];
const AGES = AGE_BANDS.filter((each): each is Exclude<AgeBand, "undeclared"> => each !== "undeclared");
/** A notice of a language that is not one of the six has its code for a name. */
const nameOf = (locale: string): string => (Object.hasOwn(AUTONYMS, locale) ? AUTONYMS[locale as keyof typeof AUTONYMS] : locale);

type Screen =
  | { readonly kind: "ask" | "no" | "later" | "standing" | "withdrawn" | "untold" | "child" | "guardian" }
  | { readonly kind: "done"; readonly receipt: Receipt }
  | { readonly kind: "refused"; readonly error: ConsentRefused };

/** What the person has chosen so far; lives as long as the view, also through another language. */
export class Asking {
  readonly answers = new Map<Purpose, boolean>();
  age: AgeBand | null;
  role: Role | null;
  name = "";
  signs: boolean;
  notice: Notice | null = null;
  screen: Screen;
  /** The notice was another when the person answered. */
  stale = false;
  kept = false;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
    this.age = core.asked.ageBand ?? null;
    this.role = core.site.roles.length === 1 ? (core.site.roles[0] ?? null) : null;
    this.signs = this.jurisdictions.some((each) => SIGNED_IN.includes(each));
    const standing = core.standing(); // a yes that is not acted on any more is asked for again
    this.screen = { kind: standing !== null && standing.purposes.length > 0 && !standing.askAgain ? "standing" : "ask" };
  }

  /** Where the person is, as far as page and site say; the strictest counts at the server. */
  get jurisdictions(): readonly string[] {
    const { asked, site } = this.#core;
    return asked.jurisdictions.length > 0 ? asked.jurisdictions : site.jurisdictions;
  }

  get chosen(): readonly Purpose[] {
    return PURPOSES.filter((each) => this.answers.get(each) === true);
  }

  get minor(): boolean {
    return this.age !== null && this.age !== "adult";
  }

  /** The yes to these purposes, as the client takes it. */
  answer(purposes: readonly Purpose[]): Parameters<Core["yes"]>[0] {
    const { sector } = this.#core.site;
    const claims = { jurisdictions: this.jurisdictions, sector, age_band: this.age ?? ("undeclared" as const), ...(this.role === null ? {} : { role: this.role }) };
    const release = { name: this.name.trim(), at: Math.floor(Date.now() / 1000) };
    return this.signs ? { purposes, claims, release } : { purposes, claims };
  }
}

export const consent: View = async (root, core) => {
  const asking = new Asking(core);
  await mount(root, core, { framed: true, closes: true }, (stage) => drawn(stage, asking));
};

async function drawn(stage: Stage, asking: Asking): Promise<Drawn> {
  const { screen } = asking;
  switch (screen.kind) {
    case "ask": return question(stage, asking);
    case "done": return done(stage, asking, screen.receipt);
    case "refused": return refused(stage, asking, screen.error);
    case "standing": return standing(stage, asking);
    case "child": return childAsks(stage, asking, (next) => go(stage, asking, next));
    case "guardian": return forGuardian(stage, () => go(stage, asking, { kind: "ask" }));
    default: return nothing(stage, asking, screen.kind);
  }
}

async function go(stage: Stage, asking: Asking, screen: Screen): Promise<void> {
  asking.screen = screen;
  stage.quiet();
  await stage.draw();
  toHeading(stage.root);
}

// ---- the question ----
async function question(stage: Stage, asking: Asking): Promise<Drawn> {
  const { core, words } = stage;
  const notice = await core.notice(core.lang);
  const [lead, ...rest] = sections(withoutList(notice));
  const choices = named("choices");
  const lang = notice.locale;
  return {
    title: notice.title,
    body: [
      h("a", { class: "skip", href: `#${choices}`, click: (press) => { press.preventDefault(); document.getElementById(choices)?.focus(); } }, words.consent.skip),
      h("h1", { lang, "data-read": true }, notice.title),
      notes(stage, asking, notice),
      h("div", { class: "lead", lang }, lead === undefined ? null : shown(lead, "h2")),
      h("div", { class: "articles", lang }, rest.map((each) => h("section", {}, shown(each, "h2")))),
      form(stage, asking, notice, choices),
    ],
  };
}

/** The text without its list of purposes: each of them stands below, with its yes and its no. As the server's own page does it. */
function withoutList(notice: Notice): string {
  const list = notice.purposes.map(({ title, text }) => `- **${title}** ${text}`).join("\n");
  return notice.text.replace(list, "");
}

/** What must be said before the notice: that it changed, that another yes ended, what the browser says, which language it is in. */
function notes(stage: Stage, asking: Asking, notice: Notice): Child {
  const { core, words } = stage;
  const said = [
    asking.stale ? words.consent.stale : null,
    core.standing()?.askAgain === true ? words.consent.ended : null,
    core.gpc ? words.consent.gpc : null,
    notice.locale === core.lang ? null : fill(words.consent.otherLanguage, { language: nameOf(notice.locale) }),
  ].filter((each) => each !== null);
  return said.map((each) => h("div", { class: "note" }, h("p", {}, each)));
}

function form(stage: Stage, asking: Asking, notice: Notice, id: string): HTMLElement {
  const { words } = stage;
  const needs: Needs = { ages: agesOf(stage, asking), roles: rolesOf(stage, asking), release: asking.signs ? releaseOf(stage, asking, notice) : null };
  const all = (yes: boolean): void => { for (const { id: purpose } of notice.purposes) asking.answers.set(purpose, yes); };
  const send = async (press: Event): Promise<void> => {
    if (asking.chosen.length === 0) return no(stage, asking);
    if (lacks(stage, asking, needs)) return;
    await yes(stage, asking, press, notice);
  };
  return h(
    "section", { class: "choices", "aria-labelledby": id },
    h("h2", { id, tabindex: "-1" }, words.consent.heading), h("p", { class: "quiet" }, words.consent.open),
    notice.purposes.map((each) => purposeOf(stage, asking, each, notice.locale)),
    needs.ages, needs.roles, needs.release?.element ?? null,
    h(
      "div", { class: "pair" },
      button(stage, words.consent.noAll, () => { all(false); return no(stage, asking); }, "strong", { "data-answer": "no" }),
      button(stage, words.consent.yesAll, (press) => { all(true); redraw(stage, asking); return send(press); }, "strong", { "data-answer": "yes", "data-act": "agree" }),
    ),
    h(
      "div", { class: "under" },
      button(stage, words.consent.send, (press) => (asking.answers.size === 0 ? stage.say(words.consent.pickSome) : send(press)), "", { "data-answer": "some", "data-act": "agree" }),
      button(stage, words.consent.later, () => later(stage, asking), "plain", { "data-answer": "later" }),
    ),
    h("p", { class: "aside" }, button(stage, words.guardian.iAm, () => go(stage, asking, { kind: "guardian" }), "plain slim")),
  );
}

/** Show in the form what was answered for all. */
function redraw(stage: Stage, asking: Asking): void {
  for (const input of stage.root.querySelectorAll<HTMLInputElement>("input[data-purpose]")) {
    const answer = asking.answers.get(input.dataset["purpose"] as Purpose);
    input.checked = answer !== undefined && (input.value === "yes") === answer;
  }
}

function purposeOf(stage: Stage, asking: Asking, purpose: Notice["purposes"][number], lang: string): HTMLElement {
  const { common } = stage.words;
  const [name, text] = [named("purpose"), named("text")];
  const choice = (value: "no" | "yes", label: string): HTMLElement => {
    const input = h("input", {
      type: "radio", name, value, "data-purpose": purpose.id, "aria-describedby": text, autocomplete: "off",
      checked: asking.answers.get(purpose.id) === (value === "yes"), change: () => { asking.answers.set(purpose.id, value === "yes"); },
    });
    return h("label", { class: "segment" }, input, h("span", {}, drawing("check", CHECK), label));
  };
  return h(
    "fieldset", { class: "purpose" },
    h("div", {}, h("legend", { lang, "data-read": true }, inline(purpose.title)), h("p", { id: text, lang }, inline(purpose.text))),
    h("div", { class: "segments" }, choice("no", common.no), choice("yes", common.yes)),
  );
}

/** How old, and as whom: asked where neither page nor site says it. Never guessed, never chosen beforehand. */
function agesOf(stage: Stage, asking: Asking): HTMLElement | null {
  if (stage.core.asked.ageBand !== undefined) return null;
  const { consent: said, ages } = stage.words;
  return oneOf(said.ageTitle, said.ageWhy, AGES.map((each) => [each, ages[each]]), asking.age, (age) => { asking.age = age; });
}

function rolesOf(stage: Stage, asking: Asking): HTMLElement | null {
  const { roles } = stage.core.site;
  if (roles.length < 2) return null;
  const { consent: said, people } = stage.words;
  return oneOf(said.roleTitle, said.roleWhy, roles.map((each) => [each, people[each]]), asking.role, (role) => { asking.role = role; });
}

function oneOf<T extends string>(title: string, text: string, options: readonly (readonly [T, string])[], chosen: T | null, choose: (one: T) => void): HTMLElement {
  const [name, why] = [named("one"), named("why")];
  return h(
    "fieldset", { class: "ages", "aria-describedby": why }, h("legend", {}, title), h("p", { id: why, class: "quiet small" }, text),
    h("div", { class: "options" }, options.map(([value, label]) => h(
      "label", { class: "segment" },
      h("input", { type: "radio", name, value, autocomplete: "off", checked: value === chosen, change: () => choose(value) }),
      h("span", {}, drawing("check", CHECK), label),
    ))),
  );
}

interface Release { readonly element: HTMLElement; readonly input: HTMLInputElement | HTMLTextAreaElement }

function releaseOf(stage: Stage, asking: Asking, notice: Notice): Release {
  const { words } = stage;
  const { element, input } = field(words.consent.releaseName, { autocomplete: "name", maxlength: "120" });
  input.value = asking.name;
  input.addEventListener("input", () => { asking.name = input.value; });
  return {
    input,
    element: h("section", { class: "release" }, h("h3", {}, words.consent.releaseTitle), h("blockquote", { lang: notice.locale }, h("p", {}, notice.release)), element),
  };
}

/** What a yes asks for beside the purposes: each where it is not known already. */
interface Needs { readonly ages: HTMLElement | null; readonly roles: HTMLElement | null; readonly release: Release | null }

/** What a yes still needs; says so, and goes there. */
function lacks(stage: Stage, asking: Asking, needs: Needs): boolean {
  const { consent: said } = stage.words;
  const missing: readonly (readonly [boolean, string, HTMLElement | null | undefined])[] = [
    [asking.age === null, said.agePick, needs.ages?.querySelector("input")],
    [asking.role === null, said.rolePick, needs.roles?.querySelector("input")],
    [needs.release !== null && asking.name.trim().length < 2, said.releaseMissing, needs.release?.input],
  ];
  const first = missing.find(([lacking]) => lacking);
  if (first === undefined) return false;
  stage.say(first[1]);
  first[2]?.focus();
  return true;
}

// ---- the answer ----
/** To `notice`: the one that the pressed button stands under. Another may be on its way, in another language. */
async function yes(stage: Stage, asking: Asking, press: Event, notice: Notice): Promise<void> {
  asking.stale = false;
  asking.notice = notice;
  try {
    const receipt = await stage.core.yes(asking.answer(asking.chosen), press, notice);
    await go(stage, asking, { kind: "done", receipt });
  } catch (error) {
    if (error instanceof NoticeStale) {
      asking.stale = true;
      asking.answers.clear(); // they were given to other words
      await go(stage, asking, { kind: "ask" });
    } else if (error instanceof ConsentRefused) {
      asking.signs ||= error.laws.some((law) => SIGNED_BY.test(law));
      await go(stage, asking, { kind: "refused", error });
    } else throw error;
  }
}

/** A no to all: what stands, or may stand at the server, is taken back; where there is nothing, nothing is sent. */
async function no(stage: Stage, asking: Asking): Promise<void> {
  const { core } = stage;
  if ((core.standing()?.purposes.length ?? 0) === 0) {
    await go(stage, asking, { kind: await core.no() });
  } else {
    const receipt = await core.withdraw();
    await go(stage, asking, { kind: receipt === null ? "untold" : "withdrawn" });
  }
}

async function later(stage: Stage, asking: Asking): Promise<void> {
  await stage.core.later();
  await go(stage, asking, { kind: "later" });
  stage.core.close();
}

function nothing(stage: Stage, asking: Asking, kind: "no" | "later" | "withdrawn" | "untold"): Drawn {
  const { core, words } = stage;
  const text = { no: words.consent.saidNo, later: words.consent.saidLater, withdrawn: words.consent.withdrawn, untold: words.me.takenLater }[kind];
  return {
    title: words.consent.heading,
    body: [
      h("h1", {}, words.consent.heading), h("p", { class: "lead" }, text),
      h(
        "div", { class: "row" }, button(stage, words.common.close, () => core.close(), "strong"),
        button(stage, words.consent.change, () => go(stage, asking, { kind: "ask" })), toData(stage),
      ),
    ],
  };
}

/** What is held may be seen and erased by whoever is known here, also after a no. */
function toData(stage: Stage): Child {
  if (stage.core.standing()?.subject == null) return null;
  return button(stage, stage.words.common.data, () => stage.core.show("me"), "plain");
}

// ---- after a yes ----
function done(stage: Stage, asking: Asking, receipt: Receipt): Drawn {
  const { core, words } = stage;
  const code = asking.kept ? null : core.recoveryCode();
  const refusedTo = (asking.notice?.purposes ?? []).map(({ id }) => id)
    .filter((id) => !receipt.purposes.includes(id) && !receipt.refused.some((each) => each.purpose === id));
  return {
    title: words.consent.saidYes,
    body: [
      h("h1", {}, words.consent.saidYes),
      code === null ? null : recovery(stage, asking, code),
      granted(stage, receipt.purposes, refusedTo, receipt.expires_at),
      partly(stage, receipt),
      h("div", { class: "row" }, onwards(stage, receipt.purposes), button(stage, words.common.close, () => core.close())),
    ],
    changed: () => takenBack(core, asking),
  };
}

function granted(stage: Stage, given: readonly Purpose[], not: readonly Purpose[], until: number): Child {
  const { core, words } = stage;
  const listed = (title: string, purposes: readonly Purpose[]): Child => (purposes.length === 0 ? null : [
    h("h2", {}, title), h("ul", {}, purposeNames(purposes, words).map((each) => h("li", {}, each))),
  ]);
  return [
    listed(words.consent.yesTo, given), listed(words.consent.noTo, not),
    until > 0 ? h("p", {}, around(words.consent.until, "date", date(until, core.lang))) : null,
  ];
}

/** What of a yes the law did not allow. The server's words are English. */
function partly(stage: Stage, receipt: Receipt): Child {
  const { words } = stage;
  if (receipt.refused.length === 0) return null;
  return [
    h("h2", {}, words.consent.partly),
    receipt.refused.map((each) => h("div", { class: "note" }, h(
      "div", {}, h("p", {}, h("strong", {}, words.purposes[each.purpose])), h("p", { lang: "en" }, each.says.join(" ")), lawsOf(each.laws, words),
    ))),
  ];
}

function onwards(stage: Stage, given: readonly Purpose[]): Child {
  const { core, words } = stage;
  const camera = given.some((each) => !WITHOUT_CAMERA.includes(each) && each !== "contribute");
  return [
    camera ? [h("p", {}, words.consent.cameraOff), button(stage, words.consent.toCamera, () => core.show("indicator"), "strong")] : null,
    given.includes("declare_mood") ? button(stage, words.consent.toMood, () => core.show("mood"), camera ? "" : "strong") : null,
  ];
}

/** Shown once: who loses it loses the way back. */
function recovery(stage: Stage, asking: Asking, code: string): HTMLElement {
  const { words } = stage;
  const title = named("recovery");
  return h(
    "section", { class: "release", "aria-labelledby": title }, h("h2", { id: title }, words.consent.recoveryTitle), h("p", {}, words.consent.recoveryText),
    h("code", { class: "code", translate: "no" }, code),
    h(
      "div", { class: "row" }, button(stage, words.common.copy, () => copy(stage, code), "slim"), button(stage, words.common.print, () => print(), "slim"),
      button(stage, words.consent.recoveryKept, () => { asking.kept = true; return go(stage, asking, asking.screen); }, "slim strong"),
    ),
  );
}

function refused(stage: Stage, asking: Asking, error: ConsentRefused): Drawn {
  const { core, words } = stage;
  return {
    title: words.consent.refusedTitle,
    body: [
      h("h1", {}, words.consent.refusedTitle), h("p", { class: "lead" }, words.consent.refused),
      h("div", { class: "note" }, h("div", {}, h("p", { lang: "en" }, error.message), lawsOf(error.laws, words))),
      asking.minor ? h("p", {}, words.guardian.text) : null,
      h(
        "div", { class: "row" },
        asking.minor ? button(stage, words.guardian.title, () => go(stage, asking, { kind: "child" }), "strong") : null,
        button(stage, words.consent.change, () => go(stage, asking, { kind: "ask" })), button(stage, words.common.close, () => core.close()),
      ),
    ],
  };
}

/** What stands, and the way back: as near as the way there. */
function standing(stage: Stage, asking: Asking): Drawn {
  const { core, words } = stage;
  const stands = core.standing();
  const purposes = stands?.purposes ?? [];
  return {
    title: words.consent.heading,
    body: [
      h("h1", {}, words.consent.heading), granted(stage, purposes, [], stands?.expiresAt ?? 0),
      h(
        "div", { class: "pair" },
        button(stage, words.consent.withdrawAll, () => no(stage, asking), "strong", { "data-answer": "all" }),
        button(stage, words.consent.change, () => change(stage, asking), "strong", { "data-answer": "change" }),
      ),
      h("div", { class: "row" }, onwards(stage, purposes), toData(stage)),
    ],
    changed: () => takenBack(core, asking) || core.standing()?.purposes.length !== purposes.length,
  };
}

/** The form as the person left it: what they said yes to stands there as it stands, so that one change does not take back the rest. */
async function change(stage: Stage, asking: Asking): Promise<void> {
  for (const each of stage.core.standing()?.purposes ?? []) asking.answers.set(each, true);
  await go(stage, asking, { kind: "ask" });
}

/** Taken back in another frame or tab: then it is no longer what stands here. */
function takenBack(core: Core, asking: Asking): boolean {
  const none = (core.standing()?.purposes.length ?? 0) === 0;
  if (none) asking.screen = { kind: (core.standing()?.withdrawing.length ?? 0) > 0 ? "untold" : "withdrawn" };
  return none;
}
