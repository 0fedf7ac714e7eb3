/** What the shop's pages do by themselves: cart, what was looked at in this visit, and asking mien for an order where it came. */

const WAIT = 1500;
const VISIT = "idle-hours.visit";
const CART = "idle-hours.cart";
const SHOWN = "idle-hours.shown";
const MOST = 64;

const one = (what, within = document) => within.querySelector(what);
const all = (what, within = document) => [...within.querySelectorAll(what)];

/** JSON of this browser tab: gone with the visit. */
const kept = {
  read(name, otherwise) {
    try {
      return JSON.parse(sessionStorage.getItem(name)) ?? otherwise;
    } catch {
      return otherwise; // storage is off, or holds what is not ours: begin anew
    }
  },
  write(name, value) {
    try {
      sessionStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Storage is off: the page works, and forgets.
    }
  },
};

// ---- what was done in this visit: the shop's own knowledge, told to nobody but the ranking, which keeps none of it ----
function did(kind, offer) {
  const deeds = [...kept.read(VISIT, []), { kind, offer, at: Date.now() }];
  kept.write(VISIT, deeds.slice(-MOST));
}

function history() {
  return kept.read(VISIT, []).map(({ kind, offer, at }) => ({ kind, offer, ago: Math.max(0, Math.floor((Date.now() - at) / 1000)) }));
}

// ---- mien, where it came ----
/** The loader's way in; null where it did not come: the shop's own order stands. */
const arrived = new Promise((resolve) => {
  const script = one("script[data-site]");
  const found = () => resolve(window.mien?.rank === undefined ? null : window.mien);
  if (script === null || window.mien !== undefined) return found();
  document.addEventListener("mien-ready", found, { once: true });
  script.addEventListener("error", found);
  setTimeout(found, WAIT);
});

/** What came of an offer that mien put where it was seen. */
async function came(kind, offer) {
  did(kind, offer);
  const mien = await arrived;
  const where = kept.read(SHOWN, {})[offer];
  if (mien === null || where === undefined) return;
  await mien.reward({ event: where.event }, where.place, kind).catch(() => undefined); // it is only about learning
}

/** Put the strip into mien's order. Prices, pictures and words are the shop's own. */
async function order(strip) {
  const mien = await arrived;
  if (mien === null) return;
  const but = strip.dataset.but;
  const asked = { page: strip.dataset.strip, places: Number(strip.dataset.places), history: history() };
  const ranking = await mien.rank(but === "" ? asked : { ...asked, rules: { exclude: [but] } }).catch(() => null);
  if (ranking === null || ranking.places.length === 0) return;
  await show(strip, ranking);
}

async function show(strip, { event, places }) {
  const grid = one(".grid", strip);
  const shown = kept.read(SHOWN, {});
  const cards = new Map(all(".card", await everything()).map((card) => [card.dataset.offer, card]));
  const next = places.map(({ place, offer }) => {
    shown[offer.id] = { event, place };
    return cards.get(offer.id)?.cloneNode(true);
  }).filter((card) => card !== undefined);
  if (next.length !== places.length) return; // something that this shop does not sell: its own order stands
  next.forEach((card) => card.append(dismissal(card)));
  grid.replaceChildren(...next);
  kept.write(SHOWN, shown);
  strip.dataset.event = event;
  one("[data-order]", strip).textContent = "in an order that mien made";
}

/** All cards of the shop: those of the first page, which lists everything. */
let listed = null;
async function everything() {
  if (one("#everything") !== null) return one("#everything");
  listed ??= fetch("/").then((answer) => answer.text()).then((text) => one("#everything", new DOMParser().parseFromString(text, "text/html")));
  return listed;
}

/** The button that sends an offer away. */
function dismissal(card) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "away-with";
  button.textContent = "×";
  button.setAttribute("aria-label", `Not for me: ${one(".name", card).textContent}`);
  button.addEventListener("click", async () => {
    await came("dismissal", card.dataset.offer);
    const strip = card.closest(".strip");
    card.remove();
    one(".card a", strip)?.focus();
  });
  return button;
}

