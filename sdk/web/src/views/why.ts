/** Why this order: what was known, in the words the server sealed to this person, the laws it rests on, and the way to stop it right here. */

import type { View } from "../frame/index.ts";
import type { Ranking } from "../values.ts";
import { type Child, h } from "./dom.ts";
import { button, type Drawn, lawsOf, mount, sentence, type Stage, toHeading } from "./parts.ts";

export const why: View = async (root, core) => {
  await mount(root, core, { framed: true, closes: true }, drawn);
};

async function drawn(stage: Stage): Promise<Drawn> {
  const { core, words } = stage;
  const stands = (core.standing()?.purposes.length ?? 0) > 0;
  const ranking = stands ? await core.ranking() : null;
  const event = ranking?.event;
  return {
    title: words.why.title,
    body: [h("h1", {}, words.why.title), stands ? explained(stage, ranking) : nobody(stage)],
    changed: () => {
      if (((core.standing()?.purposes.length ?? 0) > 0) !== stands) return true;
      void core.ranking().then((now) => (now?.event === event ? undefined : stage.draw()));
      return false;
    },
  };
}

function nobody(stage: Stage): Child {
  const { core, words } = stage;
  return [
    h("p", { class: "lead" }, words.why.nobody), h("p", {}, words.why.same),
    h("div", { class: "row" }, button(stage, words.common.choices, () => core.show("consent"))),
  ];
}

function explained(stage: Stage, ranking: Ranking | null): Child {
  const { words, core } = stage;
  return [
    ranking === null ? h("p", { class: "lead" }, words.why.none) : order(stage, ranking),
    h("p", {}, words.why.same),
    h(
      "div", { class: "row" },
      button(stage, words.why.stop, () => stop(stage), "strong", { "data-answer": "stop" }), button(stage, words.common.data, () => core.show("me")),
    ),
  ];
}

function order(stage: Stage, ranking: Ranking): Child {
  const { words, core } = stage;
  const said = ranking.places.filter((each) => each.why !== "");
  return [
    h("p", { class: "lead" }, ranking.used_emotion ? words.why.used : words.why.unused),
    ranking.why === "" ? null : h("p", { lang: "en" }, sentence(ranking.why)),
    lawsOf(ranking.laws, words),
    said.length === 0 ? null : [
      h("h2", {}, words.why.places),
      h("ol", { class: "plainly" }, said.map((each) => h("li", {}, h(
        "span", {}, h("strong", {}, `${each.place}. ${each.offer.title}`), h("br"), h("span", { class: "quiet small", lang: "en" }, sentence(each.why)),
      )))),
      core.lang === "en" ? null : h("p", { class: "quiet small" }, words.why.english),
    ],
  ];
}

/** Everything that stands is taken back: as near as the order that came of it. */
async function stop(stage: Stage): Promise<void> {
  const receipt = await stage.core.withdraw();
  await stage.draw();
  toHeading(stage.root);
  stage.say(stage.words.why.stopped, ...(receipt === null ? [stage.words.me.takenLater] : []));
}
