"""Errors only the server raises, as leaves of the tree in `mien.errors`, and the HTTP status of every error.

    MienError
    ├── AccessError                  who asks, or from where
    │   ├── SiteUnknown              no site has this key
    │   ├── OriginRefused            a web page of an origin the site did not register
    │   └── OfficerUnknown           not the key of a privacy officer
    ├── AskError                     the request cannot be answered as HTTP
    │   ├── MethodRefused            the page exists, but not for this method
    │   ├── BodyTooLarge             more bytes than the server takes
    │   ├── BodyTooSlow              the body did not come in time
    │   └── MediaTypeRefused         a body that is not `application/json`
    ├── RateLimited                  too many requests; `retry_after` seconds
    ├── PersonErased                 the subject was erased; nothing is held and nothing more is accepted
    ├── NotFound                     nothing here
    │   ├── PersonUnknown            no such subject, or a key that is not in its key set
    │   ├── RecordUnknown            no such label is kept
    │   ├── EventUnknown             this ranking is not kept, or no longer
    │   ├── LessonUnknown            the site has no exercise of this id, or none at all
    │   ├── LeafUnknown              this leaf is not in the log, or not yet
    │   ├── HoldUnknown              no such legal hold stands
    │   ├── RoundUnknown             this site has no such round
    │   ├── HeadUnknown              no shared head of this number was released
    │   └── ErasureUnknown           no such erasure
    ├── RoundError                   an update is not taken, or a round not opened
    │   ├── RoundOver                the round ended, or its owner died
    │   ├── RoundFull                the round, or the site's share of it, is full
    │   ├── RoundStands              another round is open
    │   ├── HeadStale                trained from another head than the round's
    │   ├── UpdateTwice              this person's update is there already
    │   └── BudgetSpent              the person's budget of privacy would be passed
    ├── AnswerLate                   an answer to a lesson that comes after more than a week
    ├── ExportTooLarge               more is kept of a person than one answer can hold
    ├── StoreError                   the database cannot be used now
    │   ├── StoreBusy                another program holds it; `retry_after` seconds
    │   └── StoreUnwritable          read-only, full, or not to be opened
    ├── RequestOverdue               not answered in time; what was asked may have been done or not
    ├── BackupInvalid                a backup that is damaged, or of something else
    ├── JournalError                 what people took back cannot be kept or read
    │   ├── JournalMissing           it is not where the database says that it was
    │   ├── JournalUnwritable        nothing can be added to it
    │   └── JournalInvalid           it says something that cannot be understood, or others could write it
    ├── NotReady                     the server lacks something it needs to serve
    │   └── WebMissing               the web SDK was not built here
    └── ServerFault                  a fault of the server; the log has the same id

A status is looked up along the class's bases, so a new leaf has its parent's until it gets its own row.
"""

from typing import Final

from mien import errors
from mien.errors import MienError


class AccessError(MienError):
    """Who asks, or from where, is not known here."""

    code = "access-error"


class SiteUnknown(AccessError):
    """No site has this key."""

    code = "site-unknown"


class OriginRefused(AccessError):
    """A web page of an origin that the site did not register."""

    code = "origin-refused"


class OfficerUnknown(AccessError):
    """Not the key of a privacy officer."""

    code = "officer-unknown"


class AskError(MienError):
    """The request cannot be answered as HTTP."""

    code = "ask-error"


class MethodRefused(AskError):
    """The page exists, but not for this method."""

    code = "method-refused"


class BodyTooLarge(AskError):
    """More bytes than the server takes."""

    code = "body-too-large"


class BodyTooSlow(AskError):
    """The body did not come in time."""

    code = "body-too-slow"


class MediaTypeRefused(AskError):
    """A body that is not `application/json`."""

    code = "media-type-refused"


class StoreError(MienError):
    """The database cannot be used now."""

    code = "store-error"


class StoreBusy(StoreError):
    """Another program holds the database: try again after `retry_after` seconds."""

    code = "store-busy"

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreUnwritable(StoreError):
    """The database is read-only, full, or cannot be opened."""

    code = "store-unwritable"


class BackupInvalid(MienError):
    """A backup that is damaged, of something else, or could not be written or read."""

    code = "backup-invalid"


class JournalError(MienError):
    """The journal of what people took back cannot be used."""

    code = "journal-error"


class JournalMissing(JournalError):
    """The journal, or its youngest part, is not where the database says that it was."""

    code = "journal-missing"


class JournalUnwritable(JournalError):
    """Nothing can be added to the journal: nobody can withdraw or be erased until that is mended."""

    code = "journal-unwritable"


class JournalInvalid(JournalError):
    """The journal says something that this server does not understand, or other users could have written it."""

    code = "journal-invalid"


