/**
 * Everything that may leave this device, as one closed union, and how each becomes a request: the twin of `mien/send/outbound.py`.
 *
 * Reads carry nothing of the person but, in a proof query, the leaf of a decision; statements are signed by the person's key; envelopes are sealed.
 * Labels, scores and pictures have no way in.
 */

import { RequestInvalid } from "../errors.ts";
import type { Bytes } from "../wire/bytes.ts";
import { encode, type Json, type JsonObject } from "../wire/canonical.ts";
import {
  accepted, type AnswersRequest, answersRequest, capabilityAnswer, consentAnswer, type Envelope, envelope, erasureAnswer, exportAnswer, hash, helpAnswer,
  type HelpRequest, helpRequest, lessonAnswer, type LessonRequest, lessonRequest, LOCALE, notice, opaqueId, parse, proofAnswer, rankAnswer, type RankRequest,
  rankRequest, type RewardRequest, rewardRequest, signedAnswer, SITE_ID,
} from "../wire/messages.ts";
import { object, type Shape, text } from "../wire/shapes.ts";
import { KINDS, namedKind } from "../wire/signatures.ts";

/** What may leave. */
export type Outbound =
  | { readonly kind: "service" }
  | { readonly kind: "notice"; readonly site: string; readonly locale: string }
  | { readonly kind: "proof"; readonly leaf: string }
  | { readonly kind: "certificate"; readonly erasure: string }
  | { readonly kind: "statement"; readonly jws: string }
  | { readonly kind: "envelope"; readonly message: Envelope }
  | { readonly kind: "rank"; readonly message: RankRequest }
  | { readonly kind: "reward"; readonly message: RewardRequest }
  | { readonly kind: "help"; readonly message: HelpRequest }
  | { readonly kind: "lesson"; readonly message: LessonRequest }
  | { readonly kind: "answers"; readonly message: AnswersRequest };

/** One HTTP request. `again` says that it may be sent again after an answer was lost: the server then answers the same. */
export interface Request {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: Bytes | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Shape<Json>;
  readonly again: boolean;
}

/** A kind of statement, where it goes, what comes back, and whether the server answers the same when it comes twice. */
const STATEMENTS: ReadonlyMap<string, { readonly path: string; readonly answer: Shape<Json>; readonly again: boolean }> = new Map([
  [KINDS.CONSENT, { path: "/v1/consents", answer: consentAnswer, again: false }],
  [KINDS.WITHDRAWAL, { path: "/v1/withdrawals", answer: consentAnswer, again: false }],
  [KINDS.CAPABILITY_REQUEST, { path: "/v1/capabilities", answer: capabilityAnswer, again: false }],
  [KINDS.KEY_CHANGE, { path: "/v1/keys", answer: consentAnswer, again: false }],
  [KINDS.EXPORT_REQUEST, { path: "/v1/me", answer: exportAnswer, again: false }],
  [KINDS.CORRECTION, { path: "/v1/me/corrections", answer: accepted, again: false }],
  [KINDS.ERASURE, { path: "/v1/erasures", answer: erasureAnswer, again: true }],
]);
const noticeQuery = object("NoticeQuery", { kind: text(), site: text(SITE_ID), locale: text(LOCALE) });

/** The request of an `Outbound`. Throws `RequestInvalid` for anything else: every message is checked again, field by field. */
export function requestOf(outbound: Outbound): Request {
  switch (outbound.kind) {
    case "service":
      return read("/.well-known/mien", signedAnswer);
    case "notice": {
      const { site, locale } = parse(noticeQuery, { ...outbound });
      return read(`/v1/sites/${site}/notices/${locale}`, notice);
    }
    case "proof":
      return read(`/audit/proof?leaf=${hash(outbound.leaf, "leaf")}`, proofAnswer);
    case "certificate":
      return read(`/v1/erasures/${opaqueId(outbound.erasure, "erasure")}`, erasureAnswer);
    case "statement":
      return statement(outbound.jws);
    case "envelope":
      return post("/v1/labels", parse(envelope, outbound.message), accepted, true);
    case "rank":
      return post("/v1/rank", parse(rankRequest, outbound.message), rankAnswer, false);
    case "reward":
      return post("/v1/rewards", parse(rewardRequest, outbound.message), accepted, true);
    case "help":
      return post("/v1/help", parse(helpRequest, outbound.message), helpAnswer, false);
    case "lesson":
      return post("/v1/lessons/next", parse(lessonRequest, outbound.message), lessonAnswer, false);
    case "answers":
      return post("/v1/lessons/answers", parse(answersRequest, outbound.message), accepted, true);
    default:
      throw new RequestInvalid("only sealed envelopes, signed statements and plain questions may leave; see `send/outbound`");
  }
}

function statement(jws: string): Request {
  const goes = STATEMENTS.get(namedKind(jws));
  if (goes === undefined) throw new RequestInvalid("not a statement that a device sends; build it with `consent`");
  if (goes.answer === exportAnswer) {
    const headers = { Authorization: `Mien-Statement ${parse(signedAnswer, { jws }).jws}` };
    return { method: "GET", path: goes.path, body: null, headers, answer: goes.answer, again: false };
  }
  return post(goes.path, parse(signedAnswer, { jws }), goes.answer, goes.again);
}

function post(path: string, body: JsonObject, answer: Shape<Json>, again: boolean): Request {
  return { method: "POST", path, body: encode(body), headers: { "Content-Type": "application/json" }, answer, again };
}

function read(path: string, answer: Shape<Json>): Request {
  return { method: "GET", path, body: null, headers: {}, answer, again: true };
}
