"""A folder of a site's own models: what is there, what is in use, and how a model gets in. Nothing is downloaded here.

`NAME.json` is the manifest and lies beside the file it names; `in_use.json` remembers what was chosen. A model is verified before it is put in
and again each time it is loaded.

    shelf = Shelf(folder)
    shelf.install(raw, blob)
    shelf.use("yunet", "detector")
    eyes, model_id = site_eyes(folder)()
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from mien.errors import ModelError, ModelInvalid, ModelMissing, ModelTampered
from mien.infer import pin, site
from mien.infer.composed import SiteClassifier, SiteDetector, SiteEyes
from mien.infer.eyes import Eyes
from mien.infer.models import load_models
from mien.infer.site import EMBEDDED, Manifest, Role

KNOWN: Final = Path(__file__).with_name("known")
"""Manifests that ship with mien, without their models."""
SITE_MODEL: Final = 255
"""The id in a label and a capability that says: not, or not only, the embedded models."""
ROLES: Final[tuple[Role, ...]] = get_args(Role)
_CHOICE: Final = "in_use.json"  # no model can be called that: names have no underscore
_CHOICE_FORMAT: Final = "mien-models-in-use/1"

SiteModel = SiteDetector | SiteClassifier


def known() -> dict[str, bytes]:
    """The manifests that ship with mien, by name."""
    return {path.stem: path.read_bytes() for path in sorted(KNOWN.glob("*.json"))}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a role: the name, and the hash of the model it had then."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of models. It need not exist: then nothing is installed and the embedded models are in use."""

    folder: Path

    def names(self) -> list[str]:
        """Names of what is installed, sorted; whether it holds is not asked."""
        found = self.folder.glob("*.json") if self.folder.is_dir() else ()
        return sorted(path.stem for path in found if path.name != _CHOICE)

    def manifest(self, name: str) -> Manifest:
        """The manifest of an installed model. Raises `ModelMissing` or `ModelInvalid`."""
        file = f"{name}.json"
        if name not in self.names():
            msg = f"no model `{name[:60]}` is installed; see `mien models list`"
            raise ModelMissing(msg)
        found = site.parse(_read(self.folder / file, site.MOST_MANIFEST), file)
        if found.name != name:
            msg = f"manifest `{file}`: `name`: must be `{name}`, like the file"
            raise ModelInvalid(msg)
        return found

    def load(self, name: str, threads: int = 1) -> SiteModel:
        """An installed model, verified: manifest, size, hash, and the network's inputs and outputs.

        Raises `ModelMissing`, `ModelInvalid` and `ModelTampered`.
        """
        return self._loaded(self.manifest(name), threads)

    def install(self, raw: bytes, blob: bytes, where: str = "manifest") -> Manifest:
        """Put in a model and its manifest, once both hold; a model of the same name is replaced.

        Raises `ModelInvalid` and `ModelTampered`, and then nothing has changed.
        """
        manifest = site.parse(raw, where)
        check_name(manifest, where)
        others = {self._file_of(name): name for name in self.names() if name != manifest.name}
        if manifest.file in others:
            msg = f"manifest `{where}`: `file`: model `{others[manifest.file]}` has a file of that name; choose another"
            raise ModelInvalid(msg)
        verified(manifest, blob)
        before = self._file_of(manifest.name)
        self._make()
        self._write(manifest.file, blob)
        self._write(f"{manifest.name}.json", raw)
        if before not in {None, manifest.file}:
            (self.folder / str(before)).unlink(missing_ok=True)
        return manifest

    def use(self, name: str, role: Role) -> None:
        """Remember what is to be used for `role`: an installed model, or `embedded`. It is verified first.

        Raises as `load`, and `ModelInvalid` when the model has another role.
        """
        chosen = {role: self._choice(role) for role in ROLES}
        chosen[role] = None
        if name != EMBEDDED:
            manifest = self.manifest(name)
            if manifest.role != role:
                msg = f"model `{name}` is a {manifest.role}; use it `--as {manifest.role}`"
                raise ModelInvalid(msg)
            self._loaded(manifest, 1)
            chosen[role] = Choice(name, manifest.sha256)
        self._remember({role: one for role, one in chosen.items() if one is not None})

    def in_use(self, role: Role) -> str:
        """The name of the model in use for `role`, or `embedded`. Raises `ModelInvalid` when the note of it is damaged."""
        choice = self._choice(role)
        return choice.name if choice else EMBEDDED

    def chosen(self, role: Role, threads: int = 1) -> SiteModel | None:
        """The model in use for `role`, verified and loaded, None for the embedded one. Raises as `load`.

        `ModelTampered` also when the model of that name is no longer the one that was chosen.
        """
        choice = self._choice(role)
        if choice is None:
            return None
        manifest = self.manifest(choice.name)
        if (manifest.role, manifest.sha256) != (role, choice.sha256):
            msg = f"model `{choice.name}` is not the one that was chosen; run `mien models use {choice.name} --as {role}` again"
            raise ModelTampered(msg)
        return self._loaded(manifest, threads)

    def _loaded(self, manifest: Manifest, threads: int) -> SiteModel:
        blob = _read(self.folder / manifest.file, site.MOST_BYTES)
        return verified(manifest, blob, threads)

    def _file_of(self, name: str) -> str | None:
        """The file of an installed model, None when there is no such model or its manifest does not hold."""
        with suppress(ModelError):
            return self.manifest(name).file
        return None

    def _choice(self, role: Role) -> Choice | None:
        path = self.folder / _CHOICE
        if not path.exists():
            return None
        try:
            content = json.loads(_read(path, site.MOST_MANIFEST))
            if content["format"] != _CHOICE_FORMAT:
                raise ValueError  # noqa: TRY301 - all damage is told in the same words
            found = content["chosen"].get(role)
            return Choice(str(found["name"]), str(found["sha256"])) if found else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"`{path}` is damaged; remove it and run `mien models use` again"
            raise ModelInvalid(msg) from error

    def _remember(self, chosen: dict[Role, Choice]) -> None:
        self._make()
        content = {
            "format": _CHOICE_FORMAT,
            "chosen": {r: {"name": c.name, "sha256": c.sha256} for r, c in chosen.items()},
        }
        self._write(_CHOICE, json.dumps(content, indent=1).encode() + b"\n")

    def _make(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot make the folder `{self.folder}`; choose another"
            raise ModelError(msg) from error

    def _write(self, name: str, data: bytes) -> None:
        """Replace a file so that the old one or the new one is there, never a part."""
        part = self.folder / f".{name}.{os.getpid()}.part"
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.folder / name)
        except OSError as error:
            msg = f"cannot write to `{self.folder}`; check the disk's space and permissions"
            raise ModelError(msg) from error
        finally:
            part.unlink(missing_ok=True)


