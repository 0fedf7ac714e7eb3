"""How tables of one revision become tables of the next: run by Alembic, only ever forward, each step in one transaction.

`mien database upgrade` is the way in (`stores.upgrading`). A step says what to do in its own words and never looks at `schema`, which goes on changing.
Deliberately absent: a way back. Restore the backup that was made before.
"""
