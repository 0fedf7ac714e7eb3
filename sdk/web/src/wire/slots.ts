/**
 * Labels as bits: one envelope holds 64 slots of 64 bits, always all of them: the twin of `mien/wire/slots.py`.
 *
 *     version 1 byte | base time 4 bytes (unix seconds) | 64 slots of 8 bytes
 *
 * A slot, most significant bit first:
 *
 *     1 present | 3 expression | 4 second (0 none, else 1 + expression) | 3 state | 2 polarity | 5 valence + 15 (31 absent) |
 *     5 arousal + 15 (31 absent) | 4 confidence | 6 window - 1 | 2 source | 8 model | 16 seconds since base | 5 zero
 *
 * A dummy is eight zero bytes. Whatever is not the encoding of a label or a dummy is refused: there is no second channel in spare bits.
 */

import { EnvelopeInvalid, LabelInvalid } from "../errors.ts";
import { EXPRESSIONS, type Label, MAX_WINDOW, POLARITIES, SLOTS, SOURCES, STATES } from "../values.ts";
import { bigEndian, type Bytes, concat, fromBigEndian } from "./bytes.ts";

export const VERSION = 1;
export const SLOT_BYTES = 8;
const HEAD_BYTES = 5;
export const PLAINTEXT_BYTES = HEAD_BYTES + SLOTS * SLOT_BYTES;
export const MAX_CONFIDENCE = 15;
const ABSENT = 31;
const SCALE = 15;
const MAX_MODEL = 255;
const MAX_SPAN = 0xffff;
export const MAX_TIME = 0xffff_ffff;
const FIELDS = [
  ["present", 1], ["expression", 3], ["second", 4], ["state", 3], ["polarity", 2], ["valence", 5], ["arousal", 5],
  ["confidence", 4], ["window", 6], ["source", 2], ["model", 8], ["since", 16], ["zero", 5],
] as const;
type Field = (typeof FIELDS)[number][0];
const NO_LABEL = "a slot holds no label of the vocabulary; update the SDK";

/**
 * The fixed-size plaintext of an envelope: `PLAINTEXT_BYTES` bytes. `base` is unix seconds; every label ends within 65,535 s after it. Throws
 * `LabelInvalid`.
 */
export function pack(labels: readonly Label[], base: number): Bytes {
  if (!within(base, 0, MAX_TIME)) {
    throw new LabelInvalid("the base time of an envelope is in whole unix seconds; correct the clock");
  }
  if (labels.length > SLOTS) throw new LabelInvalid(`an envelope holds ${SLOTS} labels; send the rest in the next`);
  const dummies = new Uint8Array(SLOT_BYTES * (SLOTS - labels.length));
  return concat(bigEndian(VERSION, 1), bigEndian(base, 4), ...labels.map((label) => packSlot(label, base)), dummies);
}

/** The labels in an envelope's plaintext, dummies dropped. Throws `EnvelopeInvalid`. */
export function unpack(plaintext: Uint8Array): readonly Label[] {
  if (plaintext.length !== PLAINTEXT_BYTES || plaintext[0] !== VERSION) {
    throw new EnvelopeInvalid(`an envelope of version ${VERSION} holds ${PLAINTEXT_BYTES} bytes; update the SDK`);
  }
  const base = Number(fromBigEndian(plaintext.subarray(1, HEAD_BYTES)));
  const labels: Label[] = [];
  for (let at = HEAD_BYTES; at < PLAINTEXT_BYTES; at += SLOT_BYTES) {
    const slot = plaintext.subarray(at, at + SLOT_BYTES);
    if (slot.some((byte) => byte !== 0)) labels.push(unpackSlot(slot, base));
  }
  return labels;
}

/** One label as eight bytes, relative to `base`. Throws `LabelInvalid`. */
export function packSlot(label: Label, base: number): Bytes {
  check(label);
  const since = label.ended_at - base;
  if (!within(since, 0, MAX_SPAN)) {
    throw new LabelInvalid("the label lies outside the time this envelope can hold; start a new envelope");
  }
  const values: Record<Field, number> = {
    present: 1,
    expression: EXPRESSIONS.indexOf(label.expression),
    second: label.second === null ? 0 : 1 + EXPRESSIONS.indexOf(label.second),
    state: STATES.indexOf(label.state),
    polarity: POLARITIES.indexOf(label.polarity),
    valence: label.valence === null ? ABSENT : label.valence + SCALE,
    arousal: label.arousal === null ? ABSENT : label.arousal + SCALE,
    confidence: label.confidence,
    window: label.window - 1,
    source: SOURCES.indexOf(label.source),
    model: label.model,
    since,
    zero: 0,
  };
  const bits = FIELDS.reduce((sum, [name, width]) => (sum << BigInt(width)) | BigInt(values[name]), 0n);
  return bigEndian(bits, SLOT_BYTES);
}

/** The label in eight bytes. Throws `EnvelopeInvalid` for any encoding `packSlot` does not make. */
export function unpackSlot(slot: Uint8Array, base: number): Label {
  if (slot.length !== SLOT_BYTES) throw new EnvelopeInvalid(NO_LABEL);
  const values = fields(fromBigEndian(slot));
  const label = {
    expression: word(EXPRESSIONS, values.expression),
    second: values.second === 0 ? null : word(EXPRESSIONS, values.second - 1),
    state: word(STATES, values.state),
    polarity: word(POLARITIES, values.polarity),
    valence: values.valence === ABSENT ? null : values.valence - SCALE,
    arousal: values.arousal === ABSENT ? null : values.arousal - SCALE,
    confidence: values.confidence,
    window: values.window + 1,
    source: word(SOURCES, values.source),
    model: values.model,
    ended_at: base + values.since,
  };
  // INVARIANT: one label has one encoding. What packs to other bits was not made by `packSlot`.
  let again: Bytes;
  try {
    again = packSlot(label, base);
  } catch (cause) {
    throw new EnvelopeInvalid(NO_LABEL, { cause });
  }
  if (again.some((byte, place) => byte !== slot[place])) {
    throw new EnvelopeInvalid("a slot is not in its one encoding; update the SDK");
  }
  return label;
}

/** Return when `label` is in the closed vocabulary and ranges; throw `LabelInvalid` otherwise. */
export function check(label: Label): void {
  const words = [
    EXPRESSIONS.includes(label.expression),
    label.second === null || EXPRESSIONS.includes(label.second),
    label.second !== label.expression,
    STATES.includes(label.state),
    POLARITIES.includes(label.polarity),
    SOURCES.includes(label.source),
  ];
  const numbers = [
    within(label.confidence, 0, MAX_CONFIDENCE),
    within(label.window, 1, MAX_WINDOW),
    within(label.model, 0, MAX_MODEL),
    label.valence === null || within(label.valence, -SCALE, SCALE),
    label.arousal === null || within(label.arousal, -SCALE, SCALE),
    within(label.ended_at, 0, MAX_TIME),
  ];
  if (![...words, ...numbers].every(Boolean)) {
    throw new LabelInvalid("the label is outside the closed vocabulary; see the reference of labels");
  }
}

function fields(bits: bigint): Record<Field, number> {
  let left = bits;
  const found = FIELDS.toReversed().map(([name, width]) => {
    const value = Number(left & ((1n << BigInt(width)) - 1n));
    left >>= BigInt(width);
    return [name, value];
  });
  return Object.fromEntries(found) as Record<Field, number>;
}

function word<W extends string>(words: readonly W[], number: number): W {
  const found = words[number];
  if (found === undefined) throw new EnvelopeInvalid(NO_LABEL);
  return found;
}

function within(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && low <= value && value <= high;
}
