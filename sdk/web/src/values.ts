/**
 * The nouns of the device side, in the order the data meets them: the twin of `mien/values.py`. No I/O, no checks of the outside world.
 *
 * The order of each closed vocabulary is part of the wire format, so new words go at the end. Names are those of the wire (`ended_at`), so that a
 * vector, a message and a noun are spelled alike.
 */

export const EXPRESSIONS = ["neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt"] as const;
export const STATES = ["none", "engaged", "interested", "confused", "frustrated", "stressed", "bored", "fatigued"] as const;
export const POLARITIES = ["none", "negative", "positive", "surprise"] as const;
export const SOURCES = ["face", "declared", "text"] as const;
export const PURPOSES = [
  "personalize_offers", "adapt_service", "adapt_lessons", "bind_account", "contribute", "declare_mood",
] as const;
export const SECTORS = ["retail", "education", "workplace", "health", "finance", "service"] as const;
export const ROLES = ["customer", "student", "patient", "client", "employee", "candidate"] as const;
export const AGE_BANDS = ["under_13", "13_to_15", "16_to_17", "adult", "undeclared"] as const;
/** What a consent can be; `wire/lifecycle` says how one becomes another. */
export const CONSENT_STATES = [
  "none", "requested", "deferred", "refused", "given", "renewed", "withdrawn", "revoked", "expired", "invalidated",
] as const;
/** The only states in which anything is allowed. */
export const STANDING = ["given", "renewed"] as const;
/** What a visitor may have done with an offer before, and what may come of a ranking. */
export const DEEDS = ["view", "cart", "purchase", "dismissal"] as const;
/** What emotion may be asked to change: anything but the order is refused, with the law. */
export const EFFECTS = ["order", "price", "eligibility", "urgency", "vulnerability"] as const;
/** One word for what a visitor did before. */
export const BEHAVIOURS = ["new", "returning", "browsing", "comparing", "deciding", "leaving"] as const;
/** Who goes on: the machine, or a person who is to be offered. */
export const MODES = ["auto", "human"] as const;
/** How to speak with somebody. */
export const TONES = ["plain", "calm", "patient", "gentle", "reassuring"] as const;
/** How fast the lessons go on. */
export const PACES = ["steady", "slower", "pause"] as const;
export const KEY_ROLES = ["device", "guardian", "recovery", "link"] as const;

/** Slots of an envelope, always all present on the wire: unused ones are dummies. */
export const SLOTS = 64;
/** Longest window of a label, in seconds. */
export const MAX_WINDOW = 64;

export type Expression = (typeof EXPRESSIONS)[number];
export type State = (typeof STATES)[number];
export type Polarity = (typeof POLARITIES)[number];
export type Source = (typeof SOURCES)[number];
export type Purpose = (typeof PURPOSES)[number];
export type Sector = (typeof SECTORS)[number];
export type Role = (typeof ROLES)[number];
export type AgeBand = (typeof AGE_BANDS)[number];
export type ConsentState = (typeof CONSENT_STATES)[number];
export type DeedKind = (typeof DEEDS)[number];
export type Effect = (typeof EFFECTS)[number];
export type Behaviour = (typeof BEHAVIOURS)[number];
export type Mode = (typeof MODES)[number];
export type Tone = (typeof TONES)[number];
export type Pace = (typeof PACES)[number];
export type KeyRole = (typeof KEY_ROLES)[number];

/** One picture: `pixels` is `width` x `height` x 4 bytes, RGBA, rows from the top. Lives and dies in the worker's memory. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray | Uint8Array;
}

/** x, y, width, height in pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];
export type Point = readonly [x: number, y: number];

/**
 * A found face. `landmarks` are five points in pixels: right eye, left eye, nose tip, right and left mouth corner (the person's own right, so the image's
 * left). `score` is 0..1.
 */
export interface Face {
  readonly box: Box;
  readonly landmarks: readonly Point[];
  readonly score: number;
}

/**
 * What the network says of one face: calibrated probabilities in the order of `EXPRESSIONS`, valence and arousal in -1..1. `actions` are strengths 0..1 of
 * FACS action units by name (`AU12`); may be empty. `pose` is pitch (positive: chin down), yaw (positive: to the person's left) and roll (positive:
 * counter-clockwise in the picture) of the head in radians. `gaze` is where the eyes point within the head, -1..1: to the person's left and up.
 * `embedding` is the layer below the expressions; device only.
 */
export interface Scores {
  readonly expressions: readonly number[];
  readonly valence: number;
  readonly arousal: number;
  readonly actions: Readonly<Record<string, number>>;
  readonly pose: readonly [pitch: number, yaw: number, roll: number];
  readonly gaze: Point;
  readonly embedding: readonly number[];
}

