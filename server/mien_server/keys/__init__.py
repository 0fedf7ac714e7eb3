"""The server's secrets, wherever they lie, and when they are made and destroyed.

    signing          Ed25519: receipts, capabilities, certificates, the service document
    log              Ed25519: checkpoints of the audit log
    kek-00000        32 bytes and the time it begins: key-encryption key of an epoch; everything in the database is under one of them
    seal-2026-11-22  96 bytes: what devices seal to on that UTC day; dies a day later

A key-encryption key wraps until the end of the epoch, every 30 days on the same day for everybody. Then the living are wrapped anew and, an hour
later, the old key is destroyed: with it, every backup of that epoch becomes unreadable, the erased included. Keep the secrets off the disk and
the backups of the database.

- `names`        what they are called, and how long they live
- `ring`         which are in force
- `files`        a directory
- `environment`  variables, set by whoever starts the server
- `places`       which of these `MIEN_KEYS` means, and providers of others (entry-point group `mien.keys`)
"""

from mien_server.keys.names import (
    DAY,
    EPOCH,
    GRACE,
    REWRAP,
    SEAL_LIFE,
    SECRET,
    Kek,
    day_of,
    epoch_of,
    start_of,
    unreadable_by,
)
from mien_server.keys.places import create_keys, open_keys
from mien_server.keys.ring import Keyring, Listed

__all__ = [
    "DAY",
    "EPOCH",
    "GRACE",
    "REWRAP",
    "SEAL_LIFE",
    "SECRET",
    "Kek",
    "Keyring",
    "Listed",
    "create_keys",
    "day_of",
    "epoch_of",
    "open_keys",
    "start_of",
    "unreadable_by",
]
