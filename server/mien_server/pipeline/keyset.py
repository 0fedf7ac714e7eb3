"""The key set: who speaks for a person. Devices join by a link code or the recovery code, guardians by guardians; lost devices are removed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from mien.errors import RequestInvalid
from mien.wire.canonical import unb64
from mien.wire.keys import key_id
from mien.wire.messages import (
    CLOCK_SKEW,
    LINK_SECONDS,
    ConsentAnswer,
    ConsentStatement,
    KeyChange,
    KeyDoc,
)
from mien.wire.signatures import Kind
from mien_server import unseal
from mien_server.pipeline.answers import Answers, Settled
from mien_server.pipeline.parts import Parts, Said, state_now
from mien_server.ports import Transaction
from mien_server.values import Person, PersonKey, Site

MAX_KEYS: Final = 16


class KeySet:
    """Takes key changes, gives receipts."""

    def __init__(self, parts: Parts, answers: Answers) -> None:
        self._parts = parts
        self._answers = answers

    async def change(self, site: Site, text: str, *, gpc: bool) -> ConsentAnswer:
        """Add a key to the key set (signed by one in it, and by the new one itself), or remove one.

        Raises `RequestInvalid` when the set is full or this key may not change it so, and what a statement can be refused for.
        """

        def work(transaction: Transaction) -> ConsentAnswer:
            said = self._parts.statement(
                transaction, site, text, Kind.KEY_CHANGE, KeyChange, "update", gpc=gpc
            )
            keys = transaction.people.keys(site.id, said.person.subject)
            person, model = said.person, said.statement.model
            if said.statement.add is not None:
                self._add(transaction, said, said.statement.add, keys)
            else:
                person = self._remove(transaction, said, keys)
            decision = self._parts.granted(said.now, "policy:key-set")
            promise = self._parts.log(transaction, site, person, "change_keys", decision)
            state = state_now(person, said.now)
            settled = Settled(person, state, decision, promise, said.key, model)
            return self._answers.consent(
                transaction, site, settled, text, person.notice_sha256,
                capable=said.statement.remove != said.key.id,
            )  # fmt: skip

        return await self._parts.store.transact(work)

    def _add(
        self,
        transaction: Transaction,
        said: Said[KeyChange],
        doc: KeyDoc,
        keys: Sequence[PersonKey],
    ) -> None:
        change, who = said.statement, (said.person.site, said.person.subject)
        unseal.check_possession(change, doc, said.now)
        _check_may_add(said, doc, keys)
        for spent in _spent_by(said, doc, keys):
            transaction.people.delete_key(*who, spent.id)
        streams = {}
        if doc.seal is not None:
            streams[doc.sign] = opened_stream_key(self._parts, change, doc, said.now)
        transaction.people.put_key(
            made_key(self._parts, said.person, doc, streams, said.now, change.expires_at)
        )

    def _remove(
        self, transaction: Transaction, said: Said[KeyChange], keys: Sequence[PersonKey]
    ) -> Person:
        """Remove a key, and every link code with it: the one that goes may have made it. Gives the person as they are without."""
        gone = next((key for key in keys if key.id == said.statement.remove), None)
        if gone is None:
            msg = "no such key is in the key set; export to see which are"
            raise RequestInvalid(msg)
        if said.key.role == "link":
            raise RequestInvalid(_LINK)
        if gone.role != "device" and said.key.id != gone.id and said.key.role != "guardian":
            msg = f"a {gone.role} key is removed by itself or a guardian only; sign with that key"
            raise RequestInvalid(msg)
        if all(key.id == gone.id or key.role == "link" for key in keys):
            msg = "this is the last key; erase the subject instead, or add another key first"
            raise RequestInvalid(msg)
        who = said.person.site, said.person.subject
        for each in keys:
            if each.id == gone.id or each.role == "link":
                transaction.people.delete_key(*who, each.id)
        if gone.role != "guardian" or sum(key.role == "guardian" for key in keys) > 1:
            return said.person
        alone = replace(said.person, guardian=False, guardian_verified=False)
        transaction.people.put(alone)
        return alone


def _check_may_add(said: Said[KeyChange], doc: KeyDoc, keys: Sequence[PersonKey]) -> None:
    """Raise `RequestInvalid` unless this key may add that one."""
    if any(key.sign == unb64(doc.sign) for key in keys):
        msg = "this key is in the key set already; make a new one"
        raise RequestInvalid(msg)
    if len([key for key in keys if key.role != "link"]) >= MAX_KEYS:
        msg = f"a key set has at most {MAX_KEYS} keys; remove one first"
        raise RequestInvalid(msg)
    if said.key.role == "link" and doc.role != "device":
        raise RequestInvalid(_LINK)
    if doc.role == "guardian" and said.key.role != "guardian":
        # Otherwise a child would make themselves a second guardian.
        msg = "a guardian joins with the first consent, or is added by a guardian"
        raise RequestInvalid(msg)
    if doc.role == "recovery" and said.key.role not in {"recovery", "guardian"}:
        # Otherwise a stolen device would make a recovery code of its own, and outlive the owner's.
        msg = "a recovery code joins with the first consent, or is added by a recovery code or a guardian"
        raise RequestInvalid(msg)
    if doc.role == "link" and not said.now < said.statement.expires_at <= (
        said.now + LINK_SECONDS + CLOCK_SKEW
    ):
        msg = f"a link code lives for at most {LINK_SECONDS} seconds; make one that ends in time"
        raise RequestInvalid(msg)


def _spent_by(said: Said[KeyChange], doc: KeyDoc, keys: Sequence[PersonKey]) -> list[PersonKey]:
    """A link key adds one device and is gone; a new one takes the place of all before."""
    if doc.role == "link":
        return [key for key in keys if key.role == "link"]
    return [said.key] if said.key.role == "link" else []


def opened_stream_key(
    parts: Parts, said: ConsentStatement | KeyChange, doc: KeyDoc, now: int
) -> bytes:
    """The stream key that a device sealed to the server. Raises `EnvelopeInvalid`, `SealKeyUnknown`, `SealKeyExpired`."""
    opened = parts.keys.open_key(doc.stream_kid or "", now)
    return unseal.open_stream_key(doc, said.site, said.subject, key_id(unb64(doc.sign)), opened)


def made_key(  # noqa: PLR0917 - whose, which, and what lies sealed in it
    parts: Parts, person: Person, doc: KeyDoc, streams: Mapping[str, bytes], now: int, ends: int = 0
) -> PersonKey:
    """A key as it is stored: the stream key in `streams`, where there is one, sealed under the person's data key."""
    public = unb64(doc.sign)
    name = key_id(public)
    sealed = None
    if doc.sign in streams:
        vault = parts.vault(person)
        sealed = vault.seal(streams[doc.sign], "stream key", name.encode(), parts.entropy)
    return PersonKey(
        site=person.site, subject=person.subject, id=name, role=doc.role, sign=public,
        seal=None if doc.seal is None else unb64(doc.seal), sealed_stream=sealed, added_at=now,
        expires_at=ends,
    )  # fmt: skip


_LINK: Final = "a link code adds one device and does nothing else"
