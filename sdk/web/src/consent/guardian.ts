/**
 * A child's request to their guardian, and the guardian's countersigned answer: the twin of `mien/consent/guardian.py`. Both are texts that people carry
 * from device to device.
 *
 * What the guardian signs names the notice, the purposes, the child's device and the age that was declared: it is good for exactly this.
 */

import { RequestInvalid, SignatureInvalid } from "../errors.ts";
import { b64, utf8 } from "../wire/bytes.ts";
import { decode, encode } from "../wire/canonical.ts";
import { VerifyKey } from "../wire/keys.ts";
import {
  APPROVAL_SECONDS, CLOCK_SKEW, guardianAnswer, guardianApproval, guardianDoc, type GuardianDoc, guardianRequest as requestShape, type GuardianRequest,
  type Notice, parse,
} from "../wire/messages.ts";
import type { Of } from "../wire/shapes.ts";
import { KINDS, sign, verify } from "../wire/signatures.ts";
import type { AgeBand, Purpose } from "../values.ts";
import { noticeHash } from "./answers.ts";
import { guardianKey, subjectOf } from "./codes.ts";
import type { Person } from "./person.ts";
import type { Stamp } from "./statements.ts";

const AGAIN = "make a new request and have the guardian approve that";
/** Texts that people carry are small: a request or an answer is under 3 kB. */
const MAX_CHARS = 64 * 1024;
type Approval = Of<typeof guardianApproval>;

/** What a guardian is asked about: a yes that was not said yet. */
export interface Wanted {
  readonly notice: Notice;
  readonly purposes: readonly Purpose[];
  readonly ageBand: AgeBand;
}

/** The request as text. It tells nothing but what the consent itself will say. */
export async function guardianRequest(person: Person, wanted: Wanted): Promise<string> {
  return text(parse(requestShape, {
    v: 1, site: person.site, subject: person.subject, device: person.sign.verifyKey.id, notice_sha256: await noticeHash(wanted.notice),
    locale: wanted.notice.locale, purposes: [...wanted.purposes], age_band: wanted.ageBand,
  }));
}

/** A request to this site's guardians, as a child's device wrote it. Throws `RequestInvalid`. */
export function readRequest(request: string, site: string): GuardianRequest {
  const found = parse(requestShape, carried(request));
  if (found.site !== site) throw new RequestInvalid("the request is for another site; open that site's page");
  return found;
}

/** The guardian's answer as text, signed by their key for this child. Throws `RequestInvalid` when `secret`, their code's bytes, is the child's own. */
export async function approve(request: GuardianRequest, secret: Uint8Array, stamp: Stamp): Promise<string> {
  if ((await subjectOf(secret)) === request.subject) {
    throw new RequestInvalid("this is the child's own recovery code; a guardian has a code of their own");
  }
  const key = await guardianKey(secret, request.site, request.subject);
  const approval = parse(guardianApproval, {
    v: 1, site: request.site, subject: request.subject, at: stamp.at, nonce: b64(stamp.nonce), device: request.device,
    notice_sha256: request.notice_sha256, purposes: request.purposes, age_band: request.age_band,
  });
  const signed = await sign(KINDS.GUARDIAN_APPROVAL, approval, key);
  return text(parse(guardianAnswer, { v: 1, sign: key.verifyKey.text(), approval: signed }));
}

/**
 * The guardian's key and countersignature, when they approved exactly this on this device within a day before `now` (unix seconds). Throws
 * `RequestInvalid` or `SignatureInvalid`; the server checks the same again.
 */
export async function readAnswer(
  answer: string, person: Person, wanted: Wanted, now: number, verification: string | null = null,
): Promise<{ readonly key: VerifyKey; readonly doc: GuardianDoc }> {
  const given = parse(guardianAnswer, carried(answer));
  const key = await VerifyKey.fromText(given.sign);
  if (key.id === person.sign.verifyKey.id) throw new RequestInvalid("the guardian's key is this device's own; a guardian has a key of their own");
  const approval = parse(guardianApproval, await verify(given.approval, KINDS.GUARDIAN_APPROVAL, key));
  if (!(await same(approval, person, wanted))) {
    throw new SignatureInvalid(`the guardian approved something else than this consent; ${AGAIN}`);
  }
  if (approval.at < now - APPROVAL_SECONDS || approval.at > now + CLOCK_SKEW) {
    throw new RequestInvalid(`the guardian's approval is older than a day or from the future; ${AGAIN}`);
  }
  return { key, doc: parse(guardianDoc, { approval: given.approval, verification }) };
}

async function same(approval: Approval, person: Person, wanted: Wanted): Promise<boolean> {
  const approved = [approval.site, approval.subject, approval.device, approval.notice_sha256, approval.age_band];
  const asked = [person.site, person.subject, person.sign.verifyKey.id, await noticeHash(wanted.notice), wanted.ageBand];
  return approved.every((each, place) => each === asked[place]) && wanted.purposes.every((each) => approval.purposes.includes(each));
}

function carried(found: string): unknown {
  return decode(utf8(found.trim()), MAX_CHARS);
}

function text(value: Parameters<typeof encode>[0]): string {
  return new TextDecoder().decode(encode(value));
}
