/**
 * The messages that a browser sends and receives, validated strictly: the twin of the same names in `mien/wire/messages.py`. In the order they are met.
 *
 * Signed payloads travel as JWS (`wire/signatures`); requests and answers as JSON. Times are unix seconds, prices are minor units, bytes are base64url.
 */

import { AGE_BANDS, BEHAVIOURS, DEEDS, EFFECTS, KEY_ROLES, MODES, PACES, PURPOSES, ROLES, SECTORS, TONES } from "../values.ts";
import { b64, bigEndian, type Bytes, utf8 } from "./bytes.ts";
import { encode, type JsonObject } from "./canonical.ts";
import { LOCALE, SITE_ID } from "./notice.ts";
import { mac, OVERHEAD, type Use } from "./seal.ts";
import { list, maybe, object, type Of, open, or, parse, text, truth, whole, word } from "./shapes.ts";
import { PLAINTEXT_BYTES } from "./slots.ts";

export { LOCALE, type Notice, notice, SITE_ID } from "./notice.ts";
export { parse } from "./shapes.ts";

/** Seconds two clocks may differ. */
export const CLOCK_SKEW = 120;
/** Seconds a link code lives. */
export const LINK_SECONDS = 600;
/** Seconds a guardian's approval is good for. */
export const APPROVAL_SECONDS = 86_400;
export const ENVELOPE_BYTES = PLAINTEXT_BYTES + OVERHEAD;
export const MAX_CANDIDATES = 200;
export const MAX_PLACES = 20;
/** Deeds of a visitor that one request may tell; the newest are enough. */
export const MAX_HISTORY = 64;
export const HISTORY_SECONDS = 30 * 86_400;
export const MAX_RULES = 32;
export const MAX_EXPORT_CHARS = 64 * 1024 * 1024;