// ---- the elements of mien ----
/** What is offered once somebody said yes, and what is not needed then. */
function told({ consent, camera }) {
  const on = consent === "on";
  all("[data-with]").forEach((each) => { each.hidden = !on; });
  all("[data-without]").forEach((each) => { each.hidden = on; });
  all("details.ways").forEach(opened);
  all("mien-help").forEach((each) => { each.open = on; });
  document.documentElement.dataset.mien = consent;
  document.documentElement.dataset.camera = camera;
  // The camera's sign must be in sight while it is on, and a dialog lies over it.
  if (["asking", "loading", "on"].includes(camera)) all("dialog").forEach((dialog) => dialog.close());
}

/** A frame is loaded when somebody wants to see it. */
function opened(details) {
  all("mien-why, mien-mood", details).forEach((each) => { each.open ||= details.open && each.closest("[hidden]") === null; });
}

async function ways() {
  all("[data-open]").forEach((button) => button.addEventListener("click", async () => {
    one(`#${button.dataset.open}`).showModal();
    if ((await arrived) !== null) one("mien-consent").open = true;
  }));
  all("dialog").forEach((dialog) => {
    one("[data-close]", dialog).addEventListener("click", () => dialog.close());
    dialog.addEventListener("mien-close", () => dialog.close());
  });
  all("details.ways").forEach((details) => details.addEventListener("toggle", () => opened(details)));
  const mien = await arrived;
  if (mien === null) {
    all(".away").forEach((each) => { each.hidden = false; });
    return;
  }
  let before = mien.state.consent;
  mien.onState((state) => {
    told(state);
    if (before !== state.consent) all(".strip").forEach(order); // a yes or a no is in force at once
    before = state.consent;
  });
  told(mien.state);
  all("mien-me").forEach((each) => { each.open = true; });
}

// ---- cart ----
function cart() {
  return kept.read(CART, []).filter((each) => typeof each === "string");
}

function count() {
  const number = cart().length;
  const badge = one("[data-count]");
  badge.textContent = number === 0 ? "" : `(${number})`;
}

function product() {
  const article = one("[data-product]");
  if (article === null) return;
  const { product: name } = article.dataset;
  came("view", name);
  one("[data-add]", article).addEventListener("click", () => {
    kept.write(CART, [...cart(), name].slice(-50));
    came("cart", name);
    one(".said", article).textContent = "It is in your cart.";
    count();
  });
}

function checkout() {
  const lines = one("#lines");
  if (lines === null) return;
  const known = new Map(all("#known template").map((each) => [each.dataset.id, each.dataset]));
  const chosen = cart().map((id) => known.get(id)).filter((each) => each !== undefined);
  lines.replaceChildren(...chosen.map(line));
  one("#empty").hidden = chosen.length > 0;
  one("#pay").hidden = chosen.length === 0;
  one("#total").textContent = money(chosen.reduce((sum, each) => sum + Number(each.price), 0));
  one("#buy").onclick = async () => {
    await Promise.all([...new Set(cart())].map((id) => came("purchase", id)));
    kept.write(CART, []);
    checkout();
    count();
    one(".said").textContent = "Thank you. Nothing was charged: this is a pretend shop.";
  };
}

function line({ id, title, price, category }, at) {
  const item = document.createElement("li");
  const tile = Object.assign(document.createElement("span"), { className: `tile ${category}` });
  tile.append(Object.assign(document.createElement("img"), { src: `/assets/pictures/${id}.svg`, alt: "", width: 60, height: 60 }));
  const name = Object.assign(document.createElement("a"), { href: `/product/${id}`, textContent: title });
  const cost = Object.assign(document.createElement("span"), { className: "price", textContent: money(Number(price)) });
  const away = Object.assign(document.createElement("button"), { type: "button", className: "link", textContent: "Take out" });
  away.setAttribute("aria-label", `Take out ${title}`);
  away.addEventListener("click", () => {
    kept.write(CART, cart().filter((_, place) => place !== at));
    checkout();
    count();
  });
  item.append(tile, name, cost, away);
  return item;
}

