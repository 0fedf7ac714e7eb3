/** Answers, read strictly: bounded, of the declared type, and exactly what the protocol says. */
import { type Json } from "../wire/canonical.ts";
import type { Shape } from "../wire/shapes.ts";
/** The most bytes an answer may have. */
export declare function limitOf(answer: Shape<Json>): number;
/** The answer as a message. Throws `RequestRefused` for a problem document, `ServerAnswerInvalid` for anything else that is no `answer`. */
export declare function readAnswer<T extends Json>(answer: Shape<T>, status: number, contentType: string, body: Uint8Array): T;
