/** What is held of the person, and what they may do about it: see, correct, download, take back, add and remove devices, erase. */

import type { Core, View } from "../frame/index.ts";
import { EXPRESSIONS, type Expression, type Purpose } from "../values.ts";
import type { JsonObject } from "../wire/canonical.ts";
import type { Certificate } from "../wire/messages.ts";
import { type Child, fillWith, h, named } from "./dom.ts";
import { type Decided, everything, type Everything, type HeldKey, type HeldLabel, receiptOf } from "./held.ts";
import { around, button, date, type Drawn, field, fill, inOrder, keep, lawsOf, mount, purposeNames, type Stage, toHeading, type Words } from "./parts.ts";

/** Lines that are shown before somebody asks for all. */
const FEW = 8;
/** Seconds between two looks for the second certificate, and how often. */
const LOOK = 1;
const LOOKS = 40;
/** Of 0..15: where one word for how sure it is gives way to the next. */
const SURE = [6, 11] as const;

/** What the view knows beside the core: the export it fetched, and the certificates of an erasure. */
class Known {
  certificates: readonly Certificate[] = [];
  erased: "no" | "later" | "yes" = "no";
  #found: JsonObject | null = null;
  #coming: Promise<JsonObject> | null = null;
  #turn = 0;

  /** Something was changed: what was fetched is no longer what is held. */
  forget(): void {
    this.#found = null;
    this.#turn += 1;
  }

