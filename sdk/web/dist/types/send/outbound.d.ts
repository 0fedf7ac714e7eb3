/**
 * Everything that may leave this device, as one closed union, and how each becomes a request: the twin of `mien/send/outbound.py`.
 *
 * Reads carry nothing of the person but, in a proof query, the leaf of a decision; statements are signed by the person's key; envelopes are sealed.
 * Labels, scores and pictures have no way in.
 */
import type { Bytes } from "../wire/bytes.ts";
import { type Json } from "../wire/canonical.ts";
import { type Envelope, type RankRequest, type RewardRequest } from "../wire/messages.ts";
import { type Shape } from "../wire/shapes.ts";
/** What may leave. */
export type Outbound = {
    readonly kind: "service";
} | {
    readonly kind: "notice";
    readonly site: string;
    readonly locale: string;
} | {
    readonly kind: "proof";
    readonly leaf: string;
} | {
    readonly kind: "certificate";
    readonly erasure: string;
} | {
    readonly kind: "statement";
    readonly jws: string;
} | {
    readonly kind: "envelope";
    readonly message: Envelope;
} | {
    readonly kind: "rank";
    readonly message: RankRequest;
} | {
    readonly kind: "reward";
    readonly message: RewardRequest;
};
/** One HTTP request. `again` says that it may be sent again after an answer was lost: the server then answers the same. */
export interface Request {
    readonly method: "GET" | "POST";
    readonly path: string;
    readonly body: Bytes | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly answer: Shape<Json>;
    readonly again: boolean;
}
/** The request of an `Outbound`. Throws `RequestInvalid` for anything else: every message is checked again, field by field. */
export declare function requestOf(outbound: Outbound): Request;
