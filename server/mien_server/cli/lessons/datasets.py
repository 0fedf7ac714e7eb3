"""Which files of a folder belong together.

`NAME_train`, `NAME_valid` and `NAME_test` are one set with a split of its own. Where a set has both `NAME_train` and numbered parts of it (`NAME_train1`,
`NAME_valid1`, as the DKVMN distribution has for cross-validation), the whole is read; without the whole, the first of the parts. Whatever else lies beside such
files (names of skills, notes) is no log. In other folders every `.csv` and `.tsv` is a set by itself. Folders below are looked into.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.errors import RequestInvalid

ENDS: Final = frozenset({".csv", ".txt", ".tsv"})
ALONE: Final = frozenset({".csv", ".tsv"})
_PART: Final = re.compile(r"^(?P<name>.+?)_?(?P<part>train|valid|val|test)(?P<number>\d*)$")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Files to fit on and to test on; none to test on where the learners are still to be split."""

    name: str
    train: tuple[Path, ...]
    test: tuple[Path, ...]


def find(folder: Path) -> tuple[Dataset, ...]:
    """Every set below `folder`, by name. Raises `RequestInvalid` for a folder without any, or a test without something to fit on."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDS)
    parts: dict[tuple[Path, str], dict[str, Path]] = {}
    for path in files:
        found = _PART.match(path.stem)
        if found is not None:
            part = found["part"].replace("valid", "val") + found["number"]
            parts.setdefault((path.parent, found["name"]), {})[part] = path
    split = {parent for parent, _name in parts}
    sets = [_set(name, those) for (_parent, name), those in parts.items()]
    sets += [
        Dataset(path.stem, (path,), ())
        for path in files
        if path.parent not in split and path.suffix.lower() in ALONE
    ]
    if not sets:
        msg = f"`{folder}` has no .csv or .tsv file of answers; give another folder"
        raise RequestInvalid(msg)
    return tuple(sorted(sets, key=lambda each: each.name))


def _set(name: str, parts: dict[str, Path]) -> Dataset:
    tests = parts.get("test") or parts.get("test1")
    if "train" in parts:
        train = [parts["train"], *([parts["val"]] if "val" in parts else [])]
    else:
        train = [parts[part] for part in ("train1", "val1") if part in parts]
    if not train:
        msg = f"`{name}` has a test and nothing to fit on; add `{name}_train`"
        raise RequestInvalid(msg)
    return Dataset(name, tuple(train), (tests,) if tests else ())
