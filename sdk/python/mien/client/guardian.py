"""A guardian's side: approve what a child asks for, and withdraw, export or erase for them. Their own key, from their own code; nothing is kept.

guardian = Guardian("https://mien.school.example", "school", key="pk_...", trust="...", code=code)
notice = guardian.notice(request)   # show it, all of it, and the purposes that `read` names
answer = guardian.approve(request)  # give this text back to the child's device
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final, Self

from mien import consent, send
from mien.client.given import Clock, Entropy, SystemClock
from mien.client.opened import exported
from mien.consent import GuardianRequest, Stamp, Voice
from mien.errors import ConsentMissing, NoticeStale
from mien.values import PURPOSES
from mien.wire import messages
from mien.wire.keys import OpenKey, VerifyKey
from mien.wire.messages import Certificate, Notice, Receipt, parse

_SEAL_BYTES: Final = 96


def new_guardian_code(entropy: Entropy = secrets.token_bytes) -> str:
    """A code for a guardian to write down: their keys come from it, another one for each child and site. Kept nowhere."""
    return consent.new_code(entropy(consent.CODE_BYTES))


class Guardian:
    """One guardian at one site. Touches no network until asked; raises leaves of `MienError`.

    `server`, `site`, `key` and `trust` are as for a `Client`. `code` is from `new_guardian_code`, and is the guardian's own.
    """

    def __init__(
        self,
        server: str,
        site: str,
        *,
        key: str,
        trust: str,
        code: str,
        clock: Clock | None = None,
        entropy: Entropy = secrets.token_bytes,
        transport: Any = None,
    ) -> None:
        parse(send.NoticeQuery, {"site": site, "locale": "en"})  # the id becomes part of a path
        self.site = site
        self._clock = clock or SystemClock()
        self._entropy = entropy
        self._secret = consent.read_code(code)
        self._trust = VerifyKey.from_text(trust)
        self._sender = send.Sender(server, key, self._clock, entropy, transport)
        self._shown: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    # ---- approving ----
    def read(self, request: str) -> GuardianRequest:
        """What a child's device asks for: `purposes`, the `age_band` that was declared, `subject` and more. Raises `RequestInvalid`."""
        return consent.read_request(request, self.site)

    def notice(self, request: str) -> Notice:
        """The notice that the child was shown, for the guardian to read. Raises `NoticeStale` when it changed meanwhile."""
        asked = self.read(request)
        query = send.NoticeQuery(site=self.site, locale=asked.locale)
        notice = self._sender.send(query, Notice)
        if consent.notice_hash(notice) != asked.notice_sha256:
            msg = "the notice changed since the child was shown it; show it to the child again and make a new request"
            raise NoticeStale(msg)
        self._shown.add(asked.notice_sha256)
        return notice

    def approve(self, request: str) -> str:
        """The guardian's yes to exactly this request, as text for `Client.consent(guardian=...)`; good for a day. Sends nothing.

        Raises `ConsentMissing` before `notice` was called for it.
        """
        asked = self.read(request)
        if asked.notice_sha256 not in self._shown:
            msg = "the guardian was not shown the notice; call `notice`, show all of it, then ask"
            raise ConsentMissing(msg)
        return consent.approve(asked, self._secret, self._stamp())

    # ---- acting for the child ----
    def withdraw(self, subject: str, purposes: Sequence[str] = PURPOSES) -> Receipt:
        """Take back a child's consent, to all purposes or these. The child's devices stop when they next ask the server, within five minutes."""
        jws = consent.withdraw(self._voice(subject), self._stamp(), purposes)
        answer = self._sender.send(send.Statement(jws=jws), messages.ConsentAnswer)
        return consent.open_receipt(answer.receipt, self._trust, self.site, subject, jws)

    def export(self, subject: str) -> dict[str, Any]:
        """Everything the server holds of the child, opened here."""
        voice = self._voice(subject)
        jws = consent.ask_export(voice, self._stamp())
        answer = self._sender.send(send.Statement(jws=jws), messages.ExportAnswer)
        return exported(answer, voice, self._trust)

    def erase(self, subject: str) -> Certificate:
        """Have everything about the child forgotten. Gives the first certificate; `certificate` gives the completed one later."""
        jws = consent.erase(self._voice(subject), self._stamp())
        answer = self._sender.send(send.Statement(jws=jws), messages.ErasureAnswer)
        return self._certificate(answer)

    def certificate(self, erasure: str) -> Certificate:
        """The latest certificate of an erasure: `accepted`, later `completed`."""
        query = send.CertificateQuery(erasure=erasure)
        return self._certificate(self._sender.send(query, messages.ErasureAnswer))

    def _certificate(self, answer: messages.ErasureAnswer) -> Certificate:
        return consent.open_certificate(answer.certificate, self._trust, self.site, answer.erasure)

    def _voice(self, subject: str) -> Voice:
        sign = consent.guardian_key(self._secret, self.site, subject)
        return Voice(self.site, subject, sign, OpenKey.from_secret(self._entropy(_SEAL_BYTES)))

    def _stamp(self) -> Stamp:
        return Stamp(int(self._clock.now()), self._entropy(16))