  /** The export as it is now. One is asked for at a time: each costs the server seconds, and it makes no two for one person. */
  async export(core: Core): Promise<JsonObject> {
    while (this.#found === null) {
      const turn = this.#turn;
      this.#coming ??= core.client().then((client) => client.export());
      try {
        const found = await this.#coming;
        if (turn === this.#turn) this.#found = found;
      } finally {
        this.#coming = null;
      }
    }
    return this.#found;
  }
}

export const me: View = async (root, core) => {
  const known = new Known();
  await mount(root, core, { framed: true, closes: true }, (stage) => drawn(stage, known));
};

function drawn(stage: Stage, known: Known): Drawn {
  const { core, words } = stage;
  if (known.erased !== "no") return { title: words.me.title, body: [gone(stage, known)] };
  const subject = core.standing()?.subject ?? null;
  const standing = h("section", { class: "stands" });
  let shown = "";
  const show = (): void => {
    if (mark(core) === shown) return;
    shown = mark(core);
    fillWith(standing, stands(stage, known));
    known.forget(); // the list stays as it was, until somebody looks again
  };
  if (subject !== null) show();
  const changed = (): boolean => {
    if ((core.standing()?.subject ?? null) !== subject) return true;
    if (subject !== null) show();
    return false;
  };
  return { title: words.me.title, body: [h("h1", {}, words.me.title), subject === null ? nobody(stage) : here(stage, known, standing)], changed };
}

/** What of the standing this view shows. */
function mark(core: Core): string {
  const standing = core.standing();
  return standing === null ? "" : [standing.subject, ...standing.purposes, "-", ...standing.withdrawing].join(" ");
}

// ---- nobody yet ----
const JOINS = { "data-act": "join" };

function nobody(stage: Stage): Child {
  const { core, words } = stage;
  const recovery = field(words.me.code, { autocomplete: "off", maxlength: "80" });
  const back = async (press: Event): Promise<void> => {
    await core.recover(recovery.input.value, press);
    await welcome(stage);
  };
  const join = async (press: Event): Promise<void> => {
    await core.person(press);
    await (await core.client()).join(recovery.input.value);
    await core.changed();
    await welcome(stage);
  };
  return [
    h("p", { class: "lead" }, words.me.nobody),
    h(
      "section", {}, h("h2", {}, words.me.recover), h("p", {}, words.me.recoverText, " ", words.me.joinText), recovery.element,
      h("div", { class: "row" }, button(stage, words.me.recoverDo, back, "", JOINS), button(stage, words.me.joinDo, join, "", JOINS)),
    ),
  ];
}

async function welcome(stage: Stage): Promise<void> {
  await stage.draw();
  stage.say(stage.words.me.recovered);
}

// ---- somebody ----
function here(stage: Stage, known: Known, standing: HTMLElement): Child {
  const { words } = stage;
  const place = h("div", { class: "held", "aria-live": "off" });
  const again = (): Promise<void> => {
    known.forget();
    return load(stage, known, place);
  };
  void load(stage, known, place);
  return [standing, place, h("div", { class: "row" }, button(stage, words.me.refresh, again, "slim", { "data-answer": "refresh" })), erasing(stage, known, words)];
}

/** What stands, each with its own way back, as near as the yes was. */
function stands(stage: Stage, known: Known): Child {
  const { core, words } = stage;
  const standing = core.standing();
  const purposes = inOrder(standing?.purposes ?? []);
  const waiting = standing?.waiting ?? 0;
  return [
    standing?.askAgain === true ? h("div", { class: "note" }, h("p", {}, words.consent.ended)) : null,
    h("h2", { tabindex: "-1" }, purposes.length > 0 ? words.me.stands : words.common.choices),
    purposes.length > 0
      ? h("ul", { class: "plainly" }, purposes.map((each) => h("li", {}, h("span", {}, words.purposes[each]), back(stage, known, words.me.takeBack, [each]))))
      : h("p", {}, words.me.nothingStands),
    standing !== null && purposes.length > 0 && standing.expiresAt > 0
      ? h("p", { class: "quiet small" }, around(words.me.until, "date", date(standing.expiresAt, core.lang))) : null,
    waiting > 0 ? h("p", { class: "quiet small" }, fill(words.me.waiting, { count: waiting })) : null,
    h(
      "div", { class: "row" }, purposes.length > 0 ? back(stage, known, words.me.takeAll, null) : null,
      button(stage, words.consent.change, () => core.show("consent")),
    ),
  ];
}

function back(stage: Stage, known: Known, text: string, purposes: readonly Purpose[] | null): HTMLElement {
  const { core, words } = stage;
  const take = async (): Promise<void> => {
    const receipt = purposes === null ? await core.withdraw() : await core.withdraw(purposes);
    known.forget();
    // What stands was drawn anew when the core said so; the button that was pressed went with it.
    stage.root.querySelector<HTMLElement>(".stands h2")?.focus();
    stage.say(receipt === null ? words.me.takenLater : words.me.taken);
  };
  const more = purposes === null ? {} : { "aria-label": `${text}: ${purposeNames(purposes, words).join(", ")}` };
  return button(stage, text, take, purposes === null ? "strong" : "slim", { ...more, "data-answer": purposes === null ? "all" : purposes.join(" ") });
}

/** The export, fetched once and shown in parts. */
async function load(stage: Stage, known: Known, place: HTMLElement): Promise<void> {
  const { core, words } = stage;
  fillWith(place, h("p", { class: "quiet", role: "status" }, words.common.busy));
  try {
    const all = everything(await known.export(core));
    const receipts = await (await core.client()).receipts();
    fillWith(place, parts(stage, known, all), kept(stage, receipts), devices(stage, known, all), download(stage, known));
  } catch (error) {
    if (!place.isConnected) return; // drawn anew meanwhile, or erased
    fillWith(place, h("div", { class: "row" }, button(stage, words.common.again, () => load(stage, known, place))));
    stage.fail(error);
  }
}

function parts(stage: Stage, known: Known, all: Everything): Child {
  const { core, words } = stage;
  const when = (at: number): HTMLElement => date(at, core.lang, true);
  return [
    all.holds.map((each) => h("div", { class: "note" }, h("p", {}, around(fill(words.me.hold, { reason: each.reason }), "date", date(each.ends_at, core.lang))))),
    part(stage, words.me.labels, words.me.labelsNone, all.labels, (each) => labelLine(stage, known, each)),
    part(stage, words.me.orders, words.me.ordersNone, all.events, (each) => [
      h("span", {}, when(each.at)), h("span", {}, each.used_emotion ? words.me.used : words.me.unused),
    ]),
    all.answers.length === 0 ? null : part(stage, words.me.answers, "", all.answers, (each) => [
      h("span", {}, when(each.at)), h("span", {}, `${each.item}: ${each.correct ? words.me.right : words.me.wrong}`),
    ]),
    part(stage, words.me.decisions, words.me.decisionsNone, all.decisions, (each) => decisionLine(stage, each, when(each.at))),
  ];
}

/** One part: its first lines, and all of them on a press. */
function part<T>(stage: Stage, title: string, none: string, rows: readonly T[], line: (row: T) => Child): HTMLElement {
  const { words } = stage;
  const id = named("part");
  const items = h("ul", { class: "plainly" }, rows.slice(0, FEW).map((each) => h("li", {}, line(each))));
  const all = button(stage, fill(words.me.more, { count: rows.length }), () => {
    const next = rows.slice(FEW).map((each) => h("li", {}, line(each)));
    items.append(...next);
    all.remove();
    next[0]?.setAttribute("tabindex", "-1");
    next[0]?.focus();
  }, "slim");
  return h(
    "section", { "aria-labelledby": id }, h("h2", { id }, title),
    rows.length === 0 ? h("p", { class: "quiet" }, none) : [h("p", { class: "quiet small" }, words.me.newest), items, rows.length > FEW ? all : null],
  );
}

function decisionLine(stage: Stage, each: Decided, when: HTMLElement): Child {
  const { words } = stage;
  const action = Object.hasOwn(words.actions, each.action) ? words.actions[each.action as keyof Words["actions"]] : each.action;
  const purposes = (each.purpose ?? "").split(",").filter((name) => name !== "").map((name) => (Object.hasOwn(words.purposes, name) ? words.purposes[name as Purpose] : name));
  const what = each.action === "look" ? words.me.looked : `${each.allow ? words.me.allowed : words.me.denied}: ${action}`;
  return [
    h("span", {}, h("strong", {}, what), purposes.length === 0 ? null : ` (${purposes.join(", ")})`, h("br"), h("span", { class: "quiet small" }, when)),
    h("span", {}, lawsOf(each.laws, words)),
  ];
}

// ---- labels ----
function labelLine(stage: Stage, known: Known, label: HeldLabel): Child {
  const line = h("span", {}, labelWords(stage, label));
  return [line, correction(stage, known, label, line)];
}

function labelWords(stage: Stage, label: HeldLabel): Child {
  const { core, words } = stage;
  const by = { face: words.me.byFace, declared: words.me.byYou, text: words.me.byText }[label.source];
  return [h("strong", {}, seen(label, words)), h("br"), h("span", { class: "quiet small" }, date(label.ended_at, core.lang, true), `, ${words.me.by}: ${by}`)];
}

/** A label in words: what, mixed with what, which state, how sure. */
function seen(label: HeldLabel, words: Words): string {
  const mixed = label.second === null ? "" : ` + ${words.expressions[label.second]}`;
  const state = label.state === "none" ? "" : `, ${words.states[label.state]}`;
  const sure = label.source === "declared" ? "" : `, ${words.sure[label.confidence < SURE[0] ? 0 : label.confidence < SURE[1] ? 1 : 2]}`;
  return words.expressions[label.expression] + mixed + state + sure;
}

/** Changed in place: the list stays where it is, and the focus with it. */
function correction(stage: Stage, known: Known, label: HeldLabel, line: HTMLElement): HTMLElement {
  const { core, words } = stage;
  const id = named("correct");
  const choice = h("select", { id, autocomplete: "off" }, EXPRESSIONS.map((each) => h("option", { value: each, selected: each === label.expression }, words.expressions[each])));
  const correct = async (press: Event): Promise<void> => {
    const expression = choice.value as Expression;
    await core.correct(label.record, expression, press);
    known.forget();
    fillWith(line, labelWords(stage, { ...label, expression, second: null, state: "none", source: "declared" }));
    fold.open = false;
    summary.focus();
    stage.say(words.me.corrected);
  };
  const summary = h("summary", {}, words.me.correct);
  const fold = h("details", {}, summary, h(
    "div", { class: "row" }, h("label", { for: id }, words.me.correctTo), choice, button(stage, words.me.correct, correct, "slim", { "data-act": "correct" }),
  ));
  return fold;
}

// ---- receipts, devices, the file ----
function kept(stage: Stage, files: readonly { readonly receipt: string }[]): HTMLElement {
  const { core, words } = stage;
  const rows = files.map((file) => ({ file, said: receiptOf(file.receipt) })).toReversed();
  return part(stage, words.me.receipts, words.me.receiptsNone, rows, ({ file, said }) => [
    h("span", {}, words.outcomes[said.outcome], said.purposes.length > 0 ? `: ${purposeNames(said.purposes, words).join(", ")}` : "", h("br"), h("span", { class: "quiet small" }, date(said.at, core.lang, true))),
    button(stage, words.common.download, () => keep(JSON.stringify(file, null, 1), `${said.id}.json`, "application/json"), "slim", { "aria-label": `${words.common.download}: ${words.outcomes[said.outcome]} ${said.id}` }),
  ]);
}

function devices(stage: Stage, known: Known, all: Everything): HTMLElement {
  const { core, words } = stage;
  const id = named("devices");
  const code = h("div", {});
  const link = async (press: Event): Promise<void> => {
    await core.person(press);
    const made = await (await core.client()).linkCode();
    fillWith(code, h("p", {}, words.me.linkText), h("code", { class: "code", translate: "no" }, made));
  };
  return h(
    "section", { "aria-labelledby": id }, h("h2", { id }, words.me.devices),
    h("ul", { class: "plainly" }, all.keys.map((each) => h("li", {}, deviceLine(stage, known, each)))),
    h("div", { class: "row" }, button(stage, words.me.link, link, "", { "data-act": "link" })), code,
  );
}

function deviceLine(stage: Stage, known: Known, key: HeldKey): Child {
  const { core, words } = stage;
  const name = h("span", {}, words.roles[key.role], h("br"), h("span", { class: "quiet small" }, date(key.added_at, core.lang, true)));
  if (key.role !== "device") return name;
  const place = h("span", {});
  const remove = async (press: Event): Promise<void> => {
    await core.person(press);
    await (await core.client()).removeKey(key.id);
    known.forget();
    await core.changed();
    await stage.draw();
    toHeading(stage.root);
    stage.say(words.me.removed);
  };
  void own(core).then((device) => fillWith(place, device === key.id
    ? h("span", { class: "quiet" }, words.me.here)
    : button(stage, words.me.remove, remove, "slim", { "data-act": "remove", "aria-label": `${words.me.remove}: ${words.roles.device} ${key.id.slice(0, 6)}` })));
  return [name, place];
}

/** The id of this device's own key. */
async function own(core: Core): Promise<string | null> {
  return (await core.client()).deviceId();
}

function download(stage: Stage, known: Known): HTMLElement {
  const { core, words } = stage;
  const id = named("export");
  const save = async (): Promise<void> => keep(JSON.stringify(await known.export(core), null, 1), `mien-${core.site.id}.json`, "application/json");
  return h(
    "section", { "aria-labelledby": id }, h("h2", { id }, words.me.export), h("p", {}, words.me.exportText),
    h("div", { class: "row" }, button(stage, words.me.export, save, "", { "data-answer": "export" })),
  );
}

// ---- erasure ----
/** One question more, because it cannot be undone; yes and no of one size. */
function erasing(stage: Stage, known: Known, words: Words): HTMLElement {
  const id = named("erase");
  const place = h("div", {});
  const first = (): void => fillWith(place, h("div", { class: "row" }, button(stage, words.me.erase, sure, "", { "data-answer": "erase" })));
  const sure = (): void => {
    const question = h("p", { tabindex: "-1" }, h("strong", {}, words.me.eraseSure));
    const no = button(stage, words.me.eraseNo, first, "strong", { "data-answer": "keep" });
    const yes = button(stage, words.me.eraseYes, (press) => erase(stage, known, press), "strong", { "data-answer": "erase-all", "data-act": "erase" });
    fillWith(place, question, h("div", { class: "pair" }, no, yes));
    question.focus();
  };
  first();
  return h("section", { class: "choices", "aria-labelledby": id }, h("h2", { id }, words.me.erase), h("p", {}, words.me.eraseText), place);
}

async function erase(stage: Stage, known: Known, press: Event): Promise<void> {
  const first = await stage.core.erase(press);
  known.forget();
  known.erased = first === null ? "later" : "yes";
  known.certificates = first === null ? [] : [first];
  await stage.draw();
  toHeading(stage.root);
  if (first !== null) await second(stage, known, first.erasure);
}

/** The second certificate, when the server has it. */
async function second(stage: Stage, known: Known, erasure: string): Promise<void> {
  const client = await stage.core.client();
  for (let look = 0; look < LOOKS; look += 1) {
    const found = await client.certificate(erasure);
    if (found.stage === "completed") {
      known.certificates = [...known.certificates.filter((each) => each.stage === "accepted"), found];
      await stage.draw();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, LOOK * 1000); });
  }
}

