"""A receipt to keep: one document that holds everything needed to show, check and export it, without a server and years later.

    file = read_receipt_file(path.read_bytes())
    opened = open_receipt_file(file, trust=VerifyKey.from_text(key))
    print(opened.receipt.outcome, opened.receipt.purposes)

What makes it evidence is the server's signature under a key that the reader has from elsewhere (`trust`). The key in the file shows only that
its parts belong together.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field

from mien.consent.answers import notice_hash, open_receipt
from mien.errors import ReceiptInvalid
from mien.values import STANDING
from mien.wire.canonical import b64, decode, unb64
from mien.wire.keys import VerifyKey
from mien.wire.messages import (
    ByPerson,
    ConsentStatement,
    GuardianApproval,
    Jws,
    KeyChange,
    Message,
    Notice,
    Receipt,
    Refusal,
    SignKeyText,
    WithdrawalStatement,
    dump,
    parse,
)
from mien.wire.signatures import Kind, signer, unverified, verify

MAX_FILE_BYTES: Final = 512 * 1024
"""Two statements and the longest notice in any script fit in."""
Said: TypeAlias = ConsentStatement | WithdrawalStatement | KeyChange
_KINDS: Final = (Kind.CONSENT, Kind.WITHDRAWAL, Kind.KEY_CHANGE)
"""What a receipt can be the answer to."""


class ReceiptFile(Message):
    """What a device keeps of one answer, and gives to whoever asks for a proof. Version 1.

    `receipt` is the server's answer and `statement` what it answers, both as they were sent. `notice` is what was shown, whole: always there for
    a consent, None otherwise where the device no longer has it. `server` is the address where it can be taken back. `trust` is the server's
    verification key. `signer` is the verification key that signed the statement: needed but for a consent, which names its own.
    """

    v: Literal[1] = 1
    receipt: Jws
    statement: Jws
    notice: Notice | None = None
    server: Annotated[
        str, Field(max_length=2000, pattern=r"^https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~%/-]*)?$")
    ]
    trust: SignKeyText
    signer: SignKeyText | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What became of `purposes`: `state` is a word of `CONSENT_STATES`; `by` is the role of the key that said so, or `server` where policy did.

    `laws` and `says` are those of this and of nothing else: a refused purpose names its own.
    """

    state: str
    purposes: tuple[str, ...]
    by: str
    laws: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenedReceipt:
    """A receipt file whose every part was checked. Made by `open_receipt_file` only.

    `trusted` says whether the signature was checked with a key from outside the file.
    """

    receipt: Receipt
    said: Said
    notice: Notice | None
    server: str
    trust: VerifyKey
    trusted: bool

    def events(self) -> tuple[Event, ...]:
        """What the receipt says of the purposes in the statement, by purpose.

        One event for what was granted or taken back, one for each that was refused, and one for what stood before and is not asked for any more.

        Of a change of keys there is none, nor of a withdrawal of what did not stand.
        """
        if isinstance(self.said, KeyChange):
            return ()
        asked = tuple(self.said.purposes)
        if isinstance(self.said, WithdrawalStatement):
            taken = (purpose for purpose in asked if purpose in self.receipt.withdrawn)
            return self._outcome(tuple(taken), self.receipt.by)
        return (*self._answered(asked), *self._refused(asked), *self._dropped(asked))

    def _answered(self, asked: tuple[str, ...]) -> tuple[Event, ...]:
        """What the outcome is about: what was granted; where nothing was, whatever no refusal names."""
        receipt, named = self.receipt, {each.purpose for each in self.receipt.refused}
        left = tuple(purpose for purpose in asked if purpose not in named)
        if receipt.outcome not in STANDING:
            return self._outcome(left, "server")
        granted = tuple(purpose for purpose in left if purpose in receipt.purposes)
        return self._outcome(granted, receipt.by)

    def _refused(self, asked: tuple[str, ...]) -> Iterator[Event]:
        """Each purpose that was asked for and not granted, with its own reasons: none where the server gave none."""
        receipt = self.receipt
        named: dict[str, Refusal] = {each.purpose: each for each in receipt.refused}
        for purpose in asked:
            if purpose in named:
                each = named[purpose]
                yield Event("refused", (purpose,), "server", tuple(each.laws), tuple(each.says))
            elif receipt.outcome in STANDING and purpose not in receipt.purposes:
                yield Event("refused", (purpose,), "server")

    def _dropped(self, asked: tuple[str, ...]) -> Iterator[Event]:
        """What stood before and was not said yes to again: a new answer takes the place of the old one."""
        gone = tuple(purpose for purpose in self.receipt.withdrawn if purpose not in asked)
        if gone:
            yield Event("withdrawn", gone, self.receipt.by)

    def _outcome(self, purposes: tuple[str, ...], by: str) -> tuple[Event, ...]:
        receipt = self.receipt
        if not purposes:
            return ()
        return (Event(receipt.outcome, purposes, by, tuple(receipt.laws), tuple(receipt.says)),)


def receipt_file_json(file: ReceiptFile) -> dict[str, Any]:
    """As a JSON value: to be kept, encrypted, or handed out by the person."""
    return dump(file)


def receipt_file_from(value: object) -> ReceiptFile:
    """What `receipt_file_json` gave; nothing is checked but its form. Raises `RequestInvalid`."""
    return parse(ReceiptFile, value)


def read_receipt_file(data: bytes) -> ReceiptFile:
    """From the bytes of a file of at most `MAX_FILE_BYTES`. Raises `RequestInvalid`."""
    return receipt_file_from(decode(data, limit=MAX_FILE_BYTES))


