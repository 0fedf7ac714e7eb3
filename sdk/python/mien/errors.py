"""Every error mien raises, in one tree. Each has a stable code and a page under `docs/reference/errors/`.

    MienError
    ├── ConsentError                 nothing may happen, or no longer
    │   ├── ConsentMissing           the person has not said yes
    │   ├── ConsentRefused           the server's policy said no and named the law
    │   ├── NoticeStale              the notice changed since it was shown
    │   ├── ReceiptInvalid           a receipt that is forged, foreign or malformed
    │   ├── CapabilityInvalid        a capability that is forged, foreign or malformed
    │   ├── CapabilityExpired        a capability older than its five minutes
    │   └── AffirmationNeeded        the person left; whoever sits there now must say yes again
    ├── CaptureError
    │   ├── CameraUnavailable
    │   ├── VideoUnreadable
    │   └── FrameRejected            not an H x W x 3 array of 8-bit pixels
    ├── ModelError
    │   ├── ModelMissing
    │   ├── ModelTampered            hash, shape or label map differ from the manifest
    │   ├── ModelInvalid             the manifest of a site's own model is wrong; names the field
    │   └── HeadInvalid              a shared head that is forged, foreign, older than one seen, or not what was named
    ├── LabelInvalid                 outside the closed vocabulary
    ├── SealError
    │   ├── EnvelopeInvalid          truncated, oversized, wrong MAC, cannot be opened
    │   ├── EnvelopeReplayed         this sequence number was used for something else, or is too old
    │   ├── SealKeyUnknown           sealed to a key this server never had
    │   └── SealKeyExpired           sealed to a key that has died
    ├── SignatureInvalid
    ├── SendError
    │   ├── ServerUnreachable
    │   ├── ServerBusy               429 or 503; `retry_after` seconds
    │   ├── ServerAnswerInvalid      the answer is not what the protocol says
    │   └── RequestRefused           the server answered with a problem document
    ├── KeepError
    │   ├── KeepMissing
    │   ├── KeepUnreadable           wrong key, damaged or edited by hand
    │   └── KeepUnsafe               readable by other users
    ├── RequestInvalid               a message with an unknown field, a wrong type or a wrong size
    ├── ClockSkewed                  the two clocks differ by more than two minutes
    ├── PolicyError
    │   ├── PolicyInvalid            the bundle cannot be used; names file and line
    │   ├── PolicyDenied             a decision said no and names the law
    │   └── RetentionUndeclared      a data class without a declared duration
    ├── AuditError
    │   ├── ProofInvalid
    │   ├── CheckpointInvalid
    │   └── LogTampered              names the entry where something is wrong
    └── SettingsError                configuration that cannot work; says what to change
        ├── KeysMissing
        ├── KeysUnsafe               key files readable by other users
        └── KeysUnwritable           secrets that cannot be made or destroyed where they lie

Messages are one lowercase line that says what to do next, with the caller's own words in backticks and no personal data. The server adds its
own leaves in `mien_server.errors`.
"""

from collections.abc import Iterable
from typing import ClassVar


class MienError(Exception):
    """Root of the tree. `code` is stable across releases; `laws` are the articles that a refusal rests on."""

    code: ClassVar[str] = "mien-error"

    def __init__(self, message: str, *, laws: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.laws = tuple(laws)

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text} (law: {'; '.join(self.laws)})" if self.laws else text


class ConsentError(MienError):
    """Nothing may happen, or no longer."""

    code = "consent-error"


class ConsentMissing(ConsentError):
    """The person has not said yes to this."""

    code = "consent-missing"


class ConsentRefused(ConsentError):
    """The server's policy refused the consent and named the law."""

    code = "consent-refused"


class NoticeStale(ConsentError):
    """The notice changed since it was shown: show the new one and ask again."""

    code = "notice-stale"


class ReceiptInvalid(ConsentError):
    """A receipt that is forged, foreign or malformed."""

    code = "receipt-invalid"


class CapabilityInvalid(ConsentError):
    """A capability that is forged, foreign or malformed."""

    code = "capability-invalid"


class CapabilityExpired(ConsentError):
    """A capability older than its five minutes."""

    code = "capability-expired"


class AffirmationNeeded(ConsentError):
    """The person left the picture; whoever sits there now must say yes again."""

    code = "affirmation-needed"


class CaptureError(MienError):
    """No picture could be had."""

    code = "capture-error"


class CameraUnavailable(CaptureError):
    """No camera with that number, or another program holds it."""

    code = "camera-unavailable"


class VideoUnreadable(CaptureError):
    """A file that is missing or that no decoder here can read."""

    code = "video-unreadable"


