/** What may go over the port between page and frame, from both sides: each word as it is, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { readHello, readToFrame, readToPage } from "../../sdk/web/src/channel/index.ts";
import { RequestInvalid } from "../../sdk/web/src/errors.ts";
import { Budget } from "../../sdk/web/src/frame/port.ts";

const HELLO = { mien: 1, view: "consent", site: "shop", key: "pk_abc", page: "0".repeat(32), lang: "de", theme: { accent: "#123456" }, asked: { jurisdictions: ["EU-DE"] } };
const EVENT = `evt_${"a".repeat(26)}`;
const OFFER = { id: "tea", title: "Tea", price: 250, currency: "EUR", tags: ["calm"], stock: 3 };
const TO_FRAME = [
  { kind: "rank", id: 1, asked: { places: 3, history: [{ kind: "view", offer: "tea", ago: 5 }] } }, { kind: "reward", id: 2, event: EVENT, place: 1, reward: 100 },
  { kind: "reward", id: 2, event: EVENT, place: 1, reward: "cart" }, { kind: "help", id: 3, asked: { human: true } }, { kind: "lesson", id: 4, asked: {} },
  { kind: "answer", id: 5, asked: { item: "a", correct: true } }, { kind: "drop", id: 6 }, { kind: "stop" }, { kind: "theme", lang: "fr", theme: {} },
];
const TO_PAGE = [
  { kind: "ready", version: 1 }, { kind: "state", consent: "on", camera: "off", waits: false }, { kind: "size", height: 320 }, { kind: "show", view: "me" }, { kind: "close" }, { kind: "handed", ticket: null },
  { kind: "ranked", id: 1, event: EVENT, places: [{ place: 1, offer: OFFER }], behaviour: "new", agreed: null }, { kind: "done", id: 2, said: {} },
  { kind: "failed", id: 3, code: "consent-missing", message: "nobody said yes", laws: ["GDPR 7(3)"] },
];

function refused(read: (data: unknown) => unknown, data: unknown): void {
  assert.throws(() => read(data), RequestInvalid);
}

test("each word is read as it was said", () => {
  assert.deepEqual(readHello(HELLO), HELLO);
  for (const each of TO_FRAME) assert.deepEqual(readToFrame(structuredClone(each)), each);
  for (const each of TO_PAGE) assert.deepEqual(readToPage(structuredClone(each)), each);
});

test("a word with a field more, a field less or another kind is refused whole", () => {
  const all = [[readHello, [HELLO]], [readToFrame, TO_FRAME], [readToPage, TO_PAGE]] as const;
  for (const [read, words] of all) {
    for (const each of words) {
      refused(read, { ...each, more: 1 });
      for (const name of Object.keys(each)) {
        const { [name as never]: _gone, ...less } = each as Record<string, unknown>;
        refused(read, less);
        refused(read, { ...each, [name]: Symbol.iterator in Object(each[name as never]) ? { length: 0 } : [1] });
      }
    }
  }
  for (const data of [null, undefined, 1, "stop", [], new Map(), Object.create({ kind: "stop" }), { kind: "constructor" }, { kind: "__proto__" }, { kind: ["stop"] }]) {
    refused(readToFrame, data);
    refused(readToPage, data);
  }
});

test("no word of a page stands for the person, and no word of a frame says what is felt", () => {
  for (const kind of ["yes", "consent", "start", "affirm", "declare", "withdraw", "erase", "export", "correct", "recover", "label", "live", "why"]) {
    for (const each of [{ kind }, { kind, id: 1 }, { kind, id: 1, asked: {} }]) refused(readToFrame, each);
  }
  const [ranked] = TO_PAGE.filter((each) => each.kind === "ranked");
  for (const more of ["why", "used_emotion", "laws", "label", "mood"]) refused(readToPage, { ...ranked, [more]: "joy" });
  refused(readToPage, { ...ranked, places: [{ place: 1, offer: OFFER, why: "you look happy" }] });
  refused(readToPage, { kind: "state", consent: "on", camera: "on", waits: false, purposes: ["declare_mood"] });
});

test("what would cost something to read is refused: too long, too deep, too many, going in circles", () => {
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;
  let deep: unknown = {};
  for (let level = 0; level < 20; level += 1) deep = { deep };
  for (const asked of [{ page: "x".repeat(200_000) }, { list: Array.from({ length: 10_000 }, () => 0) }, circle, { deep }, { date: new Date() }, { half: 0.5 }, { big: 10n }]) {
    refused(readToFrame, { kind: "rank", id: 1, asked });
  }
  for (const asked of [{ jurisdictions: ["Germany"] }, { jurisdictions: [], ageBand: "old" }, { jurisdictions: Array.from({ length: 9 }, () => "DE") }]) {
    refused(readHello, { ...HELLO, asked });
  }
  refused(readHello, { ...HELLO, theme: { accent: "x".repeat(65) } });
  refused(readHello, { ...HELLO, theme: { "--accent": "red" } });
});

test("a page may ask a few times at once and a few times a second", () => {
  const budget = new Budget(0);
  const taken = (at: number, times: number): number => Array.from({ length: times }, () => budget.take(at)).filter(Boolean).length;
  assert.equal(taken(0, 1000), 64);
  assert.equal(taken(500, 1000), 8);
  assert.equal(taken(3_600_000, 1000), 64);
});
