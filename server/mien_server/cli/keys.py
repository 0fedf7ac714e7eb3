"""`mien keys`: the server's secrets."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.keys import Keyring, Listed
    from mien_server.ports import Transaction
    from mien_server.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)
Directory = Annotated[
    Path | None, typer.Option("--dir", help="Directory of the key files; `MIEN_KEYS`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on one line.")]


@app.command()
def init(directory: Directory = None) -> None:
    """Make the keys that are missing; those that are there stay. Prints the key that devices pin."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ, keys=directory)
        keys = errands.make_keys(settings)
    print(f"keys in {settings.keys}")
    print(f"verify key  {keys.signing.verify_key().text()}")


# ---- list ----
@app.command("list")
def list_keys(directory: Directory = None, as_json: AsJson = False) -> None:
    """List the secrets, how long they serve and what each epoch wraps, and what the operator must do. Never a secret."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ, keys=directory)
        keys = errands.open_keys(settings)
        wrapped = _wrapped(settings)
        doc = {
            "verify_key": keys.signing.verify_key().text(),
            "log_key": keys.log.verify_key().text(),
            "epoch": keys.epoch(),
            "keys": [_row(each, wrapped) for each in keys.listed()],
            "do": _to_do(keys, wrapped),
        }
    if as_json:
        print(json.dumps(doc))
    else:
        _show(doc)


def _wrapped(settings: "Settings") -> dict[str, dict[int, int]] | None:
    """What each epoch wraps; None when the database is not there yet (asking would make one) or cannot be read: keys are listed all the same."""
    from mien_server import errands
    from mien_server.errors import StoreError

    kind, _, path = settings.database.partition(":///")
    if kind == "sqlite" and not Path(path).exists():
        return None

    def work(transaction: "Transaction") -> dict[str, dict[int, int]]:
        return {
            "people": transaction.people.wrapped_by(),
            "leaves": transaction.leaves.wrapped_by(),
            "proofs": transaction.evidence.wrapped_by(),
        }

    try:
        return errands.administer(settings, work)
    except StoreError:
        return None


def _row(each: "Listed", wrapped: dict[str, dict[int, int]] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": each.name,
        "kind": each.kind,
        "from": each.begins,
        "to": each.ends,
        "place": each.place,
    }
    if each.epoch is not None and wrapped is not None:
        row["wraps"] = {what: counts.get(each.epoch, 0) for what, counts in wrapped.items()}
    return row


def _to_do(keys: "Keyring", wrapped: dict[str, dict[int, int]] | None) -> list[str]:
    found = []
    if wrapped is None:
        found.append(
            "the database is not there or cannot be read: what each epoch wraps is not known"
        )
    missing = keys.next_missing()
    if missing is not None:
        found.append(
            f"set `{missing}` to what `mien keys secret` prints, on every node, before this epoch ends"
        )
    held = {each.epoch for each in keys.listed() if each.epoch is not None}
    used = {epoch for counts in (wrapped or {}).values() for epoch in counts}
    if lost := used - held:
        epochs = ", ".join(map(str, sorted(lost)))
        found.append(
            f"what epoch {epochs} wraps cannot be read: restore its key, or leave the rows to their end"
        )
    if wrapped is not None and keys.kept_by_operator:
        done = [
            each for each in keys.listed() if each.epoch is not None and keys.done_with(each, used)
        ]
        found += [
            f"remove `{each.place}`: nothing needs it any more, and until then old backups can be read"
            for each in done
        ]
    return found


def _show(doc: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    print(f"verify key  {doc['verify_key']}")
    print(f"log key     {doc['log_key']}")
    print(f"epoch       {doc['epoch']}")
    table = Table(box=None, pad_edge=False)
    for column in ("name", "kind", "from (UTC)", "to (UTC)", "people", "leaves", "proofs"):
        table.add_column(column, overflow="fold")
    for row in doc["keys"]:
        wraps = row.get("wraps") or {}
        counts = [str(wraps.get(what, "")) for what in ("people", "leaves", "proofs")]
        table.add_row(row["name"], row["kind"], _time(row["from"]), _time(row["to"]), *counts)  # fmt: skip
    Console().print(table)
    for line in doc["do"]:
        print(f"! {line}")


def _time(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


# ---- rotate ----
@app.command()
def rotate(
    now: Annotated[bool, typer.Option("--now", help="Begin a new epoch at once, before its time: after a suspected leak.")] = False,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Do a round of rotation now, beside running servers: make today's keys, wrap anew what an older key wraps, destroy what is done with."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ, keys=directory)
        done = errands.attend(settings, lambda pipeline: pipeline.rotate(begin=now))
    if as_json:
        print(json.dumps(asdict(done)))
        return
    print(f"epoch {done.epoch}: wrapped anew {done.people} people, {done.leaves} leaves, {done.proofs} proofs; destroyed {done.destroyed} old keys")  # fmt: skip
    if done.waiting:
        print(f"{done.waiting} people are being erased; what is left of them is wrapped anew in the round that destroys the old key")  # fmt: skip
    if done.unreadable:
        print(f"! {done.unreadable} rows open with no key that is here; they were left as they are")
    if now:
        print("the older keys are destroyed by the first round an hour from now: a running server's, or this command again")  # fmt: skip


# ---- made for others ----
@app.command()
def secret(
    begins_now: Annotated[bool, typer.Option("--begins-now", help="A root of an epoch that begins now, before its time.")] = False,
) -> None:  # fmt: skip
    """Print a fresh secret for a `MIEN_KEY_...` variable. It is kept nowhere: hand it to whatever sets the environment."""
    from mien.wire.canonical import b64
    from mien_server.keys import SECRET, Kek
    from mien_server.machine import SystemClock, SystemEntropy

    fresh = SystemEntropy().bytes(SECRET)
    print(b64(Kek(fresh, SystemClock().now()).to_bytes() if begins_now else fresh))
