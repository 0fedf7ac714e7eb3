"""The witness: cosigns checkpoints of logs that it was told of, over c2sp.org/tlog-witness. Stands alone: no database, keys or policies of the server.

INVARIANT: no two checkpoints of a log are cosigned of which one does not begin with the other, whoever asks at the same time and whenever the
process dies. What it has seen is on the disk before it is signed.

- `home`     the folder of a witness: key, memory, evidence
- `memory`   the largest checkpoint seen of each log
- `judging`  what is answered to a request
- `serving`  HTTP
"""

from mien_server.witness.home import Home, make, open_home
from mien_server.witness.judging import Answer, Judge, logs_of
from mien_server.witness.memory import Memory
from mien_server.witness.serving import application

__all__ = ["Answer", "Home", "Judge", "Memory", "application", "logs_of", "make", "open_home"]
