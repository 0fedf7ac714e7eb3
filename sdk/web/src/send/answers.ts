/** Answers, read strictly: bounded, of the declared type, and exactly what the protocol says. */

import { RequestInvalid, RequestRefused, type SendError, ServerAnswerInvalid } from "../errors.ts";
import { decode, type Json } from "../wire/canonical.ts";
import { exportAnswer, MAX_EXPORT_CHARS, parse, problem } from "../wire/messages.ts";
import type { Shape } from "../wire/shapes.ts";

const MAX_BYTES = 1024 * 1024;
const MAX_EXPORT_BYTES = MAX_EXPORT_CHARS + 1024;
const ERROR = 400;
const SHOWN = 400;

/** The most bytes an answer may have. */
export function limitOf(answer: Shape<Json>): number {
  return answer === exportAnswer ? MAX_EXPORT_BYTES : MAX_BYTES;
}

/** The answer as a message. Throws `RequestRefused` for a problem document, `ServerAnswerInvalid` for anything else that is no `answer`. */
export function readAnswer<T extends Json>(answer: Shape<T>, status: number, contentType: string, body: Uint8Array): T {
  const media = contentType.split(";", 1)[0]?.trim().toLowerCase();
  if (status >= ERROR) throw refused(status, media, body);
  if (media !== "application/json") throw garbage("has the wrong content type");
  try {
    return parse(answer, decode(body, limitOf(answer)));
  } catch (cause) {
    if (cause instanceof RequestInvalid) throw garbage("is not what the protocol says", cause);
    throw cause;
  }
}

function refused(status: number, media: string | undefined, body: Uint8Array): SendError {
  if (media !== "application/problem+json") return garbage(`is an error ${status} without a problem document`);
  try {
    const found = parse(problem, decode(body, MAX_BYTES));
    return new RequestRefused(oneLine(found.detail), status, found.code.slice(0, 80), found.laws.slice(0, 32));
  } catch (cause) {
    if (cause instanceof RequestInvalid) return garbage(`is an error ${status} with a damaged problem document`, cause);
    throw cause;
  }
}

function garbage(what: string, cause?: unknown): ServerAnswerInvalid {
  return new ServerAnswerInvalid(`the server's answer ${what}; check that the address is a mien server`, { cause });
}

/** A server's words, made safe for a line of text. */
function oneLine(text: string): string {
  return text.slice(0, SHOWN).replaceAll(/[\p{C}\p{Z}]/gu, " ");
}
