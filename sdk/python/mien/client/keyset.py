"""The keys that speak for one person: another device by a link code, a lost one removed, all of them back by the recovery code."""

from dataclasses import replace
from typing import Final

from mien import consent, send
from mien.client.consents import Consents
from mien.client.desk import GONE, REMOVED, learns
from mien.client.found import HeldKey
from mien.client.rights import Rights
from mien.consent import NewKey, Person
from mien.errors import ConsentError, ConsentMissing, RequestInvalid, RequestRefused
from mien.label import LABEL_PURPOSES
from mien.values import STANDING
from mien.wire import messages
from mien.wire.keys import SigningKey
from mien.wire.messages import LINK_SECONDS, Receipt

_NO_SUCH: Final = GONE | {REMOVED}
"""What the server says to a key that is not, or no longer, in anybody's key set."""


class KeySet(Consents, Rights):
    """Any key of the set may withdraw, export and erase; only a device reads and sends."""

    def link_code(self) -> str:
        """A code with which one more device joins this person, once, within `LINK_SECONDS`. A new one takes the place of all before.

        Show it to the person on this device and type it on the other (`join`): whoever has it speaks for them. Raises a `ConsentError` or `SendError`.
        """
        with self._wire:
            self._settle(send.PATIENT)
            person = self._somebody()
            code = consent.new_link(person.subject, self._entropy(consent.LINK_SECRET_BYTES))
            _subject, key = consent.read_link(code)
            stamp = self._now_stamp()
            ends = stamp.at + LINK_SECONDS
            new = NewKey({"role": "link", "sign": key.verify_key().text()}, key, ends)
            jws = consent.add_key(person, stamp, new, person.sign, self._model(person.purposes))
            self._keys_changed(person, jws, person.sign)
            return code

    def join(self, code: str) -> Receipt:
        """Join this device to the person whose device made this link code. Nobody may be known here yet.

        Raises `RequestInvalid` for what is no code, and `ConsentMissing` when it was used, ran out or is another site's.
        """
        with self._wire:
            self._nobody_yet()
            subject, key = consent.read_link(code)
            try:
                return self._joined(consent.new_person(self.site, subject, self._entropy), key)
            except RequestRefused as error:
                if error.problem not in _NO_SUCH:
                    raise
                msg = "this code was used, ran out or is another site's; make a new one on the old device"
                raise ConsentMissing(msg) from error

    def recover(self, code: str) -> Receipt:
        """Join this device to the person whose recovery code this is. Nobody may be known here yet. Raises as `consent`."""
        with self._wire:
            self._nobody_yet()
            secret = consent.read_code(code)
            subject = consent.subject_of(secret)
            person = consent.new_person(self.site, subject, self._entropy)
            return self._joined(person, consent.recovery_key(secret))

    def key_set(self) -> tuple[HeldKey, ...]:
        """The person's key set, as the server has it. Raises a `ConsentError` or `SendError`."""
        here = self._somebody().device
        return tuple(
            HeldKey(str(key["id"]), str(key["role"]), int(key["added_at"]), key["id"] == here)
            for key in self.export().get("keys", [])
        )

    def remove_key(self, key: str) -> Receipt:
        """Remove the key of this id, from `key_set`: a lost device can then say nothing any more. This device's own stays: `withdraw` or `erase`."""
        with self._wire:
            self._settle(send.PATIENT)
            person = self._somebody()
            if key == person.device:
                msg = "this is the key of this very device; withdraw or erase, or remove it from another device"
                raise RequestInvalid(msg)
            jws = consent.remove_key(person, self._now_stamp(), key, self._model(person.purposes))
            return self._keys_changed(person, jws, person.sign)

    def _nobody_yet(self) -> None:
        if self._refresh() is not None:
            msg = "this device already has a person; erase them first, or use another home"
            raise ConsentError(msg)

    def _keys_changed(self, person: Person, jws: str, by: SigningKey) -> Receipt:
        answer = self._ask(send.Statement(jws=jws), messages.ConsentAnswer)
        receipt = self._receipt(answer.receipt, person, jws)
        self._keep_receipt(answer.receipt, jws, by.verify_key())
        return receipt

    def _joined(self, person: Person, by: SigningKey) -> Receipt:
        """Add this device's key, signed by `by`; on disk once the server has it."""
        new = NewKey(consent.device_key(person, self._seal_key(fresh=True)), person.sign)
        # What stands is not known yet: the device says what it would read faces with.
        model = self._model(LABEL_PURPOSES)
        jws = consent.add_key(person, self._now_stamp(), new, by, model)
        answer = self._ask(send.Statement(jws=jws), messages.ConsentAnswer)
        receipt = self._receipt(answer.receipt, person, jws)
        found = replace(
            person,
            receipt=answer.receipt,
            purposes=tuple(receipt.purposes) if receipt.outcome in STANDING else (),
            state=receipt.outcome,
            expires_at=receipt.expires_at,
            capability=self._checked(answer.capability, person),
        )
        self._keep.change_person(lambda _: consent.person_json(found), learns)
        self._keep_receipt(answer.receipt, jws, by.verify_key())
        return receipt
