"""The manifest of a site's own model: what it is, where it comes from, what goes in and what comes out. Parsed strictly; no I/O.

    manifest = parse(Path("yunet.json").read_bytes(), "yunet.json")
    check_bytes(manifest, blob)

Every field is explained in `docs/reference/models-manifest.md`. An error names the field that is wrong.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from mien.errors import ModelInvalid, ModelTampered
from mien.values import EXPRESSIONS

FORMAT: Final = "mien-site-model/1"
MOST_BYTES: Final = 64 * 1024 * 1024
"""The largest model file."""
MOST_MANIFEST: Final = 64 * 1024
"""The largest manifest, in bytes."""
SMALLEST: Final = 16
LARGEST: Final = 1280
"""Sides of a model's input, in pixels."""
YUNET_STEP: Final = 32
"""Sides of YuNet's input are multiples of its coarsest stride."""
EMBEDDED: Final = "embedded"
"""The word for the models that ship with mien; no site model may take it as its name."""
_SPREAD: Final = 0.05
"""Least distance, as a fraction of the crop, between the outermost points of a template."""

Role = Literal["detector", "classifier"]
Sides = tuple[int | None, int | None]
"""Height and width of an input in pixels; None where any size is taken."""


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        msg = "must be one line of printable characters without spaces around it"
        raise ValueError(msg)
    return text


def _side(side: int | str) -> int | str:
    if side != "any" and not (isinstance(side, int) and SMALLEST <= side <= LARGEST):
        msg = f"must be {SMALLEST} to {LARGEST} pixels, or `any`"
        raise ValueError(msg)
    return side


def _free(name: str) -> str:
    if name == EMBEDDED:
        msg = f"must not be `{EMBEDDED}`, which means the models that ship with mien"
        raise ValueError(msg)
    return name


def _known(word: str) -> str:
    if word not in EXPRESSIONS:
        msg = f"must be null or one of {', '.join(EXPRESSIONS)}"
        raise ValueError(msg)
    return word


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$"), AfterValidator(_free)]
TensorName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
Address = Annotated[
    str, Field(max_length=500, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-\"$-~]*)?$")
]
"""https, without user name and fragment."""
Side = Annotated[int | str, AfterValidator(_side)]
Fraction = Annotated[float, Field(ge=-0.5, le=1.5)]
Point = tuple[Fraction, Fraction]
Channel = Annotated[float, Field(ge=-1e6, le=1e6)]
Divisor = Annotated[float, Field(ge=1e-6, le=1e6)]
Expression = Annotated[str, AfterValidator(_known)]


class _Part(BaseModel):
    """Base of all parts: strict, closed, immutable, finite numbers only."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class TrainingData(_Part):
    """What the model was trained on, in words, and whether these were pictures of real people."""

    statement: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_one_line)]
    real_people: bool


class Input(_Part):
    """The picture a model takes. Numbers become `(pixel * scale - mean) / std`, for each channel in the order of `colour`."""

    name: TensorName
    width: Side
    height: Side
    multiple: Annotated[int, Field(ge=1, le=256)] | None = None
    colour: Literal["bgr", "rgb", "grey"]
    layout: Literal["nchw", "nhwc"]
    dtype: Literal["uint8", "float32"]
    scale: Divisor = 1.0
    mean: tuple[Channel, ...] | None = None
    std: tuple[Divisor, ...] | None = None

    @property
    def channels(self) -> int:
        """1 for grey, else 3."""
        return 1 if self.colour == "grey" else 3

    @property
    def plain(self) -> bool:
        """Whether pixels go in as they are."""
        means, stds = self.mean or (), self.std or ()
        return self.scale == 1 and not any(means) and all(one == 1 for one in stds)

    @property
    def sides(self) -> Sides:
        """Height and width in pixels, None where any size is taken."""
        height, width = (s if isinstance(s, int) else None for s in (self.height, self.width))
        return height, width

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The shape of the tensor; None where any size is taken."""
        height, width = self.sides
        if self.layout == "nchw":
            return 1, self.channels, height, width
        return 1, height, width, self.channels

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("mean", "std"):
            numbers = getattr(self, name)
            if numbers is not None and len(numbers) != self.channels:
                msg = f"`input.{name}` must hold {self.channels} numbers, one for each channel"
                raise ValueError(msg)
        if self.dtype == "uint8" and not self.plain:
            msg = (
                "`input.dtype` uint8 takes pixels as they are; leave `scale`, `mean` and `std` out"
            )
            raise ValueError(msg)
        if (None in self.sides) != (self.multiple is not None):
            msg = "`input.multiple` must be given when a side is `any`, and only then"
            raise ValueError(msg)
        return self


class FivePoints(_Part):
    """The crop is turned, scaled and shifted so that the five landmarks come as near to `template` as they can.

    `template` holds x, y as fractions of the crop's width and height: right eye, left eye, nose tip, right and left mouth corner (the person's
    own right, so the picture's left).
    """

    kind: Literal["five-points"]
    template: tuple[Point, Point, Point, Point, Point]

    @model_validator(mode="after")
    def _spread(self) -> Self:
        for axis in zip(*self.template, strict=True):
            if max(axis) - min(axis) < _SPREAD:
                msg = "`alignment.template` must hold five points that lie apart"
                raise ValueError(msg)
        return self