/** The form of `size` bytes as base64url. */
function bytes(size: number): RegExp {
  return new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((size * 4) / 3)}}$`);
}

const siteId = text(SITE_ID);
const subjectId = text(/^sub_[a-z2-7]{26}$/);
export const opaqueId = text(/^[a-z]{2,4}_[a-z2-7]{26}$/);
const recordId = text(/^[a-z]{2,4}_[a-z2-7]{26}(-[0-6][0-9])?$/);
const keyIdText = text(bytes(16));
const nonce = text(bytes(16));
export const hash = text(bytes(32));
const signKeyText = text(bytes(32));
const sealKeyText = text(bytes(1216));
const sealKid = text(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);
const time = whole(0, 0xffff_ffff);
const jurisdiction = text(/^[A-Z]{2}(-[A-Z]{2})?$/);
const purpose = word(...PURPOSES);
const purposes = list(purpose, PURPOSES.length, 1);
const modelNumber = whole(0, 255);
const words = text(null, 4000);
const count = whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const texts = list(text());
export const JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const jws = text(JWS, 32 * 1024);
const v = or(word(1), 1);

// ---- what the server says of itself ----
const sealKeyDoc = object("SealKeyDoc", { kid: sealKid, public: sealKeyText, not_before: time, not_after: time });
const limits = object("Limits", {
  envelope_bytes: or(count, ENVELOPE_BYTES), candidates: or(count, MAX_CANDIDATES), places: or(count, MAX_PLACES),
  clock_skew: or(count, CLOCK_SKEW),
});
/** `GET /.well-known/mien`, signed by the key that the site's owner gave the integrator. */
export const service = object("Service", {
  v, audit_origin: text(), audit_key: text(), seal_keys: list(sealKeyDoc, 8, 1), bundle_version: text(), bundle_sha256: hash,
  limits: or(limits, { envelope_bytes: ENVELOPE_BYTES, candidates: MAX_CANDIDATES, places: MAX_PLACES, clock_skew: CLOCK_SKEW }),
  at: time,
});
export type Service = Of<typeof service>;
/** An answer, or a request, that is one signed statement. */
export const signedAnswer = object("SignedAnswer", { jws });
export type SignedAnswer = Of<typeof signedAnswer>;

// ---- what the person says ----
/** `Claims` on the wire. */
export const claimsDoc = object("ClaimsDoc", {
  jurisdictions: list(jurisdiction, 8, 1), sector: word(...SECTORS), role: word(...ROLES), age_band: word(...AGE_BANDS), gpc: truth,
});
/** A public key of a key set. `seal` and the sealed stream key are there for devices only: the others sign and nothing else. */
const keyDoc = object(
  "KeyDoc",
  {
    role: word(...KEY_ROLES), sign: signKeyText, seal: or(maybe(sealKeyText), null), stream_kid: or(maybe(sealKid), null),
    sealed_stream_key: or(maybe(text(bytes(32 + OVERHEAD))), null),
  },
  (key) => {
    const given = [key.seal, key.stream_kid, key.sealed_stream_key].map((each) => each !== null);
    const whole = given.every((each) => each === (key.role === "device"));
    return whole ? null : "a device has sealing and stream keys, any other key has none";
  },
);
/** What every statement of a person holds: who, where, when, and a nonce against replay. */
const byPerson = { v, site: siteId, subject: subjectId, at: time, nonce };
/** A statement that is answered with a capability: `model` is what this device will read with. */
const byDevice = { ...byPerson, model: or(modelNumber, 0) };
/** A name has letters, and nothing that cannot be seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;
/** A written release: the name that was typed, SHA-256 of the notice's `release` text, and when. */
export const releaseDoc = object("ReleaseDoc", { name: text(null, 120, 2), text_sha256: hash, at: time }, ({ name }) => {
  const letters = name.match(/\p{L}/gu)?.length ?? 0;
  const written = !UNSEEN.test(name) && name === name.trim() && letters >= 2;
  return written ? null : "a written release bears a name: letters, and nothing invisible";
});
/** A guardian's countersignature (`guardianApproval`) and, where the law wants it, the word of a verifier about them. */
export const guardianDoc = object("GuardianDoc", { approval: jws, verification: or(maybe(jws), null) });
export type GuardianDoc = Of<typeof guardianDoc>;
/** What the person did, signed by the first of `keys`, the device. `purposes` are the ones said yes to, each on its own. */
export const consentStatement = object(
  "ConsentStatement",
  {
    ...byDevice, keys: list(keyDoc, 4, 1), notice_sha256: hash, locale: text(LOCALE), purposes, claims: claimsDoc,
    release: or(maybe(releaseDoc), null), guardian: or(maybe(guardianDoc), null), renewal: or(truth, false),
    method: text(/^[a-z-]{2,40}$/), site_handle: or(maybe(hash), null),
  },
  (said) => consistent(said),
);
export type ConsentStatement = Of<typeof consentStatement>;
interface Said {
  readonly keys: readonly { readonly role: string }[];
  readonly purposes: readonly string[];
  readonly guardian: unknown;
  readonly site_handle: unknown;
}
function consistent(said: Said): string | null {
  const roles = said.keys.map((key) => key.role);
  if (roles[0] !== "device") return "the first key is the device that signs";
  if (new Set(said.purposes).size !== said.purposes.length) return "each purpose is named once";
  if (new Set(roles).size !== roles.length || roles.includes("link")) {
    return "a consent names its device and at most one recovery and one guardian's key; others join with `/v1/keys`";
  }
  if ((said.guardian !== null) !== roles.includes("guardian")) return "a guardian's consent names the guardian's key";
  if ((said.site_handle !== null) !== said.purposes.includes("bind_account")) {
    return "a site handle needs the purpose bind_account, and the other way round";
  }
  return null;
}
/** Signed by the guardian's own key: this notice, these purposes, for this device key, for a person of this age. */
export const guardianApproval = object("GuardianApproval", {
  ...byPerson, device: keyIdText, notice_sha256: hash, purposes, age_band: word(...AGE_BANDS),
});
/** What a child's device gives out: who, on which device, would say yes to what, under which notice, at which age. */
export const guardianRequest = object("GuardianRequest", {
  v, site: siteId, subject: subjectId, device: keyIdText, notice_sha256: hash, locale: text(LOCALE), purposes, age_band: word(...AGE_BANDS),
});
export type GuardianRequest = Of<typeof guardianRequest>;
/** What the guardian gives back: their verification key, and the approval it signed. */
export const guardianAnswer = object("GuardianAnswer", { v, sign: signKeyText, approval: jws });
export type GuardianAnswer = Of<typeof guardianAnswer>;
/** Takes back these purposes, by any key of the key set. */
export const withdrawalStatement = object("WithdrawalStatement", { ...byDevice, purposes });
export type WithdrawalStatement = Of<typeof withdrawalStatement>;
/** What may this device do now? */
export const capabilityRequest = object("CapabilityRequest", byDevice);
/** Adds a key to the key set or removes one, signed by a key already in it. */
export const keyChange = object(
  "KeyChange",
  { ...byDevice, add: or(maybe(keyDoc), null), possession: or(maybe(jws), null), expires_at: or(time, 0), remove: or(maybe(keyIdText), null) },
  (said) => {
    if ((said.add === null) === (said.remove === null)) return "a key change adds one key or removes one";
    if ((said.add === null) !== (said.possession === null)) return "a new key signs that it wants to join, and only a new one";
    const link = said.add !== null && said.add.role === "link";
    return said.expires_at > 0 === link ? null : "a link key says when it ends, and no other does";
  },
);
/** The new key says that it wants to join. */
export const keyPossession = object("KeyPossession", byPerson);
/** Everything held, sealed to `seal`. */
export const exportRequest = object("ExportRequest", { ...byPerson, seal: sealKeyText });
/** What a stored label should have said. The slot (base time first, as 4 bytes) is sealed to the server's key `kid`. */
export const correctionStatement = object("CorrectionStatement", {
  ...byPerson, record: recordId, kid: sealKid, sealed: text(bytes(4 + 8 + OVERHEAD)),
});
/** Forget this subject, by any key of the key set. */
export const erasureStatement = object("ErasureStatement", byPerson);

// ---- what the server answers ----
/** The decision's leaf will be in the log `origin` by `publish_by`; a missing proof after that is evidence. */
const promise = object("Promise", { origin: text(), leaf: hash, publish_by: time });
const refusal = object("Refusal", { purpose, laws: texts, says: texts });
/** The answer to a consent or withdrawal. A refusal is an answer too, and names the law. */
export const receipt = object("Receipt", {
  v, receipt: opaqueId, site: siteId, subject: subjectId,
  outcome: word("given", "renewed", "refused", "withdrawn", "revoked", "expired", "invalidated"),
  purposes: list(purpose), refused: or(list(refusal), []), withdrawn: or(list(purpose), []), laws: texts, says: texts,
  notice_sha256: hash, statement_sha256: hash, jurisdictions: list(jurisdiction), by: word(...KEY_ROLES),
  bundle_version: text(), bundle_sha256: hash, at: time, expires_at: time, promise,
});
export type Receipt = Of<typeof receipt>;
/** What the SDK may do until `expires_at` (five minutes), for one device reading with one model; 0: nothing may be inferred. */
export const capability = object("Capability", {
  v, site: siteId, subject: subjectId, device: keyIdText, may: list(word("infer", "send", "contribute")), purposes: list(purpose),
  model: modelNumber, bundle_sha256: hash, issued_at: time, expires_at: time,
});
export type Capability = Of<typeof capability>;
/** Answer of `/v1/consents`, `/v1/withdrawals` and `/v1/keys`: the receipt and, while anything is allowed, a capability. */
export const consentAnswer = object("ConsentAnswer", { receipt: jws, capability: maybe(jws) });
/** Answer of `/v1/capabilities`. */
export const capabilityAnswer = object("CapabilityAnswer", { capability: jws });
/** What somebody's updates may have revealed of them: so many took part in a release, together at most this epsilon at a delta of one in `delta_one_in`. */
const spentDoc = object("SpentDoc", {
  participations: whole(0, 1_000_000), epsilon_millionths: whole(0, 10 ** 12), delta_one_in: whole(1000, 10 ** 15),
});
/** Erasure in two stages. `accepted`: effective from now on. `completed`: key destroyed, rows gone, sums subtracted. */
export const certificate = object("Certificate", {
  v, erasure: opaqueId, site: siteId, stage: word("accepted", "completed"), accepted_at: time, completed_at: maybe(time),
  complete_by: time, key_destroyed: truth, records_deleted: count, events_subtracted: count, backups_unreadable_by: time,
  held_until: or(maybe(time), null), spent: or(maybe(spentDoc), null), promise,
});
export type Certificate = Of<typeof certificate>;
/** Answer of `/v1/erasures` and `/v1/erasures/{id}`. */
export const erasureAnswer = object("ErasureAnswer", { erasure: opaqueId, certificate: jws });
export type ErasureAnswer = Of<typeof erasureAnswer>;
/** That this is what the server held of the subject at `at`. `sha256` is of the export's canonical bytes, before they were packed. */
export const exportSeal = object("ExportSeal", { v, site: siteId, subject: subjectId, at: time, sha256: hash });
/** Answer of `/v1/me`: packed and padded JSON, sealed to the key that asked, and the server's signature of what is in it. */
export const exportAnswer = object("ExportAnswer", { sealed: text(null, MAX_EXPORT_CHARS), signature: jws });
export type ExportAnswer = Of<typeof exportAnswer>;
/** The request is durable. `duplicate` when it had been before. */
export const accepted = object("Accepted", { accepted: or(word(true), true), duplicate: or(truth, false) });

// ---- the stream ----
/** `POST /v1/labels`: 64 slots sealed to the server's key of the day, authenticated by the stream key. Always the same size. */
export const envelope = object("Envelope", {
  v, site: siteId, subject: subjectId, device: keyIdText, seq: whole(1, Number.MAX_SAFE_INTEGER), kid: sealKid,
  ct: text(bytes(ENVELOPE_BYTES)), mac: hash,
});
export type Envelope = Of<typeof envelope>;

/** What an envelope is bound to, in HPKE's info and under the MAC. */
export function envelopeContext(site: string, subject: string, device: string, seq: number, kid: string): readonly Bytes[] {
  return [utf8(site), utf8(subject), utf8(device), bigEndian(seq, 8), utf8(kid)];
}

// ---- ranking ----
const offerId = text(/^[A-Za-z0-9_.:-]{1,64}$/);
const tag = text(/^[a-z0-9_-]{1,40}$/);
const tags = or(list(tag, MAX_RULES), []);
const placeNumber = whole(1, MAX_PLACES);
const percent = whole(0, 100);
const deed = word(...DEEDS);
/** `Offer` on the wire. `price` in minor units. */
export const offerDoc = object("OfferDoc", {
  id: offerId, title: text(null, 200), price: whole(0, 10 ** 12), currency: or(text(/^[A-Z]{3}$/), "EUR"), tags: or(list(tag, 16), []),
  stock: or(whole(0, 10 ** 9), 1),
});
/** Who asks, when a device does: authenticated by the request's MAC. Without it the ranking knows nobody. */
const asker = object("Asker", { subject: subjectId, device: keyIdText, at: time });
export type Asker = Of<typeof asker>;
const authenticated = { asker: or(maybe(asker), null), mac: or(maybe(hash), null) };
function both(request: { readonly asker: unknown; readonly mac: unknown }): string | null {
  const same = (request.asker === null) === (request.mac === null);
  return same ? null : "an asker is authenticated by a MAC, and the other way round";
}
/** `Deed` on the wire: what a visitor did with an offer, and how many seconds before. */
const deedDoc = object("DeedDoc", { kind: deed, offer: offerId, ago: whole(0, HISTORY_SECONDS) });
/** An offer at a place, for everybody. */
const pinDoc = object("PinDoc", { offer: offerId, place: placeNumber });
/** At most `most` offers of a tag in the first `first` places. */
const capDoc = object("CapDoc", { tag, most: whole(0, MAX_PLACES), first: or(placeNumber, MAX_PLACES) });
/** A tag that may not be offered in a jurisdiction. */
const notInDoc = object("NotInDoc", { tag, jurisdiction });
/** `Rules` on the wire, for one request, on top of the catalogue's. */
const rulesDoc = object(
  "RulesDoc",
  {
    exclude: or(list(offerId, MAX_CANDIDATES), []), without: tags, adults: tags, not_in: or(list(notInDoc, MAX_RULES), []),
    pin: or(list(pinDoc, MAX_PLACES), []), cap: or(list(capDoc, MAX_RULES), []), apart: tags, effect: or(word(...EFFECTS), "order"),
  },
  ({ pin }) => {
    const named = [pin.map(({ offer }) => offer), pin.map(({ place }) => place)];
    return named.every((each) => new Set<unknown>(each).size === each.length) ? null : "a pin puts one offer at one place";
  },
);
/**
 * `POST /v1/rank`. Says nothing of emotion, with or without consent: the same shape either way. Every default is written down: the MAC covers all of it.
 * `own` are offers in the order in which the shop shows them; `otherwise` is the reward of a place of which nothing is heard in time.
 */
export const rankRequest = object(
  "RankRequest",
  {
    v, ...authenticated, site: siteId, request: nonce, page: or(text(/^[a-z0-9_/-]{1,64}$/), "home"),
    places: or(placeNumber, 5), candidates: or(maybe(list(offerDoc, MAX_CANDIDATES, 1)), null),
    history: or(list(deedDoc, MAX_HISTORY), []), rules: or(rulesDoc, parse(rulesDoc, {})), own: or(list(offerId, MAX_PLACES), []),
    age_band: or(word(...AGE_BANDS), "undeclared"), otherwise: or(percent, 0),
  },
  (request) => both(request),
);
export type RankRequest = Of<typeof rankRequest>;
const placeDoc = object("PlaceDoc", { place: placeNumber, offer: offerDoc });
/**
 * Answer of `/v1/rank`. `sealed_why` is there whenever a device asked, so that its presence tells nothing. `behaviour` is one word for the history that
 * was sent; `agreed` is at how many places the shop's own order has what would have been shown, null where the shop shows ours.
 */
export const rankAnswer = object("RankAnswer", {
  event: opaqueId, places: list(placeDoc), sealed_why: maybe(text(null, 32 * 1024)), behaviour: or(word(...BEHAVIOURS), "new"),
  agreed: or(maybe(whole(0, MAX_PLACES)), null),
});
export type RankAnswer = Of<typeof rankAnswer>;
/** Inside `sealed_why`: whether emotion was used, in words, one sentence a place, and the laws of the decision. */
export const why = object("Why", { used_emotion: truth, why: words, places: list(words), laws: texts });
export type Why = Of<typeof why>;
/** `POST /v1/rewards`: what came of a ranking. `reward` is 0..100; or its `kind` says it. */
export const rewardRequest = object(
  "RewardRequest",
  {
    v, ...authenticated, site: siteId, event: opaqueId, place: or(placeNumber, 1), reward: or(maybe(percent), null), kind: or(maybe(deed), null),
  },
  (request) => both(request) ?? ((request.reward === null) === (request.kind === null) ? "a reward says how much, or what kind it is" : null),
);
export type RewardRequest = Of<typeof rewardRequest>;

/** `request` asked by `who`, with the MAC of their stream key over everything but the MAC. */
export async function authenticate<R extends JsonObject>(
  request: R, who: Asker, streamKey: Uint8Array, use: Use,
): Promise<R & { readonly asker: Asker; readonly mac: string }> {
  const { mac: _none, ...bare } = { ...request, asker: who, mac: null };
  return { ...request, asker: who, mac: b64(await mac(streamKey, use, encode(bare))) };
}

// ---- help ----
export const MAX_TICKET_CHARS = 4096;
const sealedText = text(null, 32 * 1024);
/**
 * `POST /v1/help`: go on by machine, or offer a person? The same shape with and without consent. `human`: they asked for a person, which is honoured at
 * once. `pass_on`: and they want the desk to be told how to speak with them.
 */
export const helpRequest = object(
  "HelpRequest",
  {
    v, ...authenticated, site: siteId, request: nonce, page: or(text(/^[a-z0-9_/-]{1,64}$/), "home"), human: or(truth, false),
    pass_on: or(truth, false),
  },
  (request) => both(request) ?? (request.pass_on && !request.human ? "something is passed on to a person only who takes over" : null),
);
export type HelpRequest = Of<typeof helpRequest>;
/** Answer of `/v1/help`. `mode` is what anybody gets who asks this; `sealed` (a `HelpDoc`, padded) is there whenever a device asked. */
export const helpAnswer = object("HelpAnswer", { help: opaqueId, mode: word(...MODES), sealed: maybe(sealedText) });
export type HelpAnswer = Of<typeof helpAnswer>;
/** Inside `sealed`: what is for this person alone. */
export const helpDoc = object("HelpDoc", {
  mode: word(...MODES), tone: word(...TONES), used_emotion: truth, why: words, passes_on: words, laws: texts,
  ticket: maybe(text(null, MAX_TICKET_CHARS)),
});
export type HelpDoc = Of<typeof helpDoc>;

// ---- lessons ----
export const MAX_LESSON_HISTORY = 500;
export const MAX_ANSWERS = 64;
const MAX_SKILLS = 64;
const skill = text(/^[a-z0-9_-]{1,40}$/);
/** What a learner answered: to which item, whether it was right, when. */
const answerDoc = object("AnswerDoc", { item: offerId, correct: truth, at: time });
export type AnswerDoc = Of<typeof answerDoc>;
/** `POST /v1/lessons/next`. `history` is read where the server keeps no answers of the learner; `skills` narrows the choice, empty means all. */
export const lessonRequest = object(
  "LessonRequest",
  {
    v, ...authenticated, site: siteId, request: nonce, skills: or(list(skill, MAX_SKILLS), []),
    history: or(list(answerDoc, MAX_LESSON_HISTORY), []),
  },
  (request) => both(request),
);
export type LessonRequest = Of<typeof lessonRequest>;
/** An exercise of the site's bank. */
const lessonItemDoc = object("LessonItemDoc", { id: offerId, skill, title: or(text(null, 200), "") });
/** Answer of `/v1/lessons/next`. `sealed_why` is there whenever a device asked, so that its presence tells nothing. */
export const lessonAnswer = object("LessonAnswer", { lesson: opaqueId, item: lessonItemDoc, sealed_why: maybe(sealedText) });
export type LessonAnswer = Of<typeof lessonAnswer>;
/** Inside `sealed_why`: what was used, in words and in numbers. */
export const lessonWhy = object("LessonWhy", {
  used_emotion: truth, used_answers: truth, chance: percent, target: percent, pace: word(...PACES), why: words, laws: texts, refused: texts,
});
export type LessonWhy = Of<typeof lessonWhy>;
/** `POST /v1/lessons/answers`: what a learner answered, to be kept for them. */
export const answersRequest = object(
  "AnswersRequest", { v, ...authenticated, site: siteId, answers: list(answerDoc, MAX_ANSWERS, 1) }, (request) => both(request),
);
export type AnswersRequest = Of<typeof answersRequest>;

// ---- proofs ----
/** `GET /audit/proof?leaf=`: a C2SP tlog-proof as text, and the log entry it proves. */
export const proofAnswer = object("ProofAnswer", { proof: text(), entry: text(null, 1024) });
export type ProofAnswer = Of<typeof proofAnswer>;

// ---- problems ----
/** RFC 9457. Open to unknown members, as the RFC demands (section 3.2). */
export const problem = open("Problem", {
  type: text(), title: text(), status: count, detail: text(), code: text(), laws: or(texts, []),
});
export type Problem = Of<typeof problem>;