class FrameRejected(CaptureError):
    """Not an H x W x 3 array of 8-bit pixels of a sane size."""

    code = "frame-rejected"


class ModelError(MienError):
    """A model cannot be used."""

    code = "model-error"


class ModelMissing(ModelError):
    """A model file named by the manifest is not there."""

    code = "model-missing"


class ModelTampered(ModelError):
    """Hash, shape or label map differ from the manifest."""

    code = "model-tampered"


class ModelInvalid(ModelError):
    """The manifest of a site's own model is wrong, or the model does not do what it says; the message names the field."""

    code = "model-invalid"


class HeadInvalid(ModelError):
    """A shared head that is forged, of another network, older than one this device has seen, or not the one that was named."""

    code = "head-invalid"


class LabelInvalid(MienError):
    """A label outside the closed vocabulary."""

    code = "label-invalid"


class SealError(MienError):
    """An envelope could not be sealed or opened."""

    code = "seal-error"


class EnvelopeInvalid(SealError):
    """Truncated, oversized, wrong MAC, or it cannot be opened."""

    code = "envelope-invalid"


class EnvelopeReplayed(SealError):
    """This sequence number was used for another envelope, or lies before the replay window."""

    code = "envelope-replayed"


class SealKeyUnknown(SealError):
    """Sealed to a key this server never had."""

    code = "seal-key-unknown"


class SealKeyExpired(SealError):
    """Sealed to a key that has died."""

    code = "seal-key-expired"


class SignatureInvalid(MienError):
    """A signature that does not verify, or that was made for another kind of message."""

    code = "signature-invalid"


class SendError(MienError):
    """The server could not be asked, or said no."""

    code = "send-error"


class ServerUnreachable(SendError):
    """No connection, or no answer in time."""

    code = "server-unreachable"


class ServerBusy(SendError):
    """The server asks to wait. `retry_after` is in seconds."""

    code = "server-busy"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ServerAnswerInvalid(SendError):
    """The answer is not what the protocol says."""

    code = "server-answer-invalid"


class RequestRefused(SendError):
    """The server answered with a problem document: `problem` is its stable code, `status` the HTTP status.

    `again`: an earlier try of the same request may have arrived, so that it may have been taken although this one was refused.
    """

    code = "request-refused"
    again = False

    def __init__(
        self, message: str, *, status: int, problem: str, laws: Iterable[str] = ()
    ) -> None:
        super().__init__(message, laws=laws)
        self.status = status
        self.problem = problem


class KeepError(MienError):
    """The device's own encrypted storage cannot be used."""

    code = "keep-error"


class KeepMissing(KeepError):
    """Nothing is kept for this site on this device."""

    code = "keep-missing"


class KeepUnreadable(KeepError):
    """Wrong key, damaged, or edited by hand."""

    code = "keep-unreadable"


class KeepUnsafe(KeepError):
    """The storage can be read by other users of this machine."""

    code = "keep-unsafe"


class RequestInvalid(MienError):
    """A message with an unknown field, a wrong type or a wrong size."""

    code = "request-invalid"


class ClockSkewed(MienError):
    """The two clocks differ by more than two minutes."""

    code = "clock-skewed"


class PolicyError(MienError):
    """A policy, or the lack of one, stands in the way."""

    code = "policy-error"


class PolicyInvalid(PolicyError):
    """The bundle cannot be used; the message names file and line."""

    code = "policy-invalid"


class PolicyDenied(PolicyError):
    """A decision said no; `laws` name why."""

    code = "policy-denied"


class RetentionUndeclared(PolicyError):
    """A data class without a declared duration."""

    code = "retention-undeclared"


class AuditError(MienError):
    """The log, or a proof from it, does not hold."""

    code = "audit-error"


class ProofInvalid(AuditError):
    """An inclusion or consistency proof that does not lead to the root."""

    code = "proof-invalid"


class CheckpointInvalid(AuditError):
    """A checkpoint that is malformed or not signed by the log's key."""

    code = "checkpoint-invalid"


class LogTampered(AuditError):
    """The log contradicts itself; the message names the entry."""

    code = "log-tampered"


class SettingsError(MienError):
    """Configuration that cannot work; the message says what to change."""

    code = "settings-invalid"


class KeysMissing(SettingsError):
    """A key file is not there."""

    code = "keys-missing"


class KeysUnsafe(SettingsError):
    """Key files can be read by other users of this machine."""

    code = "keys-unsafe"


class KeysUnwritable(SettingsError):
    """A secret cannot be made or destroyed where the server's secrets lie."""

    code = "keys-unwritable"
