/** What a device knows of its person: keys, consent as it stands, and what is still to be told to the server. Stored by `keep`, encrypted. */

import { CONSENT_STATES, type ConsentState, PURPOSES, type Purpose } from "../values.ts";
import { type Bytes, b64, unb64 } from "../wire/bytes.ts";
import type { JsonObject } from "../wire/canonical.ts";
import { OpenKey, SEED_BYTES, type SigningKey } from "../wire/keys.ts";
import { after, stands } from "../wire/lifecycle.ts";
import { JWS, parse } from "../wire/messages.ts";
import { list, maybe, object, type Of, text, truth, whole, word } from "../wire/shapes.ts";

export const STREAM_KEY_BYTES = 32;

/**
 * One person on one device at one site. `purposes` are those that stand, in a consent whose life `wire/lifecycle` tells: `state`, and `expiresAt` (unix
 * seconds, 0 for none) when it ends by itself. `askAgain`: it ended, or the server stopped acting on it, without a no of the person. `unanswered` are
 * purposes of a yes whose answer never came. `withdrawing` and `erasing` are in force here and not confirmed yet. `recovery` is the recovery code until
 * the first yes is confirmed, so that an answer lost on the way does not lose the code; then null.
 */
export interface Person {
  readonly site: string;
  readonly subject: string;
  readonly sign: SigningKey;
  readonly seal: OpenKey;
  readonly streamKey: Bytes;
  readonly purposes: readonly Purpose[];
  readonly state: ConsentState;
  readonly expiresAt: number;
  readonly askAgain: boolean;
  readonly unanswered: readonly Purpose[];
  readonly receipt: string | null;
  readonly capability: string | null;
  readonly withdrawing: readonly Purpose[];
  readonly erasing: boolean;
  readonly recovery: string | null;
}

const purposeList = list(word(...PURPOSES), PURPOSES.length);
const key = text(/^[A-Za-z0-9_-]{43}$/);
const jws = maybe(text(JWS, 32 * 1024));
const shape = object("Person", {
  v: word(1), site: text(null, 41), subject: text(/^sub_[a-z2-7]{26}$/), device: key, seed: key, stream_key: key, purposes: purposeList,
  state: word(...CONSENT_STATES), expires_at: whole(0, 0xffff_ffff), ask_again: truth, unanswered: purposeList, receipt: jws,
  capability: jws, withdrawing: purposeList, erasing: truth, recovery: maybe(text(null, 64)),
});
/** A person as it is kept, but for the signing key, which WebCrypto holds: `device` is its public half. */
export type PersonDoc = Of<typeof shape>;

/** A person with fresh device keys and no consent yet. `recovery` is the code that the subject id comes from. */
export async function newPerson(
  site: string, subject: string, sign: SigningKey, entropy: (size: number) => Bytes, recovery: string | null,
): Promise<Person> {
  return {
    site, subject, sign, recovery,
    seal: await OpenKey.fromSeed(entropy(SEED_BYTES)),
    streamKey: entropy(STREAM_KEY_BYTES),
    purposes: [], state: "none", expiresAt: 0, askAgain: false, unanswered: [], receipt: null, capability: null, withdrawing: [],
    erasing: false,
  };
}

/** Whether the consent ended by itself before `now`, and nobody has written that down yet. */
export function ranOut(person: Person, now: number): boolean {
  return stands(person.state) && person.expiresAt > 0 && person.expiresAt <= now;
}

/** The person after their consent ran out. */
export function expired(person: Person): Person {
  return { ...person, state: after(person.state, "expire"), purposes: [], capability: null, askAgain: true };
}

/** The person with these purposes taken back, in force and to be told; no capability outlives a withdrawal. */
export function without(person: Person, purposes: readonly Purpose[]): Person {
  const there = [...new Set([...person.purposes, ...person.unanswered])];
  const left = person.purposes.filter((each) => !purposes.includes(each));
  return {
    ...person,
    purposes: left,
    unanswered: person.unanswered.filter((each) => !purposes.includes(each)),
    withdrawing: [...new Set([...person.withdrawing, ...there.filter((each) => purposes.includes(each))])],
    capability: null,
    state: left.length > 0 ? person.state : after(person.state, "withdraw"),
    askAgain: person.askAgain && left.length > 0,
  };
}

/** As a JSON value with secrets in it: only ever for encrypted storage. */
export function personJson(person: Person): PersonDoc & JsonObject {
  return {
    v: 1, site: person.site, subject: person.subject, device: person.sign.verifyKey.text(), seed: b64(person.seal.seed),
    stream_key: b64(person.streamKey), purposes: person.purposes, state: person.state, expires_at: person.expiresAt,
    ask_again: person.askAgain, unanswered: person.unanswered, receipt: person.receipt, capability: person.capability,
    withdrawing: person.withdrawing, erasing: person.erasing, recovery: person.recovery,
  };
}

/** The kept form, checked. Throws `RequestInvalid`. */
export function readPerson(value: unknown): PersonDoc {
  return parse(shape, value);
}

/** What `personJson` wrote, with the key that signs. Throws `RequestInvalid`. */
export async function personFrom(doc: PersonDoc, sign: SigningKey): Promise<Person> {
  return {
    site: doc.site, subject: doc.subject, sign, seal: await OpenKey.fromSeed(unb64(doc.seed)), streamKey: unb64(doc.stream_key),
    purposes: doc.purposes, state: doc.state, expiresAt: doc.expires_at, askAgain: doc.ask_again, unanswered: doc.unanswered,
    receipt: doc.receipt, capability: doc.capability, withdrawing: doc.withdrawing, erasing: doc.erasing, recovery: doc.recovery,
  };
}