def open_receipt_file(
    file: ReceiptFile,
    trust: VerifyKey | None = None,
    *,
    holds: Callable[[str], object] = lambda _words: None,
) -> OpenedReceipt:
    """The file's contents, when every part belongs to every other; `holds` hears each check that held, in words.

    `trust` is the key the reader expects; without it the file's own is taken, which finds accidents and not forgers. Raises `ReceiptInvalid`,
    `SignatureInvalid` or `RequestInvalid` at the first check that does not hold.
    """
    key = VerifyKey.from_text(file.trust) if trust is None else trust
    claimed = parse(Receipt, unverified(file.receipt))
    receipt = open_receipt(file.receipt, key, claimed.site, claimed.subject, file.statement)
    holds("the receipt is signed by the server's key")
    holds("it is the answer to this statement")
    said = _open_statement(file)
    holds("the statement is signed by the key it names")
    _same_person(receipt, said)
    holds("both are of the same site and person")
    _same_notice(receipt, said, file.notice)
    if file.notice is not None:
        holds("the notice is the one that was shown")
    if isinstance(said, ConsentStatement):
        _same_release(said, file.notice, holds)
        _same_guardian(said, holds)
    return OpenedReceipt(receipt, said, file.notice, file.server, key, trust is not None)


def _open_statement(file: ReceiptFile) -> Said:
    kind = _kind(file.statement)
    if kind is Kind.WITHDRAWAL:
        return parse(WithdrawalStatement, verify(file.statement, kind, _signer(file)))
    if kind is Kind.KEY_CHANGE:
        return parse(KeyChange, verify(file.statement, kind, _signer(file)))
    said = parse(ConsentStatement, unverified(file.statement))
    if file.signer not in {None, said.keys[0].sign}:
        msg = (
            "the file names another signer than the statement; take the file as the device wrote it"
        )
        raise ReceiptInvalid(msg)
    verify(file.statement, kind, VerifyKey.from_text(said.keys[0].sign))
    return said


def _kind(statement: str) -> Kind:
    """What the statement says that it is; `verify` compares the whole header with it afterwards."""
    signer(statement)  # refuses what is no statement
    header = decode(unb64(statement.partition(".")[0]))
    named = [kind for kind in _KINDS if header.get("typ") == str(kind)]
    if not named:
        msg = (
            "a receipt answers a consent, a withdrawal or a change of keys; this statement is none"
        )
        raise ReceiptInvalid(msg)
    return named[0]


def _signer(file: ReceiptFile) -> VerifyKey:
    if file.signer is None:
        msg = "the file lacks `signer`, the key that signed the statement; take the file as the device wrote it"
        raise ReceiptInvalid(msg)
    return VerifyKey.from_text(file.signer)


def _same_person(receipt: Receipt, said: ByPerson) -> None:
    if (said.site, said.subject) != (receipt.site, receipt.subject):
        msg = "receipt and statement are of different sites or persons; take the file as the device wrote it"
        raise ReceiptInvalid(msg)


def _same_notice(receipt: Receipt, said: Said, notice: Notice | None) -> None:
    named = {receipt.notice_sha256}
    if isinstance(said, ConsentStatement):
        named.add(said.notice_sha256)
        if notice is None:
            msg = "the file lacks the notice that was shown; take the file as the device wrote it"
            raise ReceiptInvalid(msg)
    if notice is not None and (named, notice.site) != ({notice_hash(notice)}, receipt.site):
        msg = "the notice is not the one that was shown; take the file as the device wrote it"
        raise ReceiptInvalid(msg)


def _same_release(
    said: ConsentStatement, notice: Notice | None, holds: Callable[[str], object]
) -> None:
    if said.release is None or notice is None:
        return
    shown = b64(hashlib.sha256(notice.release.encode()).digest())
    if said.release.text_sha256 != shown:
        msg = "the written release is of another text than the notice's; ask for it again"
        raise ReceiptInvalid(msg)
    holds("the name was typed under the release that the notice shows")


def _same_guardian(said: ConsentStatement, holds: Callable[[str], object]) -> None:
    """GDPR 8(2), COPPA 16 CFR 312.5: the countersignature covers this notice, these purposes and this device."""
    if said.guardian is None:
        return
    keys = [VerifyKey.from_text(key.sign) for key in said.keys if key.role == "guardian"]
    text = said.guardian.approval
    approval = parse(GuardianApproval, verify(text, Kind.GUARDIAN_APPROVAL, keys[0]))
    device = VerifyKey.from_text(said.keys[0].sign)
    approved = (approval.site, approval.subject, approval.device, approval.notice_sha256)
    asked = (said.site, said.subject, device.id, said.notice_sha256)
    same_age = approval.age_band == said.claims.age_band
    if approved != asked or not same_age or not set(said.purposes) <= set(approval.purposes):
        msg = "the guardian approved something else; have the guardian approve this statement"
        raise ReceiptInvalid(msg)
    if device.public == keys[0].public:
        msg = "the guardian's key is the child's own; have the guardian sign with another device"
        raise ReceiptInvalid(msg)
    holds("a guardian's own key approved the same notice, purposes and device")


def with_notice(file: ReceiptFile, others: Iterable[ReceiptFile]) -> ReceiptFile:
    """The file with the notice its receipt names, when it lacks it and one of `others` has it: a withdrawal shows no notice of its own."""
    if file.notice is not None:
        return file
    named = unverified(file.receipt).get("notice_sha256")
    for other in others:
        if other.notice is not None and notice_hash(other.notice) == named:
            return file.model_copy(update={"notice": other.notice})
    return file
