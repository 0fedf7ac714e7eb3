/**
 * The web SDK's wire and consent rooms asked by Python: a list of questions on standard input, a list of answers on standard output. An answer is
 * `{"value": ...}` or `{"failure": code}`. Bytes are base64url.
 */

import { readFileSync } from "node:fs";

import * as consent from "../../sdk/web/src/consent/index.ts";
import { MienError } from "../../sdk/web/src/errors.ts";
import { trim } from "../../sdk/web/src/label/index.ts";
import { envelope } from "../../sdk/web/src/seal/index.ts";
import * as values from "../../sdk/web/src/values.ts";
import { b64, type Bytes, unb64 } from "../../sdk/web/src/wire/bytes.ts";
import { decode, encode, type Json, type JsonObject, MAX_BYTES, MAX_DEPTH } from "../../sdk/web/src/wire/canonical.ts";
import { OpenKey, SealKey, SigningKey, VerifyKey } from "../../sdk/web/src/wire/keys.ts";
import { after, type Happening, HAPPENINGS } from "../../sdk/web/src/wire/lifecycle.ts";
import * as messages from "../../sdk/web/src/wire/messages.ts";
import { checkMac, openSealed, OVERHEAD, pad, seal, unpad, type Use, USES } from "../../sdk/web/src/wire/seal.ts";
import type { Shape } from "../../sdk/web/src/wire/shapes.ts";
import { type Kind, KINDS, MAX_CHARS, sign, verify } from "../../sdk/web/src/wire/signatures.ts";
import { unpack } from "../../sdk/web/src/wire/slots.ts";

interface Asked {
  readonly op: string;
  readonly [field: string]: unknown;
}

const SHAPES = {
  Service: messages.service, SignedAnswer: messages.signedAnswer, Notice: messages.notice, ConsentStatement: messages.consentStatement,
  WithdrawalStatement: messages.withdrawalStatement, CapabilityRequest: messages.capabilityRequest, KeyChange: messages.keyChange,
  KeyPossession: messages.keyPossession, ExportRequest: messages.exportRequest, CorrectionStatement: messages.correctionStatement,
  ErasureStatement: messages.erasureStatement, GuardianApproval: messages.guardianApproval, GuardianRequest: messages.guardianRequest,
  GuardianAnswer: messages.guardianAnswer, GuardianDoc: messages.guardianDoc, Receipt: messages.receipt, Capability: messages.capability, ConsentAnswer: messages.consentAnswer,
  CapabilityAnswer: messages.capabilityAnswer, Certificate: messages.certificate, ErasureAnswer: messages.erasureAnswer, ExportSeal: messages.exportSeal,
  ExportAnswer: messages.exportAnswer, Accepted: messages.accepted, Envelope: messages.envelope, RankRequest: messages.rankRequest,
  RankAnswer: messages.rankAnswer, Why: messages.why, RewardRequest: messages.rewardRequest, ProofAnswer: messages.proofAnswer, Problem: messages.problem,
  HelpRequest: messages.helpRequest, HelpAnswer: messages.helpAnswer, HelpDoc: messages.helpDoc, LessonRequest: messages.lessonRequest,
  LessonAnswer: messages.lessonAnswer, LessonWhy: messages.lessonWhy, AnswersRequest: messages.answersRequest,
} as const;

const text = (value: unknown): string => value as string;
const bytes = (value: unknown): Bytes => unb64(text(value));
const parts = (value: unknown): readonly Bytes[] => (value as readonly string[]).map(unb64);

/** A person whose keys follow from the seeds they were asked with. */
async function person(asked: Asked): Promise<consent.Person> {
  const sign = await SigningKey.fromSecret(bytes(asked["secret"]));
  const seeds = [bytes(asked["seed"]), bytes(asked["stream_key"])];
  return consent.newPerson(text(asked["site"]), text(asked["subject"]), sign, () => seeds.shift() ?? new Uint8Array(0), null);
}

