"""A site whose ranking sums cannot be changed for a while, whatever the reason: what must take events out of them waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mien.errors import RequestInvalid
from mien_server.pipeline.learning import Learning
from mien_server.ports import Transaction


@contextmanager
def stuck_sums(site: str) -> Iterator[None]:
    """Every change of this site's sums fails, as long as the block lasts."""
    real = Learning.change

    def change(self: Learning, transaction: Transaction, name: str, **more: Any) -> None:
        if name == site:
            msg = "the sums of this site cannot be changed"
            raise RequestInvalid(msg)
        real(self, transaction, name, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learning, "change", change)
        yield