def verified(manifest: Manifest, blob: bytes, threads: int = 1) -> SiteModel:
    """The model in `blob`, ready to run, after everything its manifest says of it was found to hold. Raises `ModelTampered`."""
    site.check_bytes(manifest, blob)
    if isinstance(manifest, site.Detector):
        return SiteDetector(manifest, blob, threads)
    return SiteClassifier(manifest, blob, threads)


def check_name(manifest: Manifest, where: str) -> None:
    """Return unless another model takes the name of one that mien knows. Raises `ModelInvalid`."""
    raw = known().get(manifest.name)
    if raw is not None and site.parse(raw, manifest.name) != manifest:
        msg = f"manifest `{where}`: `name`: mien knows another model as `{manifest.name}`; choose another name"
        raise ModelInvalid(msg)


@dataclass(frozen=True, slots=True)
class ChosenEyes:
    """Loads the models that were chosen in `folder`; made by `site_eyes`. `model` is what it said when it was made, before anything was loaded."""

    folder: Path
    model: int
    affect: bool = False
    threads: int = 1

    def __call__(self) -> tuple[Eyes | SiteEyes, int]:
        """The eyes, verified, and the id of what was loaded. Raises as `Shelf.load` and `load_models`."""
        shelf = Shelf(self.folder)
        detector = shelf.chosen("detector", self.threads)
        classifier = shelf.chosen("classifier", self.threads)
        if isinstance(detector, SiteDetector) and isinstance(classifier, SiteClassifier):
            rest = Eyes(load_models(threads=self.threads)) if self.affect else None
            return SiteEyes(detector, classifier, rest, rest), SITE_MODEL
        models = load_models(threads=self.threads)
        own = Eyes(models)
        if isinstance(detector, SiteDetector):
            return SiteEyes(detector, own, embedded=own), SITE_MODEL
        if isinstance(classifier, SiteClassifier):
            return SiteEyes(own, classifier, own if self.affect else None, own), SITE_MODEL
        return own, models.model_id


def site_eyes(folder: Path, *, affect: bool = False, threads: int = 1) -> ChosenEyes:
    """What a `Client` takes as `eyes`: the models that were chosen in `folder`, loaded and verified when it is called, not before.

    `model` is that of the embedded models while both are in use, else 255: only the note of what was chosen is read for it (`ModelInvalid` when
    it is damaged). With a site's classifier valence and arousal are 0.0, unless `affect` has the embedded networks run beside it for these and
    for actions, pose and gaze.
    """
    shelf = Shelf(folder)
    own = all(shelf.in_use(role) == EMBEDDED for role in ROLES)
    return ChosenEyes(folder, pin.MODEL_ID if own else SITE_MODEL, affect, threads)


def _read(path: Path, most: int) -> bytes:
    """A file of at most `most` bytes. Raises `ModelMissing` and `ModelTampered`."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        msg = f"model file `{path.name}` cannot be read; run `mien models pull` again"
        raise ModelMissing(msg) from error
    if len(data) > most:
        msg = f"model file `{path.name}` has more than {most} bytes; get the right file"
        raise ModelTampered(msg)
    return data