const OPS: Readonly<Record<string, (asked: Asked) => unknown>> = {
  vocabulary: () => ({
    expressions: values.EXPRESSIONS, states: values.STATES, polarities: values.POLARITIES, sources: values.SOURCES, purposes: values.PURPOSES,
    sectors: values.SECTORS, roles: values.ROLES, age_bands: values.AGE_BANDS, consent_states: values.CONSENT_STATES, standing: values.STANDING,
    key_roles: values.KEY_ROLES, slots: values.SLOTS, max_window: values.MAX_WINDOW, kinds: KINDS, uses: USES, overhead: OVERHEAD, max_bytes: MAX_BYTES,
    max_depth: MAX_DEPTH, max_chars: MAX_CHARS, clock_skew: messages.CLOCK_SKEW, envelope_bytes: messages.ENVELOPE_BYTES, max_candidates: messages.MAX_CANDIDATES,
    max_places: messages.MAX_PLACES, max_export_chars: messages.MAX_EXPORT_CHARS, capability_seconds: consent.CAPABILITY_SECONDS,
    renew_before: consent.RENEW_BEFORE, link_seconds: messages.LINK_SECONDS, approval_seconds: messages.APPROVAL_SECONDS, happenings: HAPPENINGS,
    deeds: values.DEEDS, max_rules: messages.MAX_RULES, history_seconds: messages.HISTORY_SECONDS,
    effects: values.EFFECTS, behaviours: values.BEHAVIOURS, modes: values.MODES, tones: values.TONES, paces: values.PACES,
    max_ticket_chars: messages.MAX_TICKET_CHARS, max_lesson_history: messages.MAX_LESSON_HISTORY, max_answers: messages.MAX_ANSWERS, shapes: Object.keys(SHAPES),
  }),
  after: ({ state, happening }) => after(state as values.ConsentState, happening as Happening),
  canonical: ({ data }) => new TextDecoder().decode(encode(decode(bytes(data)))),
  parse: ({ shape, value }) => messages.parse(SHAPES[shape as keyof typeof SHAPES] as Shape<Json>, value),
  sign: async ({ kind, payload, secret }) => sign(kind as Kind, payload as JsonObject, await SigningKey.fromSecret(bytes(secret))),
  verify: async ({ kind, jws, key }) => verify(text(jws), kind as Kind, await VerifyKey.fromText(text(key))),
  seal: async ({ plain, key, use, context }) => b64(await seal(bytes(plain), SealKey.fromText(text(key)), use as Use, ...parts(context))),
  open: async ({ sealed, seed, use, context }) => b64(await openSealed(bytes(sealed), await OpenKey.fromSeed(bytes(seed)), use as Use, ...parts(context))),
  seal_key: async ({ seed }) => (await OpenKey.fromSeed(bytes(seed))).sealKey.text(),
  pad: ({ data, block }) => b64(pad(bytes(data), block as number)),
  unpad: ({ data }) => b64(unpad(bytes(data))),
  trim: ({ label, purposes }) => trim(label as values.Label, purposes as readonly values.Purpose[]),
  envelope: async (asked) => envelope(
    asked["labels"] as readonly values.Label[], asked["seq"] as number, asked["now"] as number,
    { site: text(asked["site"]), subject: text(asked["subject"]), device: text(asked["device"]), streamKey: bytes(asked["stream_key"]) },
    { kid: text(asked["kid"]), key: SealKey.fromText(text(asked["key"])) },
  ),
  read_envelope: async (asked) => {
    const found = messages.parse(messages.envelope, asked["envelope"]);
    const context = messages.envelopeContext(found.site, found.subject, found.device, found.seq, found.kid);
    await checkMac(unb64(found.mac), bytes(asked["stream_key"]), USES.ENVELOPE, ...context, unb64(found.ct));
    return unpack(await openSealed(unb64(found.ct), await OpenKey.fromSeed(bytes(asked["seed"])), USES.ENVELOPE, ...context));
  },
  rank: async ({ request, asker, stream_key }) =>
    messages.authenticate(messages.parse(messages.rankRequest, request), asker as messages.Asker, bytes(stream_key), USES.RANK),
  notice_hash: ({ notice }) => consent.noticeHash(messages.parse(messages.notice, notice)),
  code: async ({ random }) => {
    const code = consent.newCode(bytes(random));
    const secret = consent.readCode(code.toUpperCase().replaceAll("-", " "));
    const link = consent.newLink(await consent.subjectOf(secret), secret.subarray(0, consent.LINK_SECRET_BYTES));
    const read = await consent.readLink(link.toUpperCase());
    const guardian = await consent.guardianKey(secret, "shop", read.subject);
    return { code, link, linked: [read.subject, read.key.verifyKey.text()], guardian: guardian.verifyKey.text(), subject: await consent.subjectOf(secret), key: (await consent.recoveryKey(secret)).verifyKey.text() };
  },
  read_code: ({ code }) => b64(consent.readCode(text(code))),
  read_link: async ({ code }) => (await consent.readLink(text(code))).subject,
  // A child's request, approved here, and read here; and what Python made of the same, read here.
  guardian: async (asked) => {
    const child = await person(asked);
    const stamp = { at: asked["at"] as number, nonce: bytes(asked["nonce"]) };
    const wanted = { notice: messages.parse(messages.notice, asked["notice"]), purposes: asked["purposes"] as readonly values.Purpose[], ageBand: "13_to_15" } as const;
    const request = await consent.guardianRequest(child, wanted);
    const answer = asked["answer"] === undefined
      ? await consent.approve(consent.readRequest(text(asked["request"] ?? request), child.site), bytes(asked["guardian"]), stamp) : text(asked["answer"]);
    const read = await consent.readAnswer(answer, child, wanted, asked["now"] as number, null);
    const server = { kid: text(asked["kid"]), key: SealKey.fromText(text(asked["key"])) };
    const yes: consent.Yes = {
      ...wanted, method: "screen", renewal: false, claims: { jurisdictions: ["EU-DE"], age_band: wanted.ageBand }, release: null, guardian: read,
    };
    return { request, answer, key: read.key.text(), doc: read.doc, consent: await consent.consent(child, stamp, yes, server, null) };
  },
  statements: async (asked) => {
    const who = await person(asked);
    const stamp = { at: asked["at"] as number, nonce: bytes(asked["nonce"]) };
    const server = { kid: text(asked["kid"]), key: SealKey.fromText(text(asked["key"])) };
    const yes: consent.Yes = {
      notice: messages.parse(messages.notice, asked["notice"]), purposes: ["personalize_offers", "declare_mood"], method: "screen", renewal: false,
      claims: { jurisdictions: ["US-IL"], age_band: "adult" }, release: { name: "Ada L\u00f8velace", at: stamp.at },
    };
    const recovery = await consent.recoveryKey(bytes(asked["recovery"]));
    return {
      consent: await consent.consent(who, stamp, yes, server, recovery.verifyKey), withdraw: await consent.withdraw(who, stamp, ["declare_mood"]),
      capability: await consent.askCapability(who, stamp), export: await consent.askExport(who, stamp), erase: await consent.erase(who, stamp),
      correct: await consent.correct(who, stamp, text(asked["record"]), values.declared("joy", stamp.at), server),
      join: await consent.join(who, stamp, server, recovery), remove: await consent.removeKey(who, stamp, recovery.verifyKey.id),
      link: await consent.addKey(who, stamp, { doc: { role: "link", sign: recovery.verifyKey.text() }, key: recovery, expiresAt: stamp.at + 600 }, who.sign),
    };
  },
  answers: async ({ trust, site, subject, device, statement, now, receipt, capability, certificate, service, erasure }) => {
    const key = await VerifyKey.fromText(text(trust));
    return {
      receipt: await consent.openReceipt(text(receipt), key, text(site), text(subject), text(statement)),
      capability: await consent.openCapability(text(capability), key, text(site), text(subject), text(device)),
      certificate: await consent.openCertificate(text(certificate), key, text(site), text(erasure)),
      service: await consent.openService(text(service), key, now as number),
    };
  },
};

async function answered(asked: Asked): Promise<unknown> {
  try {
    return { value: await OPS[asked.op]?.(asked) };
  } catch (error) {
    if (error instanceof MienError) return { failure: error.code };
    throw error;
  }
}

const questions = JSON.parse(readFileSync(0, "utf8")) as readonly Asked[];
const answers: unknown[] = [];
for (const asked of questions) answers.push(await answered(asked));
process.stdout.write(JSON.stringify(answers));
