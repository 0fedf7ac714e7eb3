/** The barest views: words and buttons. */

import type { Core, View } from "../frame/core.ts";

function text(root: HTMLElement, kind: "h1" | "p", words: string): HTMLElement {
  const made = document.createElement(kind);
  made.textContent = words;
  root.append(made);
  return made;
}

function button(root: HTMLElement, words: string, pressed: (press: Event) => Promise<unknown> | unknown): void {
  const made = document.createElement("button");
  made.type = "button";
  made.style.minHeight = "44px";
  made.textContent = words;
  const said = text(root, "p", "");
  said.setAttribute("role", "status");
  made.addEventListener("click", (press) => {
    Promise.resolve(pressed(press)).then((done) => { said.textContent = String(done ?? "done"); }, (error: Error) => { said.textContent = error.message; });
  });
  root.append(made);
}

export const consent: View = async (root, core) => {
  const notice = await core.notice();
  text(root, "h1", notice.title);
  text(root, "p", notice.text);
  button(root, "Yes", async (press) => {
    const jurisdictions = core.asked.jurisdictions.length > 0 ? core.asked.jurisdictions : core.site.jurisdictions;
    const claims = { jurisdictions, age_band: core.asked.ageBand ?? "undeclared" } as const;
    return (await core.yes({ purposes: notice.purposes.map((each) => each.id), claims }, press)).outcome;
  });
  button(root, "No", () => core.no());
};

export const indicator: View = (root, core) => {
  const state = text(root, "p", core.camera.state);
  core.onChange(() => { state.textContent = core.camera.state; });
  button(root, "Start", (press) => core.camera.start(press));
  button(root, "Stop", () => core.camera.stop());
};

export const me: View = (root, core) => {
  button(root, "Withdraw", async () => (await core.withdraw())?.outcome);
  button(root, "Erase", async (press) => (await core.erase(press))?.stage);
};

export const mood: View = (root, core) => {
  for (const word of ["joy", "sadness"] as const) button(root, word, async (press) => (await core.declare(word, null, press)).expression);
};

export const why: View = async (root, core: Core) => {
  const ranking = await core.ranking();
  text(root, "p", ranking === null ? "Nobody in particular was asked about." : ranking.why);
  for (const { place, why: reason } of ranking?.places ?? []) text(root, "p", `${place}: ${reason}`);
};
