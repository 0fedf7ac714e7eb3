/** What an export holds, as far as it is shown in lines: read leniently in what it has besides, because the file that is downloaded has all of it. */

import { RequestInvalid } from "../errors.ts";
import { EXPRESSIONS, KEY_ROLES, PURPOSES, SOURCES, STATES, type ConsentState, CONSENT_STATES, type Purpose } from "../values.ts";
import { utf8 } from "../wire/bytes.ts";
import { decode, type JsonObject } from "../wire/canonical.ts";
import { list, maybe, type Of, open, or, parse, type Shape, text, truth, whole, word } from "../wire/shapes.ts";
import { unverified } from "../wire/signatures.ts";

const time = whole(0, 0xffff_ffff);
const label = open("HeldLabel", {
  record: text(), ended_at: time, expression: word(...EXPRESSIONS), second: maybe(word(...EXPRESSIONS)), state: word(...STATES),
  confidence: whole(0, 15), source: word(...SOURCES), retain_until: time,
});
export type HeldLabel = Of<typeof label>;
const event = open("HeldEvent", { event: text(), at: time, used_emotion: truth, places: list(open("HeldPlace", { offer: text() })) });
export type HeldEvent = Of<typeof event>;
const answer = open("HeldAnswer", { answer: text(), item: text(), correct: truth, at: time });
export type HeldAnswer = Of<typeof answer>;
const key = open("HeldKey", { id: text(), role: word(...KEY_ROLES), added_at: time });
export type HeldKey = Of<typeof key>;
const hold = open("HeldHold", { hold: text(), reason: text(), ends_at: time });
export type HeldHold = Of<typeof hold>;
const opening = open("HeldDecision", { record: text() });
const decided = open("Decided", { action: text(), at: or(time, 0), purpose: or(maybe(text()), null), allow: or(truth, true), laws: or(list(text()), []) });
export type Decided = Of<typeof decided>;
const said = open("HeldReceipt", { receipt: text(), at: time, outcome: word(...CONSENT_STATES), purposes: list(word(...PURPOSES)) });

/** What is shown of an export, the newest first. */
export interface Everything {
  readonly labels: readonly HeldLabel[];
  readonly events: readonly HeldEvent[];
  readonly answers: readonly HeldAnswer[];
  readonly decisions: readonly Decided[];
  readonly keys: readonly HeldKey[];
  readonly holds: readonly HeldHold[];
}

/** The export in parts. A part that is none, or of another form, throws `RequestInvalid`: what is held is not shown in half. */
export function everything(found: JsonObject): Everything {
  const part = <T extends JsonObject>(name: string, shape: Shape<T>): readonly T[] => [...parse(list(shape), found[name] ?? [])];
  return {
    labels: newest(part("labels", label), (each) => each.ended_at), events: newest(part("events", event), (each) => each.at),
    answers: newest(part("answers", answer), (each) => each.at),
    decisions: newest(part("decisions", opening).map((each) => parse(decided, decode(utf8(each.record)))), (each) => each.at),
    keys: part("keys", key), holds: part("holds", hold),
  };
}

function newest<T>(rows: readonly T[], at: (row: T) => number): readonly T[] {
  return rows.toSorted((one, other) => at(other) - at(one));
}

/** What a kept receipt says; it was verified when it came. Throws `RequestInvalid`. */
export function receiptOf(jws: string): { readonly id: string; readonly at: number; readonly outcome: ConsentState; readonly purposes: readonly Purpose[] } {
  const { receipt: id, at, outcome, purposes } = parse(said, unverified(jws));
  if (id === "") throw new RequestInvalid("a receipt has an id; take the file as the device wrote it");
  return { id, at, outcome, purposes };
}