/**
 * The only thing that may leave, and only sealed. `valence` and `arousal` are integers -15..15, null where a purpose trimmed them. `confidence` is
 * 0..15. `window` is the seconds it summarizes, 1..64, and `ended_at` its end in unix seconds. `model` is 0 for a declared mood.
 */
export interface Label {
  readonly expression: Expression;
  readonly ended_at: number;
  readonly confidence: number;
  readonly window: number;
  readonly second: Expression | null;
  readonly state: State;
  readonly polarity: Polarity;
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly source: Source;
  readonly model: number;
}

/** A label of what a person said of themselves: sure, of one second, made by no model. */
export function declared(expression: Expression, endedAt: number, second: Expression | null = null): Label {
  return {
    expression, second, ended_at: endedAt, confidence: 15, window: 1, state: "none", polarity: "none",
    valence: null, arousal: null, source: "declared", model: 0,
  };
}

/** What the device says about its situation. The server holds the site's own claims beside these and the strictest wins. */
export interface Claims {
  readonly jurisdictions: readonly string[];
  readonly sector?: Sector;
  readonly role?: Role;
  readonly age_band?: AgeBand;
  readonly gpc?: boolean;
}

/** A written release (740 ILCS 14/15(b)(3)): the name a person typed under the notice's `release` text, and when (unix seconds). */
export interface Release {
  readonly name: string;
  readonly at: number;
}

/** A product the catalogue may show. `price` is in minor units (cents) of `currency`; `tags` are lowercase words. */
export interface Offer {
  readonly id: string;
  readonly title: string;
  readonly price: number;
  readonly currency: string;
  readonly tags: readonly string[];
  readonly stock: number;
}

/** What a visitor did with an offer, `ago` seconds before. */
export interface Deed {
  readonly kind: DeedKind;
  readonly offer: string;
  readonly ago: number;
}

/**
 * What a shop wants of one order, on top of its catalogue's rules. `exclude` (offers) and `without` (tags) are not shown, `adults` (tags) to adults only,
 * `not_in` not there. `pin`, `cap` and `apart` (tags of which no two stand next to each other) shape the order; the last two give way where they would
 * leave a place empty.
 */
export interface Rules {
  readonly exclude?: readonly string[];
  readonly without?: readonly string[];
  readonly adults?: readonly string[];
  readonly not_in?: readonly { readonly tag: string; readonly jurisdiction: string }[];
  readonly pin?: readonly { readonly offer: string; readonly place: number }[];
  readonly cap?: readonly { readonly tag: string; readonly most: number; readonly first?: number }[];
  readonly apart?: readonly string[];
  readonly effect?: Effect;
}

/** One place of a ranking: the offer as the catalogue has it, its place from 1, and the words that may be shown for it. */
export interface Ranked {
  readonly offer: Offer;
  readonly place: number;
  readonly why: string;
}

/**
 * An answer of `rank`: id for rewards, the places in order, and whether and why emotion was used (opened on the device only). `behaviour` is one word for
 * the history that was sent. `agreed` is at how many places a shop's own order has what would have been ranked there; null where ours is shown.
 */
export interface Ranking {
  readonly event: string;
  readonly places: readonly Ranked[];
  readonly used_emotion: boolean;
  readonly why: string;
  readonly laws: readonly string[];
  readonly behaviour: Behaviour;
  readonly agreed: number | null;
}

/**
 * An answer of `help`: `mode` is `auto` or `human` (a person is to be offered), `tone` how to speak with them, and why (opened on the device only).
 * `passes_on` is what the desk would be told if the person wants that, in words; empty for nothing. `ticket` is what tells it: sealed to the desk's key,
 * there only once a person was asked for and where the desk has a key. Hand it on with the conversation, or do not.
 */
export interface Help {
  readonly mode: Mode;
  readonly tone: Tone;
  readonly used_emotion: boolean;
  readonly why: string;
  readonly passes_on: string;
  readonly laws: readonly string[];
  readonly ticket: string | null;
}

/**
 * An answer of `nextLesson`: the exercise, and what is said of it on this device only. `chance` of a right answer and `target` in percent, 0 where nobody
 * in particular asked. `laws` are those of the use, `refused` those under which no feeling was read from a face.
 */
export interface Lesson {
  readonly id: string;
  readonly item: string;
  readonly skill: string;
  readonly title: string;
  readonly used_emotion: boolean;
  readonly used_answers: boolean;
  readonly chance: number;
  readonly target: number;
  readonly pace: Pace;
  readonly why: string;
  readonly laws: readonly string[];
  readonly refused: readonly string[];
}