class Box(_Part):
    """The crop is upright around the face's box (chin to hairline), `margin` of the box wider on each side."""

    kind: Literal["box"]
    margin: Annotated[float, Field(ge=-0.4, le=2.0)]


class Outputs(_Part):
    """Names of the outputs that are read."""

    logits: TensorName


class _Manifest(_Part):
    """What detectors and classifiers share."""

    format: Literal["mien-site-model/1"]
    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,39}$")]
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.onnx$")]
    bytes: Annotated[int, Field(ge=1, le=MOST_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    address: Address | None
    licence: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
    training_data: TrainingData
    input: Input


class Detector(_Manifest):
    """A model that finds faces with five landmarks. `threshold` is the score, 0..1, from which a face is one."""

    role: Literal["detector"]
    decode: Literal["yunet"]
    threshold: Annotated[float, Field(gt=0, lt=1)]

    @model_validator(mode="after")
    def _steps(self) -> Self:
        sides = [s for s in (*self.input.sides, self.input.multiple) if s is not None]
        if any(side % YUNET_STEP for side in sides):
            msg = f"`input` sides, or their `multiple`, must be multiples of {YUNET_STEP} for `decode` yunet"
            raise ValueError(msg)
        return self


class Classifier(_Manifest):
    """A model that reads an expression in a crop. `labels` says for each output which expression it is; null outputs are dropped."""

    role: Literal["classifier"]
    alignment: Annotated[FivePoints | Box, Field(discriminator="kind")]
    outputs: Outputs
    labels: Annotated[tuple[Expression | None, ...], Field(min_length=2, max_length=256)]
    temperature: Annotated[float, Field(ge=0.05, le=20)] = 1.0

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if len(set(self.labels) - {None}) < 2:  # noqa: PLR2004 - one word is no answer
            msg = "`labels` must name at least two expressions"
            raise ValueError(msg)
        if None in self.input.sides:
            msg = "`input.width` and `input.height` of a classifier must be numbers"
            raise ValueError(msg)
        return self


Manifest = Detector | Classifier
_ANY: Final[TypeAdapter[Manifest]] = TypeAdapter(
    Annotated[Detector | Classifier, Field(discriminator="role")]
)
_CHOICE: Final = {
    "role": "`role`: must be `detector` or `classifier`",
    "alignment.kind": "`alignment.kind`: must be `five-points` or `box`",
}
_TAGS: Final = frozenset({"detector", "classifier", "five-points", "box"})
_TYPES: Final = re.compile(r"^(int|str|none|float|tuple|function-after)\b")


def parse(raw: bytes, where: str) -> Manifest:
    """The manifest in `raw`; `where` is what errors call it. Raises `ModelInvalid`, which names the field that is wrong."""
    if len(raw) > MOST_MANIFEST:
        msg = f"manifest `{where}` has more than {MOST_MANIFEST} bytes; it holds text only"
        raise ModelInvalid(msg)
    try:
        json.loads(raw.decode(), object_pairs_hook=_once)
        return _ANY.validate_json(raw, strict=True)
    except ValidationError as error:
        raise ModelInvalid(f"manifest `{where}`: {_told(error)}") from error
    except _Twice as error:
        msg = f"manifest `{where}`: `{error}` stands there twice; keep one"
        raise ModelInvalid(msg) from error
    except (ValueError, RecursionError) as error:
        msg = f"manifest `{where}` is not JSON; see docs/reference/models-manifest.md"
        raise ModelInvalid(msg) from error


def check_bytes(manifest: Manifest, blob: bytes) -> None:
    """Return when `blob` is the file the manifest speaks of. Raises `ModelTampered`, which names what differs."""
    if len(blob) != manifest.bytes:
        msg = f"model file `{manifest.file}` has {len(blob)} bytes, its manifest says {manifest.bytes}; get the right file"
        raise ModelTampered(msg)
    found = hashlib.sha256(blob).hexdigest()
    if found != manifest.sha256:
        msg = f"model file `{manifest.file}` has the sha256 {found}, its manifest says {manifest.sha256}; get the right file"
        raise ModelTampered(msg)


class _Twice(ValueError):
    """A name that stands twice in one object."""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1)[:40])
    return found


def _told(error: ValidationError) -> str:
    """The first fault: the path of the field and what is wrong, never what stood there."""
    first = error.errors(include_url=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if first["type"].startswith("union_tag"):
        nested = "alignment" in first["loc"]
        return _CHOICE["alignment.kind" if nested else "role"]
    path = _path(first["loc"])
    return message if message.startswith("`") or not path else f"`{path}`: {message}"


def _path(location: tuple[int | str, ...]) -> str:
    """`input.mean[1]` of ("classifier", "input", "mean", 1); the marks pydantic adds for the branches of a union are left out."""
    path = ""
    for at, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif not (at and _TYPES.match(step)) and step not in _TAGS:
            path += f".{step}" if path else step
    return "".join(c if c.isprintable() else "?" for c in path[:100])