class RateLimited(MienError):
    """Too many requests: wait `retry_after` seconds."""

    code = "rate-limited"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotFound(MienError):
    """Nothing here."""

    code = "not-found"


class PersonUnknown(NotFound):
    """No such subject, or a key that is not in its key set."""

    code = "person-unknown"


class PersonErased(MienError):
    """The subject was erased: nothing is held and nothing more is accepted."""

    code = "person-erased"


class RecordUnknown(NotFound):
    """No such label is kept."""

    code = "record-unknown"


class EventUnknown(NotFound):
    """This ranking is not kept, or no longer."""

    code = "event-unknown"


class LessonUnknown(NotFound):
    """The site has no exercise of this id, or none at all."""

    code = "lesson-unknown"


class AnswerLate(MienError):
    """An answer to a lesson that comes after more than a week."""

    code = "answer-late"


class LeafUnknown(NotFound):
    """This leaf is not in the log, or not yet."""

    code = "leaf-unknown"


class HoldUnknown(NotFound):
    """No such legal hold stands."""

    code = "hold-unknown"


class RoundUnknown(NotFound):
    """This site has no such round."""

    code = "round-unknown"


class HeadUnknown(NotFound):
    """No shared head of this number was released."""

    code = "head-unknown"


class RoundError(MienError):
    """An update is not taken, or a round not opened."""

    code = "round-error"


class RoundOver(RoundError):
    """The round ended, closes, or its owner died: nothing more is taken."""

    code = "round-over"


class RoundFull(RoundError):
    """The round has all the updates that it takes, or all that it takes of this site."""

    code = "round-full"


class RoundStands(RoundError):
    """Another round is open; one at a time learns from one head."""

    code = "round-stands"


class HeadStale(RoundError):
    """The update was trained from another head than the round's."""

    code = "head-stale"


class UpdateTwice(RoundError):
    """This person's update is in the round already."""

    code = "update-twice"


class BudgetSpent(RoundError):
    """The person's budget of privacy would be passed: they were in as many rounds as they may."""

    code = "budget-spent"


class ErasureUnknown(NotFound):
    """No such erasure."""

    code = "erasure-unknown"


class ExportTooLarge(MienError):
    """More is kept of a person than one answer can hold."""

    code = "export-too-large"


class RequestOverdue(MienError):
    """Not answered in time. What was asked was done whole or not at all; which of the two, the answer to the same request tells."""

    code = "request-overdue"


class NotReady(MienError):
    """The server lacks something it needs to serve: store, keys, policies or today's sealing key."""

    code = "not-ready"


class WebMissing(NotReady):
    """The web SDK that browsers load from here was not built."""

    code = "web-missing"


class ServerFault(MienError):
    """A fault of the server. The answer and the log carry the same id and nothing else of what happened."""

    code = "server-fault"


STATUS: Final[dict[type[MienError], int]] = {
    MienError: 500,
    errors.ConsentError: 403,
    errors.NoticeStale: 409,
    errors.ReceiptInvalid: 400,
    errors.CapabilityInvalid: 400,
    errors.LabelInvalid: 400,
    errors.SealError: 400,
    errors.EnvelopeReplayed: 409,
    errors.SealKeyExpired: 410,
    errors.SignatureInvalid: 401,
    errors.ServerBusy: 429,
    errors.RequestInvalid: 400,
    errors.ClockSkewed: 400,
    errors.PolicyError: 503,
    errors.PolicyDenied: 403,
    errors.RetentionUndeclared: 403,
    errors.SettingsError: 503,
    AccessError: 403,
    SiteUnknown: 401,
    OfficerUnknown: 401,
    AskError: 400,
    MethodRefused: 405,
    BodyTooLarge: 413,
    BodyTooSlow: 408,
    MediaTypeRefused: 415,
    RateLimited: 429,
    PersonErased: 410,
    NotFound: 404,
    RoundError: 409,
    RoundOver: 410,
    BudgetSpent: 403,
    AnswerLate: 422,
    ExportTooLarge: 413,
    StoreError: 503,
    BackupInvalid: 503,
    JournalError: 503,
    RequestOverdue: 503,
    NotReady: 503,
    ServerFault: 500,
}
"""The HTTP status of an error that reaches a caller."""
CHALLENGES: Final[dict[type[MienError], str]] = {
    SiteUnknown: "Mien-Site-Key, Bearer",
    OfficerUnknown: "Mien-Statement",
    errors.SignatureInvalid: "Mien-Statement",
}
"""What `WWW-Authenticate` says with a 401 (RFC 9110 section 11.6.1)."""
RETRY_SECONDS: Final = 2
"""What `Retry-After` says where an error does not know better."""


def status_of(kind: type[MienError]) -> int:
    """The HTTP status of an error of this class: its own, or the nearest base's."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)
