/**
 * Every error of the web SDK, in one tree with the names and the stable codes of `mien/errors.py`: each code has a page under
 * `docs/reference/errors/`. Messages are one lowercase line that says what to do next, without personal data.
 *
 *     MienError
 *     ├── ConsentError        ConsentMissing, ConsentRefused, NoticeStale, ReceiptInvalid, CapabilityInvalid, CapabilityExpired
 *     ├── LabelInvalid
 *     ├── SealError           EnvelopeInvalid, SealKeyExpired
 *     ├── SignatureInvalid
 *     ├── SendError           ServerUnreachable, ServerBusy, ServerAnswerInvalid, RequestRefused
 *     ├── KeepError           KeepUnreadable
 *     ├── RequestInvalid
 *     ├── ClockSkewed
 *     ├── AuditError          ProofInvalid, CheckpointInvalid
 *     └── SettingsError
 */
/** Root of the tree. `laws` are the articles that a refusal rests on. */
export declare class MienError extends Error {
    /** Stable across releases. */
    readonly code: string;
    readonly laws: readonly string[];
    constructor(message: string, options?: {
        cause?: unknown;
        laws?: readonly string[];
    });
}
/** Nothing may happen, or no longer. */
export declare class ConsentError extends MienError {
    readonly code: string;
}
/** The person has not said yes to this. */
export declare class ConsentMissing extends ConsentError {
    readonly code = "consent-missing";
}
/** The server's policy refused the consent and named the law. */
export declare class ConsentRefused extends ConsentError {
    readonly code = "consent-refused";
}
/** The notice changed since it was shown: show the new one and ask again. */
export declare class NoticeStale extends ConsentError {
    readonly code = "notice-stale";
}
/** A receipt that is forged, foreign or malformed. */
export declare class ReceiptInvalid extends ConsentError {
    readonly code = "receipt-invalid";
}
/** A capability that is forged, foreign or malformed. */
export declare class CapabilityInvalid extends ConsentError {
    readonly code = "capability-invalid";
}
/** A capability older than its five minutes. */
export declare class CapabilityExpired extends ConsentError {
    readonly code = "capability-expired";
}
/** A label outside the closed vocabulary. */
export declare class LabelInvalid extends MienError {
    readonly code = "label-invalid";
}
/** An envelope could not be sealed or opened. */
export declare class SealError extends MienError {
    readonly code: string;
}
/** Truncated, oversized, wrong MAC, or it cannot be opened. */
export declare class EnvelopeInvalid extends SealError {
    readonly code = "envelope-invalid";
}
/** Every sealing key that is known here has died. */
export declare class SealKeyExpired extends SealError {
    readonly code = "seal-key-expired";
}
/** A signature that does not verify, or that was made for another kind of message. */
export declare class SignatureInvalid extends MienError {
    readonly code = "signature-invalid";
}
/** The server could not be asked, or said no. */
export declare class SendError extends MienError {
    readonly code: string;
}
/** No connection, or no answer in time. */
export declare class ServerUnreachable extends SendError {
    readonly code = "server-unreachable";
}
/** The server asks to wait. `retryAfter` is in seconds. */
export declare class ServerBusy extends SendError {
    readonly code = "server-busy";
    readonly retryAfter: number;
    constructor(message: string, retryAfter: number);
}
/** The answer is not what the protocol says. */
export declare class ServerAnswerInvalid extends SendError {
    readonly code = "server-answer-invalid";
}
/** The server answered with a problem document: `problem` is its stable code, `status` the HTTP status. */
export declare class RequestRefused extends SendError {
    readonly code = "request-refused";
    readonly status: number;
    readonly problem: string;
    constructor(message: string, status: number, problem: string, laws: readonly string[]);
}
/** The device's own encrypted storage cannot be used. */
export declare class KeepError extends MienError {
    readonly code: string;
}
/** Wrong key, damaged, or edited by hand. */
export declare class KeepUnreadable extends KeepError {
    readonly code = "keep-unreadable";
}
/** A message with an unknown field, a wrong type or a wrong size. */
export declare class RequestInvalid extends MienError {
    readonly code = "request-invalid";
}
/** The two clocks differ by more than two minutes. */
export declare class ClockSkewed extends MienError {
    readonly code = "clock-skewed";
}
/** The log, or a proof from it, does not hold. */
export declare class AuditError extends MienError {
    readonly code: string;
}
/** An inclusion or consistency proof that does not lead to the root. */
export declare class ProofInvalid extends AuditError {
    readonly code = "proof-invalid";
}
/** A checkpoint that is malformed or not signed by the log's key. */
export declare class CheckpointInvalid extends AuditError {
    readonly code = "checkpoint-invalid";
}
/** Configuration that cannot work; the message says what to change. */
export declare class SettingsError extends MienError {
    readonly code = "settings-invalid";
}
