"""A person is handed a signed receipt, and its decision is never logged."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest

from mien.wire.canonical import b64
from mien.wire.messages import Promise, Receipt, dump, parse
from mien.wire.signatures import Kind, sign, verify

CAUGHT_BY = "the receipt, with its promise"
SAYS = "is not among the"
LEAF = bytes(range(32))


def attacks(honest: Honest) -> Iterator[Attacked]:
    yield Attacked(honest.files, f"leaf {b64(LEAF)}", receipts=(*honest.receipts, _given(honest)))
    elsewhere = _given(honest, origin="other.example/log")
    yield Attacked(honest.files, f"leaf {b64(LEAF)}", receipts=(elsewhere,))


def _given(honest: Honest, origin: str = "") -> str:
    """A receipt like the honest ones, signed by the server, on a decision that nobody wrote down."""
    said = parse(Receipt, verify(honest.receipts[0], Kind.RECEIPT, honest.trust.verify_key()))
    promise = Promise(
        origin=origin or honest.origin, leaf=b64(LEAF), publish_by=said.promise.publish_by
    )
    return sign(Kind.RECEIPT, dump(said.model_copy(update={"promise": promise})), honest.trust)
