"""The shared head in force: the network's own at first, then what rounds released. Going back to an earlier one is a new version, too."""

import hashlib
from collections.abc import Callable
from typing import Final

from mien.wire.canonical import b64, encode
from mien.wire.messages import HeadDoc, SignedAnswer, dump
from mien.wire.signatures import Kind, sign
from mien_server import adapt, record
from mien_server.errors import HeadUnknown, RoundStands
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.retaining import EVERY_SITE
from mien_server.ports import Transaction
from mien_server.values import SharedHead

TASK: Final = "expression"
_UNKNOWN: Final = (
    "no shared head of this number was released; `GET /v1/rounds` names the one in force"
)


class Heads:
    """Gives released heads, and goes back to earlier ones."""

    def __init__(
        self, parts: Parts, holdout: Callable[[], adapt.Holdout] = adapt.shipped_holdout
    ) -> None:
        self._parts = parts
        self._holdout = holdout

    async def get(self, version: int) -> SignedAnswer:
        """A released head, as it was signed when it was released. Raises `HeadUnknown`."""
        found = await self._parts.store.transact(lambda t: t.rounds.head(version))
        if found is None:
            raise HeadUnknown(_UNKNOWN)
        return SignedAnswer(jws=found.statement)

    async def all(self) -> tuple[SharedHead, ...]:
        """Every released head, the newest first."""
        return await self._parts.store.transact(lambda t: t.rounds.heads())

    async def restore(self, version: int) -> SharedHead:
        """Put an earlier head back (0: the network's own), as a new version; costs nobody anything, because it was public before.

        Raises `HeadUnknown`, `RoundStands` while a round trains from the one in force.
        """
        holdout = self._holdout()

        def work(transaction: Transaction) -> SharedHead:
            if transaction.rounds.standing("update") is not None:
                msg = "a round is open that trains from the head in force; end it first"
                raise RoundStands(msg)
            now = self._parts.clock.now()
            head = head_in_force(transaction, holdout)
            earlier = base_of(holdout) if version == 0 else transaction.rounds.head(version)
            if earlier is None or head.version == 0:
                raise HeadUnknown(_UNKNOWN)
            new = released(self._parts, head, earlier.content, now, restores=version)
            transaction.rounds.put_head(new)
            self._log(transaction, new, now)
            return new

        return await self._parts.store.transact(work)

    def _log(self, transaction: Transaction, new: SharedHead, now: int) -> None:
        content = encode({
            "v": 1, "action": "restore_head", "allow": True, "at": now, "version": new.version, "restores": new.restores,
            "bundle_sha256": self._parts.bundle,
        })  # fmt: skip
        leaf = record.plain_leaf(EVERY_SITE, content, now, self._parts.entropy)
        self._parts.add_leaf(transaction, leaf, now)


def base_of(holdout: adapt.Holdout) -> SharedHead:
    """The head of version 0: the last layer of the network that ships. Every device has it; nobody signs it."""
    content = holdout.base.astype("<f4").tobytes()
    return SharedHead(
        0, TASK, holdout.model, hashlib.sha256(content).digest(), content, statement="", at=0
    )


def head_in_force(transaction: Transaction, holdout: adapt.Holdout) -> SharedHead:
    """The newest head of the holdout's network; its own last layer where nothing was released for it."""
    found = transaction.rounds.head()
    if found is None:
        return base_of(holdout)
    if found.model == holdout.model:
        return found
    # Another network ships now: what was learned on top of the old one fits it no more. Versions go on.
    base = base_of(holdout)
    return SharedHead(
        found.version, TASK, base.model, base.sha256, base.content, statement="", at=found.at
    )


def released(
    parts: Parts,
    before: SharedHead,
    content: bytes,
    now: int,
    *,
    round_: str | None = None,
    restores: int | None = None,
) -> SharedHead:
    """The next version, signed: 3,104 bytes from a round or of an earlier version."""
    sha256 = hashlib.sha256(content).digest()
    doc = HeadDoc.model_validate({
        "task": TASK, "model": before.model, "version": before.version + 1, "sha256": b64(sha256),
        "weights": b64(content), "round": round_, "restores": restores, "at": now,
    })  # fmt: skip
    statement = sign(Kind.HEAD, dump(doc), parts.keys.signing)
    return SharedHead(
        doc.version, TASK, before.model, sha256, content, statement, now, round_, restores
    )
