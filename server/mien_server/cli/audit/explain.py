"""`mien audit explain`: one entry of the log in words, with its proof verified."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from mien.errors import LogTampered
from mien.wire.canonical import b64, unb64
from mien.wire.messages import ExplainAnswer, ExplainAsk, parse
from mien.wire.proof import parse_tlog_proof, read_entry, verify_tlog_proof
from mien_server.cli.audit.files import write
from mien_server.cli.audit.find import OfficerOption, Server, checked, outcome_of
from mien_server.cli.audit.prove import leaf_or_index
from mien_server.cli.desk import Desk, ask_at, vkey
from mien_server.cli.moments import minute, second
from mien_server.cli.shown import CERTAIN, AsJson, plain
from mien_server.cli.told import told

DAMAGED: Final = 1
"""Exit code when the entry should open and does not."""
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Explained:
    """An entry whose proof holds: where it stands in a log of which size, and what it opens to."""

    answer: ExplainAnswer
    origin: str
    vkey: str
    leaf: str
    hour: int
    size: int
    record: dict[str, Any] | None


def explain(
    entry: Annotated[str, typer.Argument(metavar="LEAF|INDEX", help="The leaf on a receipt (base64url), or the index of an entry.")],
    out: Annotated[Path | None, typer.Option(help="Write the proof to this new file, such as decision.tlog-proof.")] = None,
    server: Server = None,
    officer: OfficerOption = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say in words what one entry of the log is: what was asked and decided, by which laws, and that it is in the log.

    The proof is verified before anything is said. It is a look, which the log keeps, and the person concerned sees in their export.
    """
    with told():
        ask = _ask(leaf_or_index(entry))
        found = ask_at(server, officer, lambda desk: _explained(desk, ask))
        if out is not None:
            write(out, found.answer.proof.encode())
        lines = [json.dumps(_as_json(found))] if as_json else _lines(found)
    console = Console()
    for line in lines:
        print(line) if as_json else console.print(plain(line), soft_wrap=True)
    if found.answer.unreadable:
        raise typer.Exit(DAMAGED)


def _ask(wanted: str | bytes) -> ExplainAsk:
    named = {"index": int(wanted)} if isinstance(wanted, str) else {"leaf": b64(wanted)}
    return parse(ExplainAsk, named)


async def _explained(desk: Desk, ask: ExplainAsk) -> Explained:
    answer = await desk.ask(ask, ExplainAnswer)
    return verified(desk, ask, answer)


def verified(desk: Desk, ask: ExplainAsk, answer: ExplainAnswer) -> Explained:
    """The answer, when the proof leads to a checkpoint that the log's key signed and what was opened is what was logged.

    Raises `ProofInvalid`, `CheckpointInvalid`, `LogTampered`.
    """
    entry = unb64(answer.entry)
    index = verify_tlog_proof(answer.proof, entry, desk.origin, desk.key)
    leaf, hour = read_entry(entry)
    other = index != answer.index or (ask.index not in {None, index}) or ask.leaf not in {None, b64(leaf)}  # fmt: skip
    if other:
        msg = f"the server proved entry {index} when another one was asked for; keep the answer as evidence"
        raise LogTampered(msg)
    size = int(parse_tlog_proof(answer.proof).checkpoint.split("\n")[1])
    record = None
    if answer.opened is not None:
        record = checked(answer.opened)
        _belongs(answer, leaf, hour, record)
    return Explained(answer, desk.origin, vkey(desk), b64(leaf), hour, size, record)


def _belongs(answer: ExplainAnswer, leaf: bytes, hour: int, record: dict[str, Any]) -> None:
    opened = answer.opened
    at = record["at"]
    if opened is None or opened.leaf != b64(leaf) or hour != at - at % _HOUR:
        msg = f"entry {answer.index} does not commit to the record that was shown; keep both as evidence"
        raise LogTampered(msg)


# ---- in words ----
def _lines(found: Explained) -> list[str]:
    try:
        return list(in_words(found))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        msg = f"entry {found.answer.index} opens to no record that this program knows; update it, or see it with --json"
        raise LogTampered(msg) from error


def in_words(found: Explained) -> Iterator[str]:
    """What the entry is, line by line."""
    yield f"Entry {found.answer.index} of {found.origin}, in the hour from {minute(found.hour)} UTC"
    if found.record is None:
        yield _closed(found.answer)
    else:
        yield from _said(found.record, found.answer)
    yield ""
    yield f"Proved: it is entry {found.answer.index} of {found.size}, and a checkpoint leads to it that this key signed:"
    yield f"  {found.vkey}"


def _closed(answer: ExplainAnswer) -> str:
    if answer.unreadable:
        return "It should open and does not: a key is missing, or the database was altered."
    return "Nobody can open it any more: the person was erased, or its time has passed. That it was logged stays proved."


