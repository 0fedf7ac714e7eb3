/** Minors: what a child's device hands out, and what a parent or guardian reads and signs on a device of their own. See `docs/how-to/add-a-device-or-guardian.md`. */

import { ConsentMissing, NoticeStale } from "../errors.ts";
import type { Core } from "../frame/index.ts";
import type { AgeBand } from "../values.ts";
import type { Receipt } from "../wire/messages.ts";
import type { Asking } from "./consent.ts";
import { type Child, fillWith, h } from "./dom.ts";
import { inline, sections, shown } from "./notice.ts";
import { button, carried, type Drawn, field, fill, purposeNames, type Stage } from "./parts.ts";

type Guardian = Awaited<ReturnType<Awaited<ReturnType<Core["client"]>>["guardian"]>>;
type Go = (screen: { readonly kind: "ask" } | { readonly kind: "done"; readonly receipt: Receipt }) => Promise<void>;

// ---- the child's side ----
/** The request, to be carried to a guardian, and the place for their answer. Nothing is sent before the answer is there. */
export function childAsks(stage: Stage, asking: Asking, go: Go): Drawn {
  const { core, words } = stage;
  const made = h("div", {});
  const [answer, word] = [field(words.guardian.answer, { autocomplete: "off" }, true), field(words.guardian.word, { autocomplete: "off" }, true)];
  const make = async (press: Event): Promise<void> => {
    await core.person(press);
    fillWith(made, carried(stage, words.guardian.give, await requestOf(core, asking), "guardian-request.json"), h("p", {}, words.guardian.how));
  };
  const finish = async (press: Event): Promise<void> => {
    const verification = word.input.value.trim();
    const given = { ...asking.answer(asking.chosen), guardian: answer.input.value, ...(verification === "" ? {} : { verification }) };
    const { notice } = asking;
    if (notice === null) throw new ConsentMissing("no notice was shown; show all of it, then ask");
    await go({ kind: "done", receipt: await core.yes(given, press, notice) });
  };
  return {
    title: words.guardian.title,
    body: [
      h("h1", {}, words.guardian.title), h("p", {}, words.guardian.text),
      h("ul", {}, purposeNames(asking.chosen, words).map((each) => h("li", {}, each))),
      h("div", { class: "row" }, button(stage, words.guardian.make, make, "strong", { "data-act": "request" })), made,
      answer.element, word.element,
      h("div", { class: "row" }, button(stage, words.guardian.finish, finish, "strong", { "data-act": "agree" }), button(stage, words.common.back, () => go({ kind: "ask" }))),
    ],
  };
}

/** Throws `NoticeStale` where the notice is no longer the one that was shown. */
async function requestOf(core: Core, asking: Asking): Promise<string> {
  const { notice } = asking;
  const client = await core.client();
  const now = notice === null ? null : await client.notice(notice.locale);
  if (JSON.stringify(now) !== JSON.stringify(notice)) throw new NoticeStale("the notice changed while it was shown; read the new one, and answer again");
  const request = await client.guardianRequest(asking.answer(asking.chosen));
  await core.changed(); // this device has keys from now on
  return request;
}

// ---- the guardian's side ----
/** On a device of their own: read what was asked, with the whole notice; then a yes and a no of one size. And later, to take it back. */
export function forGuardian(stage: Stage, back: () => Promise<void>): Drawn {
  const { core, words } = stage;
  const request = field(words.guardian.request, { autocomplete: "off" }, true);
  const code = field(words.guardian.code, { autocomplete: "off", maxlength: "80" });
  const [fresh, asked] = [h("div", {}), h("div", {})];
  const opened = async (): Promise<Guardian> => (await core.client()).guardian(code.input.value);
  const make = async (): Promise<void> => {
    code.input.value = (await core.client()).newGuardianCode();
    fillWith(fresh, h("p", {}, words.guardian.codeText), h("code", { class: "code", translate: "no" }, code.input.value));
  };
  const read = async (): Promise<void> => { fillWith(asked, await theRequest(stage, await opened(), request.input.value.trim(), asked)); };
  return {
    title: words.guardian.forTitle,
    body: [
      h("h1", {}, words.guardian.forTitle), h("p", {}, words.guardian.forText),
      request.element, code.element,
      h("div", { class: "row" }, button(stage, words.guardian.codeNew, make, "slim")), fresh,
      h("div", { class: "row" }, button(stage, words.guardian.read, read, "strong"), button(stage, words.common.back, back)),
      asked, acting(stage, opened),
    ],
  };
}

async function theRequest(stage: Stage, guardian: Guardian, request: string, place: HTMLElement): Promise<Child> {
  const { core, words } = stage;
  const asked = guardian.read(request);
  const notice = await guardian.notice(request);
  const approve = async (press: Event): Promise<void> => {
    await core.person(press);
    const answer = await guardian.approve(request);
    fillWith(place, carried(stage, words.guardian.approved, answer, "guardian-answer.json"), h("p", { translate: "no" }, fill(words.guardian.child, { subject: asked.subject })));
  };
  const refuse = (): void => {
    fillWith(place);
    stage.say(words.guardian.refused);
  };
  return [
    h("section", { class: "release", lang: notice.locale }, h("h2", {}, notice.title), sections(notice.text).map((each) => shown(each, "h3"))),
    h("h2", {}, words.guardian.asked),
    h("ul", {}, asked.purposes.map((each) => h("li", {}, inline(notice.purposes.find(({ id }) => id === each)?.title ?? words.purposes[each])))),
    h("p", {}, fill(words.guardian.age, { age: ageName(asked.age_band, stage) })),
    h("div", { class: "pair" }, button(stage, words.guardian.refuse, refuse, "strong"), button(stage, words.guardian.approve, approve, "strong", { "data-act": "approve" })),
  ];
}

function ageName(age: AgeBand, stage: Stage): string {
  return age === "undeclared" ? "?" : stage.words.ages[age];
}

/** What a guardian may do later, with their code and the child's id. */
function acting(stage: Stage, opened: () => Promise<Guardian>): HTMLElement {
  const { core, words } = stage;
  const child = field(words.guardian.childId, { autocomplete: "off", maxlength: "40", pattern: "sub_[a-z2-7]{26}" });
  const subject = (): string => child.input.value.trim();
  const withdraw = async (): Promise<void> => {
    await (await opened()).withdraw(subject());
    stage.say(words.guardian.withdrawn);
  };
  const erase = async (press: Event): Promise<void> => {
    await core.person(press);
    stage.say(fill(words.guardian.erased, { erasure: (await (await opened()).erase(subject())).erasure }));
  };
  return h(
    "details", {}, h("summary", {}, words.guardian.actTitle), child.element,
    h("div", { class: "row" }, button(stage, words.guardian.withdraw, withdraw), button(stage, words.guardian.erase, erase, "", { "data-act": "erase" })),
  );
}