function money(cents) {
  return `€\u202f${(cents / 100).toFixed(2)}`;
}

// ---- help ----
const post = (path, said) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) })
  .then((answer) => (answer.ok ? answer.json() : null), () => null);

function conversation() {
  const name = kept.read("idle-hours.talk", null) ?? [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
  kept.write("idle-hours.talk", name);
  return name;
}

function chat() {
  const list = one("#said");
  if (list === null) return;
  const name = conversation();
  const told = (found) => {
    if (found === null || found.lines.length === list.children.length) return;
    list.replaceChildren(...found.lines.map(said));
    one("#person button").hidden = found.person;
  };
  /** A person is wanted. `ticket` is what the visitor let the desk know, in the frame; the shop cannot open it. */
  const person = async (ticket) => told(await post("/api/person", ticket === null ? { conversation: name } : { conversation: name, ticket }));
  one("#write").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = one("#words");
    const text = field.value.trim();
    field.value = "";
    if (text !== "") told(await post("/api/says", { conversation: name, text }));
  });
  one("#person button").addEventListener("click", () => person(null));
  one("mien-help").addEventListener("mien-handed", ({ detail }) => person(detail.ticket));
  const look = () => fetch(`/api/said/${name}`).then((answer) => answer.json()).then(told, () => undefined);
  look();
  setInterval(look, 2000);
}

function said([who, words]) {
  const item = Object.assign(document.createElement("li"), { textContent: words });
  item.dataset.who = who;
  item.prepend(Object.assign(document.createElement("span"), { className: "hidden", textContent: { you: "You: ", machine: "The machine: ", person: "A person: " }[who] }));
  return item;
}

function desk() {
  const waiting = one("#waiting");
  if (waiting === null) return;
  let before = "";
  const look = async () => {
    const found = await fetch("/api/waiting").then((answer) => answer.json(), () => []);
    const now = JSON.stringify(found);
    if (now === before || waiting.contains(document.activeElement)) return;
    before = now;
    waiting.replaceChildren(...(found.length === 0 ? [Object.assign(document.createElement("p"), { textContent: "Nobody waits." })] : found.map(customer)));
  };
  look();
  setInterval(look, 2000);
}

function customer({ conversation: name, state, tone, how, lines }, at) {
  const box = Object.assign(document.createElement("section"), { className: "customer" });
  const title = Object.assign(document.createElement("h2"), { textContent: `Visitor ${at + 1}` });
  const manner = Object.assign(document.createElement("p"), { textContent: `${tone}: ${how}${state === "" ? "" : `; ${state}`}` });
  manner.dataset.tone = tone;
  const last = Object.assign(document.createElement("p"), { className: "quiet", textContent: lines.filter(([who]) => who !== "machine").at(-1)?.[1] ?? "" });
  const form = document.createElement("form");
  const label = Object.assign(document.createElement("label"), { className: "hidden", textContent: `Answer visitor ${at + 1}`, htmlFor: `answer-${at}` });
  const field = Object.assign(document.createElement("input"), { id: `answer-${at}`, maxLength: 500, required: true, autocomplete: "off" });
  const send = Object.assign(document.createElement("button"), { type: "submit", className: "button", textContent: "Answer" });
  form.append(label, field, " ", send);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await post("/api/answers", { conversation: name, text: field.value });
    field.value = "";
    field.blur();
  });
  box.append(title, manner, last, form);
  return box;
}

count();
product();
checkout();
chat();
desk();
ways();
all(".strip").forEach(order);