def _said(record: dict[str, Any], answer: ExplainAnswer) -> Iterator[str]:
    special = _SPECIAL.get(record["action"])
    if special is not None:
        yield from special(record)
        return
    yield f"{'Yes' if record['allow'] else 'No'}: {_what(record)}, decided {second(record['at'])}"
    if record.get("subject"):
        yield f"On {record['subject']}"
    yield f"Laws: {'; '.join(record.get('laws', ())) or 'none'}"
    yield from _why(record, answer)
    yield from _questions(record)
    yield from _claims(record.get("claims") or {})


def _what(record: dict[str, Any]) -> str:
    purpose = f" for {record['purpose']}" if record.get("purpose") else ""
    return f"{record['action']}{purpose} at {record.get('site') or 'no site'}"


def _why(record: dict[str, Any], answer: ExplainAnswer) -> Iterator[str]:
    bundle = f"{record.get('bundle_version')} ({record.get('bundle_sha256')})"
    policies = record.get("policies", ())
    if not policies:
        yield f"No policy was asked, or none decided; bundle {bundle}"
        return
    if not answer.bundle_here:
        yield f"Policies: {'; '.join(policies)}"
        yield f"Their sentences are not here: it was decided under bundle {bundle}, and another one is in force. `mien policy diff` compares them."
        return
    yield f"Why, in the words of bundle {bundle}"
    for each in answer.reasons:
        law = "; ".join(each.laws)
        yield f"  - {law} ({CERTAIN[each.certainty]}): {each.says} ({each.policy})"
    known = {each.policy for each in answer.reasons}
    for name in policies:
        if name not in known:
            yield f"  - {name}: our own refusal, no policy"


def _questions(record: dict[str, Any]) -> Iterator[str]:
    asked: list[dict[str, Any]] = record.get("asked", [])
    if asked:
        yield f"Asked, {len(asked)} {'question' if len(asked) == 1 else 'questions'}"
    for each in asked:
        question = each["question"]
        places = ", ".join(question["jurisdictions"]) or "nowhere"
        yield (
            f"  - {'yes' if each['allow'] else 'no'}: {question['action']} for {question['purpose'] or 'no purpose'}, "
            f"from {question['source']}, to change {question['effect']}; {question['role']} in {question['sector']}, "
            f"{places}, {question['age_band']}, consent {question['consent_state']}"
        )


def _claims(claims: dict[str, dict[str, Any]]) -> Iterator[str]:
    if claims:
        yield "Who claimed what; the strictest of it decided"
    for source, said in claims.items():
        words = ", ".join(f"{name} {_plain(value)}" for name, value in sorted(said.items()))
        yield f"  - {source}: {words}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return (
        {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    )


def _swept(record: dict[str, Any]) -> Iterable[str]:
    yield f"A sweep deleted what had to go, {second(record['at'])}"
    for why, rows in sorted(record["deleted"].items()):
        for data_class, count in sorted(rows.items()):
            yield f"  - {count} {data_class} ({why})"


def _erased(record: dict[str, Any]) -> Iterable[str]:
    yield f"Erasure {record['erasure']} at {record['site']} was complete {second(record['at'])}"


def _look(record: dict[str, Any]) -> Iterable[str]:
    yield f"{record['officer']} looked ({record['what']}), {second(record['at'])}: {record['shown']} decisions shown, {record['opened']} opened for it"
    if record.get("subject"):
        yield f"At what is logged of {record['subject']} at {record['site']}"
    for name, value in sorted(record["asked"].items()):
        yield f"  - {name}: {value}"
    if record["statement_sha256"]:
        yield f"  - signed: SHA-256 of the statement is {record['statement_sha256']}"


def _round(record: dict[str, Any]) -> Iterable[str]:
    yield f"Round {record['round']} ended {second(record['at'])}: {record['outcome']}"
    if record["version"] is not None:
        yield f"Head {record['version']} was released, learned from head {record['from_version']}"
    yield f"People in the sum, each of them charged: {record['participants']}"
    for code, count in sorted(record["dropped"].items()):
        yield f"  - dropped: {count} ({code})"
    yield f"Noise {record['noise_thousandths'] / 1000:g} clips, delta one in {record['delta_one_in']}, floor {record['floor']}, cohort {record['cohort']}"


def _restored(record: dict[str, Any]) -> Iterable[str]:
    yield f"Head {record['restores']} was put back in force as head {record['version']}, {second(record['at'])}"


_SPECIAL: Final = {
    "swept": _swept, "erased": _erased, "look": _look, "round": _round, "restore_head": _restored,
}  # fmt: skip


# ---- as JSON ----
def _as_json(found: Explained) -> dict[str, Any]:
    answer = found.answer
    return {
        "index": answer.index, "leaf": found.leaf, "hour": found.hour, "origin": found.origin,
        "size": found.size, "key": found.vkey, "proof": answer.proof, "entry": answer.entry,
        "nonce": None if answer.opened is None else answer.opened.nonce, "record": found.record,
        "outcome": None if found.record is None else outcome_of(found.record),
        "unreadable": answer.unreadable, "bundle_here": answer.bundle_here,
        "reasons": [each.model_dump(mode="json") for each in answer.reasons],
    }  # fmt: skip
