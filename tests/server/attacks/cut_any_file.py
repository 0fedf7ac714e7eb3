"""The end of any file is cut off: an export that broke off, passed on as whole."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest

from mien_server import audit

CAUGHT_BY = "the sizes that the checkpoint implies"
SAYS = "hashes; it was cut or extended"


def attacks(honest: Honest) -> Iterator[Attacked]:
    names = sorted(
        set(honest.files) - {audit.KEY}, key=lambda name: (not name.startswith("tile/0"), name)
    )
    for name in names:
        data = honest.files[name]
        for kept in {0, 1, len(data) // 2, len(data) - 1}:
            if name == audit.OPENED and (not kept or data[:kept].endswith(b"\n")):
                continue  # fewer decisions opened is no lie
            yield Attacked({**honest.files, name: data[:kept]}, _where(name))


def _where(name: str) -> str:
    if name == audit.CHECKPOINT:
        return "checkpoint"
    if name == audit.OPENED:
        return r"opened\.jsonl line \d+"
    return r"entries from \d+" if "/entries/" in name else name
