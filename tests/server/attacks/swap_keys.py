"""The whole log is signed by another key: with the log's name, and with a log.vkey of its own beside it."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest, exported

from mien.wire.keys import SigningKey

CAUGHT_BY = "the log's key, known from elsewhere"
SAYS = "is not signed by the key given"
OTHER = SigningKey.from_secret(bytes(range(1, 33)))


def attacks(honest: Honest) -> Iterator[Attacked]:
    yield Attacked(exported(honest.entries(), OTHER), "checkpoint")
    yield Attacked(honest.files, "checkpoint", older=(_note_by_another(honest),))


def _note_by_another(honest: Honest) -> str:
    """An older checkpoint that nobody should believe either."""
    return exported(honest.entries()[:9], OTHER)["checkpoint"].decode()
