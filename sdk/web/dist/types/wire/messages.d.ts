/**
 * The messages that a browser sends and receives, validated strictly: the twin of the same names in `mien/wire/messages.py`. In the order they are met.
 *
 * Signed payloads travel as JWS (`wire/signatures`); requests and answers as JSON. Times are unix seconds, prices are minor units, bytes are base64url.
 */
import { type Bytes } from "./bytes.ts";
import { type JsonObject } from "./canonical.ts";
import { type Use } from "./seal.ts";
import { type Of } from "./shapes.ts";
export { parse } from "./shapes.ts";
/** Seconds two clocks may differ. */
export declare const CLOCK_SKEW = 120;
export declare const ENVELOPE_BYTES: number;
export declare const MAX_CANDIDATES = 200;
export declare const MAX_PLACES = 20;
export declare const MAX_EXPORT_CHARS: number;
export declare const SITE_ID: RegExp;
export declare const opaqueId: import("./shapes.ts").Shape<string>;
export declare const hash: import("./shapes.ts").Shape<string>;
export declare const LOCALE: RegExp;
export declare const JWS: RegExp;
/** `GET /.well-known/mien`, signed by the key that the site's owner gave the integrator. */
export declare const service: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly audit_origin: string;
    readonly audit_key: string;
    readonly seal_keys: readonly {
        readonly kid: string;
        readonly public: string;
        readonly not_before: number;
        readonly not_after: number;
    }[];
    readonly bundle_version: string;
    readonly bundle_sha256: string;
    readonly limits: {
        readonly envelope_bytes: number;
        readonly candidates: number;
        readonly places: number;
        readonly clock_skew: number;
    };
    readonly at: number;
}>;
export type Service = Of<typeof service>;
/** An answer, or a request, that is one signed statement. */
export declare const signedAnswer: import("./shapes.ts").Shape<{
    readonly jws: string;
}>;
export type SignedAnswer = Of<typeof signedAnswer>;
/** Everything shown before the answer. Its identity is the SHA-256 of its canonical bytes. */
export declare const notice: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly locale: string;
    readonly version: string;
    readonly title: string;
    readonly text: string;
    readonly purposes: readonly {
        readonly id: "adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers";
        readonly title: string;
        readonly text: string;
    }[];
    readonly controller: string;
    readonly contact: string;
    readonly retention_days: number;
    readonly release: string;
}>;
export type Notice = Of<typeof notice>;
/** `Claims` on the wire. */
export declare const claimsDoc: import("./shapes.ts").Shape<{
    readonly jurisdictions: readonly string[];
    readonly sector: "education" | "finance" | "health" | "retail" | "service" | "workplace";
    readonly role: "candidate" | "client" | "customer" | "employee" | "patient" | "student";
    readonly age_band: "13_to_15" | "16_to_17" | "adult" | "undeclared" | "under_13";
    readonly gpc: boolean;
}>;
/** A written release: the name that was typed, SHA-256 of the notice's `release` text, and when. */
export declare const releaseDoc: import("./shapes.ts").Shape<{
    readonly name: string;
    readonly text_sha256: string;
    readonly at: number;
}>;
/** What the person did, signed by the first of `keys`, the device. `purposes` are the ones said yes to, each on its own. */
export declare const consentStatement: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly model: number;
    readonly keys: readonly {
        readonly role: "device" | "guardian" | "link" | "recovery";
        readonly sign: string;
        readonly seal: string | null;
        readonly stream_kid: string | null;
        readonly sealed_stream_key: string | null;
    }[];
    readonly notice_sha256: string;
    readonly locale: string;
    readonly purposes: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly claims: {
        readonly jurisdictions: readonly string[];
        readonly sector: "education" | "finance" | "health" | "retail" | "service" | "workplace";
        readonly role: "candidate" | "client" | "customer" | "employee" | "patient" | "student";
        readonly age_band: "13_to_15" | "16_to_17" | "adult" | "undeclared" | "under_13";
        readonly gpc: boolean;
    };
    readonly release: {
        readonly name: string;
        readonly text_sha256: string;
        readonly at: number;
    } | null;
    readonly guardian: {
        readonly approval: string;
        readonly verification: string | null;
    } | null;
    readonly renewal: boolean;
    readonly method: string;
    readonly site_handle: string | null;
}>;
export type ConsentStatement = Of<typeof consentStatement>;
/** Takes back these purposes, by any key of the key set. */
export declare const withdrawalStatement: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly model: number;
    readonly purposes: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
}>;
export type WithdrawalStatement = Of<typeof withdrawalStatement>;
/** What may this device do now? */
export declare const capabilityRequest: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly model: number;
}>;
/** Adds a key to the key set or removes one, signed by a key already in it. */
export declare const keyChange: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly model: number;
    readonly add: {
        readonly role: "device" | "guardian" | "link" | "recovery";
        readonly sign: string;
        readonly seal: string | null;
        readonly stream_kid: string | null;
        readonly sealed_stream_key: string | null;
    } | null;
    readonly possession: string | null;
    readonly expires_at: number;
    readonly remove: string | null;
}>;
/** The new key says that it wants to join. */
export declare const keyPossession: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
}>;
/** Everything held, sealed to `seal`. */
export declare const exportRequest: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly seal: string;
}>;
/** What a stored label should have said. The slot (base time first, as 4 bytes) is sealed to the server's key `kid`. */
export declare const correctionStatement: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
    readonly record: string;
    readonly kid: string;
    readonly sealed: string;
}>;
/** Forget this subject, by any key of the key set. */
export declare const erasureStatement: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly nonce: string;
}>;
/** The answer to a consent or withdrawal. A refusal is an answer too, and names the law. */
export declare const receipt: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly receipt: string;
    readonly site: string;
    readonly subject: string;
    readonly outcome: "expired" | "given" | "invalidated" | "refused" | "renewed" | "revoked" | "withdrawn";
    readonly purposes: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly refused: readonly {
        readonly purpose: "adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers";
        readonly laws: readonly string[];
        readonly says: readonly string[];
    }[];
    readonly withdrawn: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly laws: readonly string[];
    readonly says: readonly string[];
    readonly notice_sha256: string;
    readonly statement_sha256: string;
    readonly jurisdictions: readonly string[];
    readonly by: "device" | "guardian" | "link" | "recovery";
    readonly bundle_version: string;
    readonly bundle_sha256: string;
    readonly at: number;
    readonly expires_at: number;
    readonly promise: {
        readonly origin: string;
        readonly leaf: string;
        readonly publish_by: number;
    };
}>;
export type Receipt = Of<typeof receipt>;
/** What the SDK may do until `expires_at` (five minutes), for one device reading with one model; 0: nothing may be inferred. */
export declare const capability: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly device: string;
    readonly may: readonly ("contribute" | "infer" | "send")[];
    readonly purposes: readonly ("adapt_lessons" | "adapt_service" | "bind_account" | "contribute" | "declare_mood" | "personalize_offers")[];
    readonly model: number;
    readonly bundle_sha256: string;
    readonly issued_at: number;
    readonly expires_at: number;
}>;
export type Capability = Of<typeof capability>;
/** Answer of `/v1/consents`, `/v1/withdrawals` and `/v1/keys`: the receipt and, while anything is allowed, a capability. */
export declare const consentAnswer: import("./shapes.ts").Shape<{
    readonly receipt: string;
    readonly capability: string | null;
}>;
/** Answer of `/v1/capabilities`. */
export declare const capabilityAnswer: import("./shapes.ts").Shape<{
    readonly capability: string;
}>;
/** Erasure in two stages. `accepted`: effective from now on. `completed`: key destroyed, rows gone, sums subtracted. */
export declare const certificate: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly erasure: string;
    readonly site: string;
    readonly stage: "accepted" | "completed";
    readonly accepted_at: number;
    readonly completed_at: number | null;
    readonly complete_by: number;
    readonly key_destroyed: boolean;
    readonly records_deleted: number;
    readonly events_subtracted: number;
    readonly backups_unreadable_by: number;
    readonly held_until: number | null;
    readonly promise: {
        readonly origin: string;
        readonly leaf: string;
        readonly publish_by: number;
    };
}>;
export type Certificate = Of<typeof certificate>;
/** Answer of `/v1/erasures` and `/v1/erasures/{id}`. */
export declare const erasureAnswer: import("./shapes.ts").Shape<{
    readonly erasure: string;
    readonly certificate: string;
}>;
export type ErasureAnswer = Of<typeof erasureAnswer>;
/** That this is what the server held of the subject at `at`. `sha256` is of the export's canonical bytes, before they were packed. */
export declare const exportSeal: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly at: number;
    readonly sha256: string;
}>;
/** Answer of `/v1/me`: packed and padded JSON, sealed to the key that asked, and the server's signature of what is in it. */
export declare const exportAnswer: import("./shapes.ts").Shape<{
    readonly sealed: string;
    readonly signature: string;
}>;
export type ExportAnswer = Of<typeof exportAnswer>;
/** The request is durable. `duplicate` when it had been before. */
export declare const accepted: import("./shapes.ts").Shape<{
    readonly accepted: true;
    readonly duplicate: boolean;
}>;
/** `POST /v1/labels`: 64 slots sealed to the server's key of the day, authenticated by the stream key. Always the same size. */
export declare const envelope: import("./shapes.ts").Shape<{
    readonly v: 1;
    readonly site: string;
    readonly subject: string;
    readonly device: string;
    readonly seq: number;
    readonly kid: string;
    readonly ct: string;
    readonly mac: string;
}>;
export type Envelope = Of<typeof envelope>;
/** What an envelope is bound to, in HPKE's info and under the MAC. */
export declare function envelopeContext(site: string, subject: string, device: string, seq: number, kid: string): readonly Bytes[];
/** `Offer` on the wire. `price` in minor units. */
export declare const offerDoc: import("./shapes.ts").Shape<{
    readonly id: string;
    readonly title: string;
    readonly price: number;
    readonly currency: string;
    readonly tags: readonly string[];
    readonly stock: number;
}>;
/** Who asks, when a device does: authenticated by the request's MAC. Without it the ranking knows nobody. */
declare const asker: import("./shapes.ts").Shape<{
    readonly subject: string;
    readonly device: string;
    readonly at: number;
}>;
export type Asker = Of<typeof asker>;
/** `POST /v1/rank`. Says nothing of emotion, with or without consent: the same shape either way. */
export declare const rankRequest: import("./shapes.ts").Shape<{
    readonly asker: {
        readonly subject: string;
        readonly device: string;
        readonly at: number;
    } | null;
    readonly mac: string | null;
    readonly v: 1;
    readonly site: string;
    readonly request: string;
    readonly page: string;
    readonly places: number;
    readonly candidates: readonly {
        readonly id: string;
        readonly title: string;
        readonly price: number;
        readonly currency: string;
        readonly tags: readonly string[];
        readonly stock: number;
    }[] | null;
}>;
export type RankRequest = Of<typeof rankRequest>;
/** Answer of `/v1/rank`. `sealed_why` is there whenever a device asked, so that its presence tells nothing. */
export declare const rankAnswer: import("./shapes.ts").Shape<{
    readonly event: string;
    readonly places: readonly {
        readonly place: number;
        readonly offer: {
            readonly id: string;
            readonly title: string;
            readonly price: number;
            readonly currency: string;
            readonly tags: readonly string[];
            readonly stock: number;
        };
    }[];
    readonly sealed_why: string | null;
}>;
export type RankAnswer = Of<typeof rankAnswer>;
/** Inside `sealed_why`: whether emotion was used, in words, one sentence a place, and the laws of the decision. */
export declare const why: import("./shapes.ts").Shape<{
    readonly used_emotion: boolean;
    readonly why: string;
    readonly places: readonly string[];
    readonly laws: readonly string[];
}>;
export type Why = Of<typeof why>;
/** `POST /v1/rewards`: what came of a ranking. `reward` is 0..100. */
export declare const rewardRequest: import("./shapes.ts").Shape<{
    readonly asker: {
        readonly subject: string;
        readonly device: string;
        readonly at: number;
    } | null;
    readonly mac: string | null;
    readonly v: 1;
    readonly site: string;
    readonly event: string;
    readonly place: number;
    readonly reward: number;
}>;
export type RewardRequest = Of<typeof rewardRequest>;
/** `request` asked by `who`, with the MAC of their stream key over everything but the MAC. */
export declare function authenticate<R extends JsonObject>(request: R, who: Asker, streamKey: Uint8Array, use: Use): Promise<R & {
    readonly asker: Asker;
    readonly mac: string;
}>;
/** `GET /audit/proof?leaf=`: a C2SP tlog-proof as text, and the log entry it proves. */
export declare const proofAnswer: import("./shapes.ts").Shape<{
    readonly proof: string;
    readonly entry: string;
}>;
export type ProofAnswer = Of<typeof proofAnswer>;
/** RFC 9457. Open to unknown members, as the RFC demands (section 3.2). */
export declare const problem: import("./shapes.ts").Shape<{
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly code: string;
    readonly laws: readonly string[];
}>;
export type Problem = Of<typeof problem>;
