/** How the person says they feel: eight words, one press each, and a second one where two are mixed. No camera; a purpose of its own. */

import type { View } from "../frame/index.ts";
import { EXPRESSIONS, type Expression } from "../values.ts";
import { h } from "./dom.ts";
import { face } from "./faces.ts";
import { button, type Drawn, fill, mount, type Stage, type Words } from "./parts.ts";

const PURPOSE = "declare_mood";

/** What was said in this view; it is not read back from anywhere. */
interface Said {
  first: Expression | null;
  second: Expression | null;
}

export const mood: View = async (root, core) => {
  const said: Said = { first: null, second: null };
  await mount(root, core, { framed: true, closes: true }, (stage) => drawn(stage, said));
};

function drawn(stage: Stage, said: Said): Drawn {
  const { core, words } = stage;
  const allowed = may(stage);
  const changed = (): boolean => may(stage) !== allowed;
  const head = [h("h1", {}, words.mood.title), h("p", {}, words.mood.text)];
  if (!allowed) {
    const choices = button(stage, words.common.choices, () => core.show("consent"), "strong");
    return { title: words.mood.title, changed, body: [head, h("p", {}, words.mood.noYes), h("div", { class: "row" }, choices)] };
  }
  return { title: words.mood.title, changed, body: [head, first(stage, said), said.first === null ? null : second(stage, said, said.first)] };
}

function may(stage: Stage): boolean {
  return stage.core.standing()?.purposes.includes(PURPOSE) === true;
}

function first(stage: Stage, said: Said): HTMLElement {
  return group(stage, stage.words.mood.title, EXPRESSIONS, (each) => said.first === each, (each, press) => tell(stage, said, each, null, press), "first", "");
}

/** Neutral is mixed with nothing, and nothing is mixed with itself. */
function second(stage: Stage, said: Said, of: Expression): HTMLElement | null {
  const others = EXPRESSIONS.filter((each) => each !== of && each !== "neutral");
  if (of === "neutral") return null;
  return h(
    "section", {}, h("h2", {}, stage.words.mood.second),
    group(stage, stage.words.mood.second, others, (each) => said.second === each, (each, press) => (
      tell(stage, said, of, said.second === each ? null : each, press) // a second press takes it away again
    ), "second", "less"),
  );
}

function group(
  stage: Stage, label: string, words: readonly Expression[], chosen: (each: Expression) => boolean, does: (each: Expression, press: Event) => unknown,
  hold: string, style: string,
): HTMLElement {
  return h("div", { class: `moods ${style}`, role: "group", "aria-label": label }, words.map((each) => button(
    stage, [face(each), h("span", {}, stage.words.expressions[each])], (press) => does(each, press), "mood",
    { "aria-pressed": String(chosen(each)), "data-act": "mood", "data-hold": `${hold}-${each}`, "data-mood": each },
  )));
}

async function tell(stage: Stage, said: Said, expression: Expression, mixed: Expression | null, press: Event): Promise<void> {
  await stage.core.declare(expression, mixed, press);
  said.first = expression;
  said.second = mixed;
  await stage.draw();
  const { words } = stage;
  const waits = (stage.core.standing()?.waiting ?? 0) > 0;
  stage.say(fill(words.mood.said, { mood: nameOf(expression, mixed, words) }), ...(waits ? [words.mood.waits] : []));
}

function nameOf(expression: Expression, mixed: Expression | null, words: Words): string {
  return mixed === null ? words.expressions[expression] : `${words.expressions[expression]} + ${words.expressions[mixed]}`;
}
