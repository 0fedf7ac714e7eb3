"""Devices for the benchmarks: enrolled over HTTP with nothing but the wire, so that they measure the server and not the SDK."""

import base64
import json
import os
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mien.values import Claims, Label
from mien.wire import seal, slots
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import OpenKey, SealKey, SigningKey
from mien.wire.messages import (
    Asker,
    ByPerson,
    ClaimsDoc,
    ConsentStatement,
    Envelope,
    ErasureStatement,
    ExportRequest,
    KeyDoc,
    RankRequest,
    SealKeyDoc,
    Service,
    WithdrawalStatement,
    authenticate,
    dump,
    envelope_context,
    parse,
)
from mien.wire.seal import Use
from mien.wire.signatures import Kind, sign, unverified

EXPRESSIONS = ("joy", "neutral", "surprise", "sadness")


@dataclass
class Device:
    """One enrolled device."""

    site: str
    subject: str
    id: str
    stream_key: bytes
    server: SealKeyDoc
    signing: SigningKey
    opening: OpenKey
    seq: int = 0

    def envelope(self, now: int, count: int = 8) -> bytes:
        """The next envelope as a body: `count` labels of as many seconds, the rest dummies."""
        return self.sealed(
            [
                Label(
                    EXPRESSIONS[i % 4],
                    ended_at=now - count + i,
                    confidence=12,
                    valence=5,
                    arousal=3,
                    model=1,
                )
                for i in range(count)
            ]
        )

    def sealed(self, labels: Sequence[Label]) -> bytes:
        """The next envelope as a body, with these labels and dummies."""
        self.seq += 1
        base = min(label.ended_at for label in labels)
        context = envelope_context(self.site, self.subject, self.id, self.seq, self.server.kid)
        key = SealKey.from_text(self.server.public)
        ct = seal.seal(slots.pack(labels, base), key, Use.ENVELOPE, *context)
        tag = seal.mac(self.stream_key, Use.ENVELOPE, *context, ct)
        return encode(dump(Envelope(
            site=self.site, subject=self.subject, device=self.id, seq=self.seq, kid=self.server.kid,
            ct=b64(ct), mac=b64(tag),
        )))  # fmt: skip

    def rank(self, now: int) -> bytes:
        """A fresh authenticated ranking request as a body."""
        request = RankRequest(
            site=self.site, request=b64(os.urandom(16)), asker=Asker(subject=self.subject, device=self.id, at=now),
            mac=b64(bytes(32)),
        )  # fmt: skip
        return encode(dump(authenticate(request, self.stream_key, Use.RANK)))

    # ---- what the person signs ----
    def withdrawal(self, now: int) -> bytes:
        """Takes back every purpose, as a body."""
        said = WithdrawalStatement(**self._by_person(now), purposes=["personalize_offers"], model=1)
        return self._signed(Kind.WITHDRAWAL, said)

    def erasure(self, now: int) -> bytes:
        """Asks to be forgotten, as a body."""
        return self._signed(Kind.ERASURE, ErasureStatement(**self._by_person(now)))

    def export(self, now: int) -> str:
        """Asks for everything that is held, sealed to this device, for the `Authorization` header."""
        said = ExportRequest(**self._by_person(now), seal=self.opening.seal_key().text())
        return sign(Kind.EXPORT_REQUEST, dump(said), self.signing)

    def exported(self, answer: Mapping[str, str]) -> dict[str, Any]:
        """What an answer to `export` holds."""
        context = (self.site.encode(), self.subject.encode())
        plain = seal.open_sealed(unb64(answer["sealed"]), self.opening, Use.EXPORT, *context)
        content: dict[str, Any] = json.loads(zlib.decompress(seal.unpad(plain)))
        return content

    def _by_person(self, now: int) -> dict[str, Any]:
        return {"site": self.site, "subject": self.subject, "at": now, "nonce": b64(os.urandom(16))}

    def _signed(self, kind: Kind, said: ByPerson) -> bytes:
        return encode({"jws": sign(kind, dump(said), self.signing)})


def service(client: httpx.Client) -> Service:
    """What the server says of itself. The benchmark started it, so it need not verify it."""
    return parse(
        Service, unverified(client.get("/.well-known/mien").raise_for_status().json()["jws"])
    )


def enrol(client: httpx.Client, site: str, key: str) -> Device:
    """A new subject with one device, consented to personalized offers."""
    server = service(client).seal_keys[0]
    signing, opening, stream_key = SigningKey.generate(), OpenKey.generate(), os.urandom(32)
    device = signing.verify_key().id
    subject = "sub_" + base64.b32encode(os.urandom(17)).decode().lower()[:26]
    notice = client.get(f"/v1/sites/{site}/notices/en").raise_for_status().json()
    statement = ConsentStatement(
        site=site, subject=subject, at=int(time.time()), nonce=b64(os.urandom(16)),
        keys=[KeyDoc(
            role="device", sign=signing.verify_key().text(), seal=opening.seal_key().text(), stream_kid=server.kid,
            sealed_stream_key=b64(seal.seal(
                stream_key, SealKey.from_text(server.public), Use.STREAM_KEY, site.encode(), subject.encode(), device.encode()
            )),
        )],
        model=1, notice_sha256=_sha256(encode(notice)), locale="en", purposes=["personalize_offers"],
        claims=ClaimsDoc.of(Claims(jurisdictions=("EU-DE",), age_band="adult")), method="bench",
    )  # fmt: skip
    body = {"jws": sign(Kind.CONSENT, dump(statement), signing)}
    answer = client.post("/v1/consents", json=body, headers={"Mien-Site-Key": key})
    answer.raise_for_status()
    outcome = unverified(answer.json()["receipt"])
    if outcome["outcome"] != "given":
        raise RuntimeError(
            f"enrolment was {outcome['outcome']}: {outcome['laws']} {outcome['says']}"
        )
    return Device(site, subject, device, stream_key, server, signing, opening)


def _sha256(data: bytes) -> str:
    import hashlib

    return b64(hashlib.sha256(data).digest())
