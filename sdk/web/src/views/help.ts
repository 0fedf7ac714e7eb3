/**
 * Help by a person. That somebody might need one follows from how they feel, so it is offered here and not by the page; and what the desk is told is a
 * press of its own. The page hears of it when the person pressed, and not before.
 */

import { MienError } from "../errors.ts";
import type { View } from "../frame/index.ts";
import type { Help } from "../values.ts";
import { type Child, h } from "./dom.ts";
import { button, type Drawn, mount, type Stage } from "./parts.ts";

/** What the desk's economics and rates are kept by: see `docs/how-to/hand-off.md`. */
const PAGE = "help";
/** Seconds between two questions whether a person is to be offered, while this can be seen. */
const EVERY = 10;

/** How far it has come; lives as long as the view. */
type Step =
  | { readonly kind: "calm" | "declined" }
  | { readonly kind: "handed"; readonly untold: boolean }
  | { readonly kind: "offered" | "tells"; readonly help: Help };

class Asking {
  step: Step = { kind: "calm" };
}

export const help: View = async (root, core) => {
  const asking = new Asking();
  let stage: Stage | null = null;
  await mount(root, core, { framed: false, closes: false, style: "help" }, (given) => {
    stage = given;
    return drawn(given, asking);
  });
  const look = async (): Promise<void> => {
    if (stage !== null && document.visibilityState === "visible") await offered(stage, asking);
  };
  setInterval(() => { void look(); }, EVERY * 1000);
  await look();
};

/** Ask whether a person is to be offered. What cannot be asked now is asked later: the button is there all the same. */
async function offered(stage: Stage, asking: Asking): Promise<void> {
  if (asking.step.kind !== "calm" || !stands(stage)) return;
  const found = await helped(stage, { page: PAGE });
  if (found?.mode !== "human" || asking.step.kind !== "calm") return;
  await go(stage, asking, { kind: "offered", help: found });
}

/** Null where the server cannot be asked, or says no. */
async function helped({ core }: Stage, asked: { readonly page: string; readonly human?: boolean; readonly passOn?: boolean }): Promise<Help | null> {
  try {
    return await (await core.client()).help(asked);
  } catch (error) {
    if (error instanceof MienError) return null;
    throw error;
  }
}

function stands({ core }: Stage): boolean {
  return (core.standing()?.purposes.length ?? 0) > 0;
}

async function go(stage: Stage, asking: Asking, step: Step): Promise<void> {
  asking.step = step;
  await stage.draw();
}

function drawn(stage: Stage, asking: Asking): Drawn {
  const { words } = stage;
  return { title: words.help.title, body: [h("div", { "aria-live": "polite" }, shown(stage, asking))] };
}

function shown(stage: Stage, asking: Asking): Child {
  const { help: words } = stage.words;
  const { step } = asking;
  switch (step.kind) {
    case "offered": return [
      h("p", {}, h("strong", {}, words.offer)), h("p", { class: "quiet small", lang: "en" }, step.help.why),
      pair(stage, [words.no, () => go(stage, asking, { kind: "declined" }), "no-person", ""], [words.yes, (press) => wanted(stage, asking, step.help, press), "person", "person"]),
    ];
    case "tells": return [
      h("p", {}, h("strong", {}, words.tell)), h("p", { lang: "en" }, step.help.passes_on),
      pair(stage, [words.tellNo, (press) => handed(stage, asking, false, press), "tell-no", "person"], [words.tellYes, (press) => handed(stage, asking, true, press), "tell", "tell"]),
    ];
    case "handed": return [h("p", {}, words.handed), step.untold ? h("p", {}, words.untold) : null];
    default: return [
      h("p", { class: "quiet small" }, words.text),
      h("div", { class: "row" }, button(stage, words.ask, (press) => wanted(stage, asking, null, press), "", { "data-answer": "person", "data-act": "person" })),
    ];
  }
}

type Choice = readonly [text: string, does: (press: Event) => unknown, name: string, act: string];

/** Two of one size. */
function pair(stage: Stage, ...choices: readonly [Choice, Choice]): HTMLElement {
  return h("div", { class: "pair" }, choices.map(([text, does, name, act]) => button(stage, text, does, "strong", { "data-answer": name, ...(act === "" ? {} : { "data-act": act }) })));
}

/** They want a person. Where there is something that the desk could be told, that is asked first. */
async function wanted(stage: Stage, asking: Asking, found: Help | null, press: Event): Promise<void> {
  await stage.core.person(press);
  if (found !== null && found.passes_on !== "") await go(stage, asking, { kind: "tells", help: found });
  else await over(stage, asking, false);
}

async function handed(stage: Stage, asking: Asking, passOn: boolean, press: Event): Promise<void> {
  await stage.core.person(press);
  await over(stage, asking, passOn);
}

/** Hand over. The person comes also where the server cannot be asked: then nothing is passed on. */
async function over(stage: Stage, asking: Asking, passOn: boolean): Promise<void> {
  const found = stands(stage) ? await helped(stage, { page: PAGE, human: true, passOn }) : null;
  const ticket = passOn ? (found?.ticket ?? null) : null;
  stage.core.hand(ticket);
  await go(stage, asking, { kind: "handed", untold: passOn && ticket === null });
}
