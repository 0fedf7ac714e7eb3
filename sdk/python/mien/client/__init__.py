"""The device side, composed: the one place here that knows the order of the rooms.

    consent -> capture -> infer -> label -> seal -> send, with `keep` beside them.

    client = Client("https://mien.shop.example", "shop", key="pk_...", trust="...")
    notice = client.notice("en")                      # show all of it
    receipt = client.consent(purposes=["personalize_offers"], claims=Claims(jurisdictions=("EU-DE",)))
    with client.session(0) as session:                # camera 0
        for reading in session:
            print(reading.label or reading.why)
    ranking = client.rank()
    client.withdraw()

One synchronous core. Sending happens on a thread of the session, so that a slow server holds up neither camera nor withdrawal. Client and
session may be used from one thread each; `withdraw`, `erase` and `affirm` from any.
"""

from mien.client.adapting import Adapting
from mien.client.contributions import Contributions
from mien.client.found import Budget, Contributed, Flushed, HeldKey, Proof, Standing
from mien.client.given import Clock, Entropy, Eyes, EyesMaker, SystemClock, embedded_eyes
from mien.client.guardian import Guardian, new_guardian_code
from mien.client.helping import Helping
from mien.client.keyset import KeySet
from mien.client.lessons import Lessons
from mien.client.opened import check_export
from mien.client.readable import readable
from mien.client.session import LOCAL_NOTICE, Session, local_session

__all__ = [
    "LOCAL_NOTICE", "Budget", "Client", "Clock", "Contributed", "Entropy", "Eyes", "EyesMaker", "Flushed", "Guardian", "HeldKey", "Proof", "Session", "Standing", "SystemClock",
    "check_export", "embedded_eyes", "local_session", "new_guardian_code", "readable",
]  # fmt: skip


class Client(Adapting, Helping, Lessons, Contributions, KeySet):
    """One site on one device. Touches neither network, camera nor models until asked; raises leaves of `MienError`.

    `server` is https, or http on this machine. `key` is the site's publishable key. `trust` is the server's verification key as base64url
    (`mien keys list` prints it). `home` is where this device keeps its encrypted files; by default the user's data folder. `eyes` loads the models; None
    for a device that reads no faces. `gpc` says that the person's browser or system sends the Global Privacy Control signal: it goes along with
    every request, and what the person says yes to afterwards, explicitly, wins. `local_privacy` is the epsilon (0.05..10) of each label that leaves: its word is then
    sometimes another's (`label.randomized`); None, as by default, for none.
    """
