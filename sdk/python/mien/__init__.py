"""mien: personalization that asks first.

    from mien import Claims, Client

    client = Client("https://mien.shop.example", "shop", key="pk_...", trust="...")
    notice = client.notice("en")  # show it, all of it
    client.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    with client.session(0) as session:  # camera 0, read on this device
        for reading in session:
            print(reading.label or reading.why)

Names load on first use, so that `import mien` is quick and loads no network, picture, model or validation library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mien.client import Client, Flushed, Guardian, Session, local_session
    from mien.errors import ConsentError, MienError, SendError
    from mien.label import Reading
    from mien.values import Claims, Deed, Help, Label, Offer, Ranked, Ranking, Release

__version__: Final = "0.1.0"
__all__ = [
    "Claims",
    "Client",
    "ConsentError",
    "Deed",
    "Flushed",
    "Guardian",
    "Help",
    "Label",
    "MienError",
    "Offer",
    "Ranked",
    "Ranking",
    "Reading",
    "Release",
    "SendError",
    "Session",
    "local_session",
]
_HOME: Final = {
    "Claims": "values", "Client": "client", "ConsentError": "errors", "Flushed": "client", "Guardian": "client",
    "Deed": "values", "Help": "values", "Label": "values", "MienError": "errors", "Offer": "values", "Ranked": "values",
    "Ranking": "values",
    "Reading": "label", "Release": "values", "SendError": "errors", "Session": "client", "local_session": "client",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use (PEP 562)."""
    if name not in _HOME:
        msg = f"module `mien` has no attribute `{name}`"
        raise AttributeError(msg)
    return getattr(import_module(f"mien.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
