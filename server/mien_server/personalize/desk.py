"""What a site's service desk counts with: its economics by page, and how well the models its people use tell a negative mood.

    {"shop": {"economics": {"negative": 0.25, ...}, "pages": {"returns": {...}}, "key": "...", "model": 255,
              "rates": {"expression": [{"of": "our own 400 clips", "hits": 130, "negative": 200, "alarms": 12, "other": 200}]}}}

Rates come as counts, and the conservative end of their interval decides: the low end of the hits, the high end of the false alarms, over all measurements of
a signal. Without a measurement a signal decides nothing.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from mien.errors import MienError, RequestInvalid, SettingsError
from mien.wire.keys import SealKey
from mien.wire.messages import Message, ModelNumber, SealKeyText, SiteId, parse
from mien_server.personalize.handoff import INPUTS, Economics, Rates, never_punishes

Signal = Literal["expression", "state", "polarity"]
MAX_BYTES: Final = 1024 * 1024
OWN_MODEL: Final = 255
"""The id that labels of a site's own model carry."""
_Z: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals of 95 %."""
_COUNT: Final = 10**9
Count = Annotated[int, Field(ge=0, le=_COUNT)]
Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Page = Annotated[str, Field(pattern=r"^[a-z0-9_/-]{1,64}$")]


class Measurement(Message):
    """Who was looked at, in words; `hits` of the `negative` were flagged, and `alarms` of the `other`."""

    of: Annotated[str, Field(min_length=1, max_length=200)]
    hits: Count
    negative: Count
    alarms: Count
    other: Count

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.hits > self.negative or self.alarms > self.other:
            msg = "no more can be flagged than were looked at"
            raise ValueError(msg)
        return self


class EconomicsDoc(Message):
    """`handoff.Economics` in a file."""

    negative: Number
    sale_auto_content: Number
    sale_auto_negative: Number
    sale_human_content: Number
    sale_human_negative: Number
    complaint_auto: Number
    complaint_human: Number
    value: Number
    loss: Number
    human_cost: Number
    contact_cost: Number
    sensing_cost: Number
    measured: list[str] = Field(default_factory=list)


class DeskDoc(Message):
    """One site's part of the file. `rates` are of the model with the id `model`; `key` is what tickets for the desk's agents are sealed to."""

    economics: EconomicsDoc
    pages: dict[Page, EconomicsDoc] = Field(default_factory=dict)
    key: SealKeyText | None = None
    model: ModelNumber = OWN_MODEL
    rates: dict[Signal, Annotated[list[Measurement], Field(min_length=1, max_length=16)]] = Field(
        default_factory=dict
    )


class _Shipped(Message):
    """`rates.json`."""

    format: int
    model_id: ModelNumber
    files: dict[str, str]
    negative: dict[str, list[str]]
    measured: dict[Signal, list[Measurement]]


RatesOf = Mapping[tuple[int, str], Rates]
"""What is sure of a model and a signal."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What one site counts with. `key` is the public key of the desk's agents; None: they get no tickets."""

    economics: Economics
    pages: Mapping[str, Economics] = field(default_factory=dict)
    key: SealKey | None = None
    rates: RatesOf = field(default_factory=dict)

    def on(self, page: str) -> Economics:
        """The economics of a page, or the site's."""
        return self.pages.get(page, self.economics)


def bounds(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): sound for few counts and at 0 and 1. (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = hits / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def sure(measurements: Sequence[Measurement]) -> Rates | None:
    """What is sure of a signal: the worst end of the worst measurement. None when nobody negative, or nobody else, was ever looked at."""
    hits = [bounds(each.hits, each.negative)[0] for each in measurements if each.negative]
    alarms = [bounds(each.alarms, each.other)[1] for each in measurements if each.other]
    return Rates(min(hits), max(alarms)) if hits and alarms else None


def rates_of(model: int, measured: Mapping[Signal, Sequence[Measurement]]) -> RatesOf:
    """The sure rates of a model by signal; one that tells nothing is left out."""
    found = {(model, signal): sure(each) for signal, each in measured.items()}
    return {key: rates for key, rates in found.items() if rates is not None and rates.tells}


def shipped_rates(content: Mapping[str, Any] | None) -> RatesOf:
    """The same of `rates.json`, as `mien_server.measured` read it; empty where there is none. Raises `RequestInvalid`."""
    if content is None:
        return {}
    doc = parse(_Shipped, dict(content))
    return rates_of(doc.model_id, doc.measured)


def desks(data: bytes, shipped: RatesOf) -> dict[str, Desk]:
    """Every site's desk of a file, by the site's id. What a site measured itself comes before what was measured of the shipped models.

    Raises `SettingsError` that names the field.
    """
    if len(data) > MAX_BYTES:
        msg = f"the file of service desks has more than {MAX_BYTES} bytes; split the server's sites"
        raise SettingsError(msg)
    try:
        docs = _FILE.validate_python(json.loads(data))
        return {name: _desk(doc, shipped) for name, doc in docs.items()}
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"`{where}` in the file of service desks is wrong: {first['msg'].lower()}; see the how-to on handing off"
        raise SettingsError(msg) from None
    except MienError as error:
        msg = f"the file of service desks cannot be used: {error.args[0]}"
        raise SettingsError(msg) from error
    except ValueError as error:
        msg = "the file of service desks is not JSON; see the how-to on handing off"
        raise SettingsError(msg) from error


_FILE: Final = TypeAdapter(dict[SiteId, DeskDoc])


def _desk(doc: DeskDoc, shipped: RatesOf) -> Desk:
    key = None if doc.key is None else SealKey.from_text(doc.key)
    if key is not None:
        key.hybrid()  # now, and not when the first person waits for a ticket
    return Desk(
        economics=_economics(doc.economics),
        pages={page: _economics(each) for page, each in doc.pages.items()},
        key=key,
        rates={**shipped, **rates_of(doc.model, doc.rates)},
    )


def _economics(doc: EconomicsDoc) -> Economics:
    given = {name: getattr(doc, name) for name in INPUTS}
    economics = Economics(**given, measured=frozenset(doc.measured))
    if not never_punishes(economics):
        msg = "by these economics a negative mood would be a reason for less help; emotion never works against a person"
        raise RequestInvalid(msg)
    return economics
