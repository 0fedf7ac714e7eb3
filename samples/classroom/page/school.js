/** What the classroom's page does: shows an exercise, says whether it was right, asks for the next one. */

const WAIT = 1500;
const one = (what) => document.querySelector(what);
const all = (what) => [...document.querySelectorAll(what)];

/** The loader's way in; null where it did not come: the exercises then come in the order of the book. */
const arrived = new Promise((resolve) => {
  const script = one("script[data-site]");
  const found = () => resolve(window.mien?.rank === undefined ? null : window.mien);
  if (script === null || window.mien !== undefined) return found();
  document.addEventListener("mien-ready", found, { once: true });
  script.addEventListener("error", found);
  setTimeout(found, WAIT);
});
const exercises = fetch("/api/exercises").then((answer) => answer.json());
let turn = 0;

/** The next exercise: by mien, or of the book. */
async function next() {
  const [mien, bank] = [await arrived, await exercises];
  const lesson = mien === null ? null : await mien.ask("lesson").catch(() => null);
  const found = bank.find((each) => each.item === lesson?.item) ?? bank[turn % bank.length];
  turn += 1;
  return found;
}

async function ask() {
  const { item, title, ask: words, choices, right } = await next();
  one("#lesson").textContent = title;
  one("#ask").textContent = words;
  one("#ask").dataset.item = item;
  one("#said").textContent = "";
  one("#next").hidden = true;
  one("#choices").replaceChildren(...choices.map((choice, at) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: choice });
    button.addEventListener("click", () => chosen(item, right, at));
    return button;
  }));
}

async function chosen(item, right, at) {
  const correct = at === right;
  all("#choices button").forEach((button, place) => {
    button.disabled = true;
    button.toggleAttribute("data-right", place === right);
  });
  one("#said").textContent = correct ? "That is right." : "Not this one: the right one is marked.";
  const mien = await arrived;
  if (mien !== null) await mien.ask("answer", { item, correct }).catch(() => undefined); // the next one is then chosen without it
  one("#next").hidden = false;
  one("#next").focus();
}

async function ways() {
  const mien = await arrived;
  all(".away").forEach((each) => { each.hidden = mien !== null; });
  if (mien === null) return;
  const told = ({ consent }) => {
    all("[data-with]").forEach((each) => { each.hidden = consent !== "on"; });
    all("mien-mood").forEach((each) => { each.open = consent === "on"; });
    document.documentElement.dataset.mien = consent;
  };
  mien.onState(told);
  told(mien.state);
  all("[data-open]").forEach((button) => button.addEventListener("click", () => mien.show(button.dataset.open)));
  all("mien-me").forEach((each) => { each.open = true; });
}

if (one("#ask") !== null) {
  one("#next").addEventListener("click", async () => {
    await ask();
    one("#ask").focus();
  });
  ask();
}
ways();
