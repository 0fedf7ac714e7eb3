"""What people and devices keep of a server's promises: receipts and certificates, out of the files they lie in.

A file is a receipt file of a device, an answer of the server, an export of `mien me export`, or the signed texts themselves, one a line. Of JSON, every
field `receipt` or `certificate` that holds a signed text counts, however deep it lies.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from mien.errors import MienError, SettingsError
from mien.wire.keys import VerifyKey
from mien_server import audit

MAX_FILE_BYTES: Final = 1 << 30
"""As large as the largest export."""
_FIELDS: Final = frozenset({"receipt", "certificate"})
_DOTS: Final = 2
"""Of a signed text (RFC 7515 section 7.1)."""


def promises(
    files: Iterable[Path], key: VerifyKey
) -> tuple[list[audit.Promised], list[audit.Finding]]:
    """The promises in `files` that the server's `key` signed, each once, and what in them it did not sign. Raises `SettingsError`."""
    found: dict[tuple[bytes, int], audit.Promised] = {}
    wrong: list[audit.Finding] = []
    for file in files:
        for text in _signed(file):
            try:
                promised = audit.read_promise(text, key, file.name)
            except MienError as error:
                wrong.append(audit.Finding(file.name, str(error)))
                continue
            found.setdefault((promised.leaf, promised.publish_by), promised)
    return list(found.values()), wrong


def _signed(file: Path) -> Iterator[str]:
    text = _text(file)
    found = list(_within(_json(text)) or _lines(text))
    if not found:
        msg = f"`{file}` holds no receipt and no certificate; give files as devices and people keep them"
        raise SettingsError(msg)
    yield from found


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            msg = f"`{file}` has more than {MAX_FILE_BYTES} bytes; give the receipts alone"
            raise SettingsError(msg)
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"`{file}` cannot be read; give receipts as devices and people keep them"
        raise SettingsError(msg) from error


def _json(text: str) -> Any:
    """The JSON in a text; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _within(value: Any) -> list[str]:
    """The signed texts in a JSON value, wherever they lie."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            found += [text for name, text in each.items() if name in _FIELDS and _is_signed(text)]
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _lines(text: str) -> list[str]:
    return [line for line in text.split() if _is_signed(line)]


def _is_signed(text: Any) -> bool:
    return isinstance(text, str) and text.count(".") == _DOTS