function gone(stage: Stage, known: Known): Child {
  const { core, words } = stage;
  const erasure = known.certificates[0]?.erasure;
  const complete = known.certificates.some((each) => each.stage === "completed");
  return [
    h("h1", {}, words.me.title), h("p", { class: "lead" }, known.erased === "later" ? words.me.erasedLater : words.me.erased),
    known.certificates.map((each) => certificate(stage, each)),
    h(
      "div", { class: "row" },
      erasure !== undefined && !complete ? button(stage, words.common.again, () => second(stage, known, erasure)) : null,
      button(stage, words.common.close, () => core.close(), "strong"),
    ),
  ];
}

function certificate(stage: Stage, each: Certificate): HTMLElement {
  const { core, words } = stage;
  const on = (text: string, at: number): Child => h("li", {}, around(text, "date", date(at, core.lang, true)));
  const done = each.stage === "completed" && each.completed_at !== null;
  const title = done ? around(words.me.completed, "date", date(each.completed_at ?? 0, core.lang, true)) : around(words.me.accepted, "date", date(each.accepted_at, core.lang, true));
  const save = async (): Promise<void> => {
    const signed = (await core.client()).signed(each); // without the server's signature it would prove nothing
    keep(JSON.stringify({ certificate: signed, says: each }, null, 1), `${each.erasure}-${each.stage}.json`, "application/json");
  };
  return h(
    "section", { class: "release" }, h("h2", {}, title),
    h(
      "ul", {}, done ? h("li", {}, fill(words.me.deleted, { count: each.records_deleted })) : on(words.me.completeBy, each.complete_by),
      on(words.me.backups, each.backups_unreadable_by), each.held_until === null ? null : on(words.me.held, each.held_until),
    ),
    h("p", { class: "quiet small", translate: "no" }, each.erasure),
    h("div", { class: "row" }, button(stage, words.common.download, save, "slim", { "aria-label": `${words.common.download}: ${each.erasure} ${each.stage}`, "data-answer": each.stage })),
  );
}
