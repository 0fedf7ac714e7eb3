/**
 * Every error of the web SDK, in one tree with the names and the stable codes of `mien/errors.py`: each code has a page under
 * `docs/reference/errors/`. Messages are one lowercase line that says what to do next, without personal data.
 *
 *     MienError
 *     ├── ConsentError        ConsentMissing, ConsentRefused, NoticeStale, ReceiptInvalid, CapabilityInvalid, CapabilityExpired, AffirmationNeeded,
 *     │                       PressRefused
 *     ├── CaptureError        CameraUnavailable, FrameRejected
 *     ├── ModelError          ModelMissing, ModelTampered
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
export class MienError extends Error {
  /** Stable across releases. */
  readonly code: string = "mien-error";
  readonly laws: readonly string[];

  constructor(message: string, options: { cause?: unknown; laws?: readonly string[] } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.laws = options.laws ?? [];
    this.name = new.target.name;
  }
}

/** Nothing may happen, or no longer. */
export class ConsentError extends MienError {
  override readonly code: string = "consent-error";
}
/** The person has not said yes to this. */
export class ConsentMissing extends ConsentError {
  override readonly code = "consent-missing";
}
/** The server's policy refused the consent and named the law. */
export class ConsentRefused extends ConsentError {
  override readonly code = "consent-refused";
}
/** The notice changed since it was shown: show the new one and ask again. */
export class NoticeStale extends ConsentError {
  override readonly code = "notice-stale";
}
/** A receipt that is forged, foreign or malformed. */
export class ReceiptInvalid extends ConsentError {
  override readonly code = "receipt-invalid";
}
/** A capability that is forged, foreign or malformed. */
export class CapabilityInvalid extends ConsentError {
  override readonly code = "capability-invalid";
}
/** A capability older than its five minutes. */
export class CapabilityExpired extends ConsentError {
  override readonly code = "capability-expired";
}
/** A press that cannot be told to be the person's: made by a script, or on what could not be seen. */
export class PressRefused extends ConsentError {
  override readonly code = "press-refused";
}
/** The person left the picture; whoever sits there now must say yes again. */
export class AffirmationNeeded extends ConsentError {
  override readonly code = "affirmation-needed";
}

/** No picture could be had. */
export class CaptureError extends MienError {
  override readonly code: string = "capture-error";
}
/** No camera, the browser was told not to give it, or another program holds it. */
export class CameraUnavailable extends CaptureError {
  override readonly code = "camera-unavailable";
}
/** Not a picture of a sane size. */
export class FrameRejected extends CaptureError {
  override readonly code = "frame-rejected";
}

/** A model cannot be used. */
export class ModelError extends MienError {
  override readonly code: string = "model-error";
}
/** A model file named by the manifest is not there. */
export class ModelMissing extends ModelError {
  override readonly code = "model-missing";
}
/** Hash, shape or label map differ from the manifest. */
export class ModelTampered extends ModelError {
  override readonly code = "model-tampered";
}

/** A label outside the closed vocabulary. */
export class LabelInvalid extends MienError {
  override readonly code = "label-invalid";
}

/** An envelope could not be sealed or opened. */
export class SealError extends MienError {
  override readonly code: string = "seal-error";
}
/** Truncated, oversized, wrong MAC, or it cannot be opened. */
export class EnvelopeInvalid extends SealError {
  override readonly code = "envelope-invalid";
}
/** Every sealing key that is known here has died. */
export class SealKeyExpired extends SealError {
  override readonly code = "seal-key-expired";
}

/** A signature that does not verify, or that was made for another kind of message. */
export class SignatureInvalid extends MienError {
  override readonly code = "signature-invalid";
}

/** The server could not be asked, or said no. */
export class SendError extends MienError {
  override readonly code: string = "send-error";
}
/** No connection, or no answer in time. */
export class ServerUnreachable extends SendError {
  override readonly code = "server-unreachable";
}
/** The server asks to wait. `retryAfter` is in seconds. */
export class ServerBusy extends SendError {
  override readonly code = "server-busy";
  readonly retryAfter: number;

  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
/** The answer is not what the protocol says. */
export class ServerAnswerInvalid extends SendError {
  override readonly code = "server-answer-invalid";
}
/** The server answered with a problem document: `problem` is its stable code, `status` the HTTP status. */
export class RequestRefused extends SendError {
  override readonly code = "request-refused";
  readonly status: number;
  readonly problem: string;

  constructor(message: string, status: number, problem: string, laws: readonly string[]) {
    super(message, { laws });
    this.status = status;
    this.problem = problem;
  }
}

/** The device's own encrypted storage cannot be used. */
export class KeepError extends MienError {
  override readonly code: string = "keep-error";
}
/** Wrong key, damaged, or edited by hand. */
export class KeepUnreadable extends KeepError {
  override readonly code = "keep-unreadable";
}

/** A message with an unknown field, a wrong type or a wrong size. */
export class RequestInvalid extends MienError {
  override readonly code = "request-invalid";
}

/** The two clocks differ by more than two minutes. */
export class ClockSkewed extends MienError {
  override readonly code = "clock-skewed";
}

/** The log, or a proof from it, does not hold. */
export class AuditError extends MienError {
  override readonly code: string = "audit-error";
}
/** An inclusion or consistency proof that does not lead to the root. */
export class ProofInvalid extends AuditError {
  override readonly code = "proof-invalid";
}
/** A checkpoint that is malformed or not signed by the log's key. */
export class CheckpointInvalid extends AuditError {
  override readonly code = "checkpoint-invalid";
}

/** Configuration that cannot work; the message says what to change. */
export class SettingsError extends MienError {
  override readonly code = "settings-invalid";
}
