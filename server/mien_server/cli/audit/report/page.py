"""The report as one HTML file: no script, nothing from elsewhere, a table beside every picture. Everything that is not ours is escaped."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from mien.errors import AuditError
from mien.wire.messages import LATEST, StateAnswer
from mien.wire.proof import Checkpoint
from mien_server.cli.audit.report import plots
from mien_server.cli.audit.report.gather import NEWEST, Gathered, Outcomes
from mien_server.cli.audit.report.plots import Said
from mien_server.cli.audit.report.spans import Cut, cut
from mien_server.cli.moments import minute, second

STYLE: Final = """
:root { color: #1c1b1f; background: #fff; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-top: 1px solid #8a8894; padding-top: 1rem; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; }
svg { max-width: 100%; height: auto; } .key svg { vertical-align: -2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid #c9c7d0; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td svg { width: 12.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; } dt { font-weight: 600; } dd { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f3f2f6; padding: .75rem; }
.no { color: #8c1d18; font-weight: 600; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } figure, tr, pre { break-inside: avoid; } thead { display: table-header-group; } }
"""
_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
)
_WITHIN: Final = {
    "minute": "up to a minute",
    "hour": "up to an hour",
    "day": "up to a day",
    "longer": "longer than a day",
}
_NONE: Final = "<p>None in this time.</p>"


def page(found: Gathered) -> str:
    """The whole page."""
    state, checkpoint = found.state, found.checkpoint
    if state is None or checkpoint is None:
        msg = "a report rests on a checkpoint; gather it first"
        raise AuditError(msg)
    pieces = cut({day for day, _ in found.days})
    title = f"What was decided: {found.origin}"
    body = "".join((
        _head(found, state, checkpoint), _over_time(found, pieces), _by_law(found, pieces), _by_action(found),
        _consents(state), _retention(found, state), _erasures(state), _holds(state), _looks(found),
        _budget(found), _bundles(found), _rests(found, checkpoint),
    ))  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{plots.HATCH}"
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


# ---- pieces ----
def table(caption: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; whole numbers stand to the right, the first cell of a row names it. Cells are escaped, but for a `Raw`."""
    rows = list(rows)
    numbers = {i for row in rows for i, cell in enumerate(row) if isinstance(cell, int)}
    head = "".join(f'<th scope="col"{_n(i in numbers)}>{escape(h)}</th>' for i, h in enumerate(headings))  # fmt: skip
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


class Raw(str):
    """HTML that was made here, of what was escaped."""

    __slots__ = ()


def _cells(row: Sequence[object]) -> str:
    first, *rest = row
    return f'<th scope="row">{_cell(first)}</th>' + "".join(
        f"<td{_n(isinstance(each, int))}>{_cell(each)}</td>" for each in rest
    )


def _cell(value: object) -> str:
    if isinstance(value, Raw):
        return value
    return escape(f"{value:,}" if isinstance(value, int) else str(value))


def _n(number: bool) -> str:
    return ' class="n"' if number else ""


def _figure(caption: str, picture: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{picture}</figure>"


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{_cell(value)}</dd>" for name, value in facts)
    return f"<dl>{pairs}</dl>"


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


# ---- sections ----
def _head(found: Gathered, state: StateAnswer, checkpoint: Checkpoint) -> str:
    whole = _sum(found.decisions().values())
    since = "the beginning" if found.since == 0 else f"{minute(found.since)} UTC"
    until = (
        f"{minute(state.at)} UTC" if found.until == LATEST else f"before {minute(found.until)} UTC"
    )
    overdue = sum(each.overdue for each in state.kept)
    facts = (
        ("time", f"from {since} to {until}"),
        ("made", f"{minute(state.at)} UTC"),
        ("log", f"{found.origin}, {checkpoint.size:,} entries"),
        ("read", f"{found.read:,} of {found.entries:,} entries of this time"),
        ("decisions", f"{whole.whole:,}: {whole.allowed:,} allowed, {whole.denied:,} denied"),
        ("closed", f"{found.gone:,} entries that nobody can open any more (erased or expired): they are in no number by law, action or outcome"),
        ("damaged", f"{found.unreadable:,} entries that should open and do not"),
        ("overdue", f"{overdue:,} rows that had to go and are still there"),
        ("late erasures", state.erasures.late),
    )  # fmt: skip
    return _facts(facts) + _warning(found, state)


def _warning(found: Gathered, state: StateAnswer) -> str:
    words = []
    if found.unreadable:
        words.append(
            f"{found.unreadable} entries do not open: a key is missing, or the database was altered."
        )
    if state.erasures.late:
        words.append(
            f"{state.erasures.late} erasures are not complete after a day, and no hold keeps them."
        )
    return "".join(f'<p class="no">{escape(each)}</p>' for each in words)


def _sum(counts: Iterable[Outcomes]) -> Outcomes:
    whole = Outcomes()
    for each in counts:
        whole.add(each)
    return whole


def _over_time(found: Gathered, pieces: Cut) -> str:
    counts = pieces.place(found.decisions())
    caption = f"Decisions by {pieces.name} (UTC)"
    whole = _sum(counts)
    if not whole.whole:
        return _section("Decisions over time", _NONE)
    said = Said("over-time", caption, f"{whole.allowed} allowed and {whole.denied} denied; the table has every {pieces.name}.")  # fmt: skip
    rows = (
        (label, each.allowed, each.denied)
        for label, each in zip(pieces.labels, counts, strict=True)
    )
    return _section(
        "Decisions over time",
        _figure(caption, plots.key() + plots.columns(said, pieces.labels, counts)),
        table(caption, (pieces.name, "allowed", "denied"), rows),
    )


def _by_law(found: Gathered, pieces: Cut) -> str:
    laws = found.by_law()
    title = "Decisions by law"
    if not laws:
        return _section(title, _NONE)
    said = Said("by-law", title, "One bar a law; the table has the numbers.")
    days: dict[str, dict[int, Outcomes]] = {law: {} for law in laws}
    for (day, law), outcomes in found.laws.items():
        days[law][day] = outcomes
    rows = []
    for number, (law, each) in enumerate(laws.items()):
        counts = pieces.place(days[law])
        words = f"{each.allowed} allowed and {each.denied} denied, by {pieces.name} from {pieces.labels[0]} to {pieces.labels[-1]}"  # fmt: skip
        small = plots.spark(Said(f"law-{number}", law, words), counts)
        rows.append((law, each.allowed, each.denied, Raw(small)))
    return _section(
        title,
        _p("A decision counts for each law it rests on, so these numbers are more than the decisions."),
        _figure(title, plots.key() + plots.outcome_bars(said, list(laws.items()))),
        table(title, ("law", "allowed", "denied", f"over time, by {pieces.name}"), rows),
    )  # fmt: skip


def _by_action(found: Gathered) -> str:
    rows = [(name, each.allowed, each.denied) for name, each in sorted(found.by_action().items())]
    title = "Decisions by what they were about"
    return _section(title, table(title, ("action", "allowed", "denied"), rows) if rows else _NONE)


def _consents(state: StateAnswer) -> str:
    rows = sorted(state.consents.items())
    title = "Consents now, by state"
    said = Said("consents", title, "One bar a state; the table has the numbers.")
    erased = _p(f"People erased: {state.erased:,}. Of them nothing is left but a random id.")
    if not rows:
        return _section("Consents", _p("Nobody has been asked yet."), erased)
    return _section(
        "Consents", _figure(title, plots.bars(said, rows)), table(title, ("state", "people"), rows), erased
    )  # fmt: skip


def _retention(found: Gathered, state: StateAnswer) -> str:
    overdue = sum(each.overdue for each in state.kept)
    kept = "Retention is kept: nothing is overdue." if not overdue else f"{overdue:,} rows are overdue: the next sweep takes what no hold keeps; see `mien retention plan`."  # fmt: skip
    rows = [
        (each.data_class, each.rows, each.overdue, each.on_hold, "" if each.oldest is None else minute(each.oldest))
        for each in state.kept
    ]  # fmt: skip
    return _section(
        "Retention",
        _p(kept),
        table("What is kept now", ("class", "rows", "overdue", "on hold", "oldest (UTC)"), rows),
        _swept(found),
    )


def _swept(found: Gathered) -> str:
    if not found.sweeps:
        return _p("No sweep deleted anything in this time.")
    rows = [(name, why, count) for (why, name), count in sorted(found.deleted.items())]
    said = Said("swept", "Rows deleted", "One bar a class and reason; the table has the numbers.")
    bars = [(f"{name}: {why}", count) for name, why, count in rows]
    caption = f"The newest {len(found.newest)} of {found.sweeps:,} entries that prove it"
    newest = (
        (each.index, f"{minute(each.at)} UTC", sum(sum(rows.values()) for rows in each.deleted.values()), each.leaf)
        for each in reversed(found.newest)
    )  # fmt: skip
    more = f" A report names {NEWEST} of them; `mien audit find --action swept` lists all." if found.sweeps > NEWEST else ""  # fmt: skip
    return (
        _p("Why: retention, its time had passed; consent, nobody's consent covered it any more.")
        + _figure("Rows deleted", plots.bars(said, bars))
        + table("Rows deleted", ("class", "why", "rows"), rows)
        + table(caption, ("entry", "when", "rows", "leaf"), newest)
        + _p(f"Each is an entry `swept` of the log: `mien audit explain ENTRY`.{more}")
    )


def _erasures(state: StateAnswer) -> str:
    erasures = state.erasures
    facts = (
        ("asked for in this time", erasures.asked), ("complete", erasures.complete),
        ("kept waiting by a legal hold", erasures.waiting), ("on their way", erasures.open),
        ("late: neither complete nor held after a day", erasures.late),
        ("slowest", f"{erasures.slowest:,} seconds from asking to completion"),
    )  # fmt: skip
    said = Said("erasures", "Erasures by delay", "One bar a delay; the table has the numbers.")
    rows = [(words, erasures.within.get(name, 0)) for name, words in _WITHIN.items()]  # type: ignore[call-overload]
    return _section(
        "Erasures",
        _p("An erasure takes effect when it is asked for; complete is when the key is destroyed and the rows are gone. A hold makes it wait, and its delay longer."),
        _facts(facts),
        _figure("Erasures by delay", plots.bars(said, rows)) if erasures.complete else "",
        table("Erasures by delay", ("from asking to completion", "erasures"), rows),
    )  # fmt: skip


def _holds(state: StateAnswer) -> str:
    facts = (("standing now", state.holds_standing), ("over, still on record", state.holds_over))
    return _section("Legal holds", _facts(facts))


def _looks(found: Gathered) -> str:
    rows = [
        (officer, what, each.looks, each.shown, each.opened)
        for (officer, what), each in sorted(found.looks.items())
    ]
    title = "Looks by officer"
    about = _p("Who looked into the log, and at how much: `shown` were handed to them, `opened` were opened to choose or count. `@server` stood at the server itself.")  # fmt: skip
    if not rows:
        return _section(title, about, _NONE)
    by_officer: dict[str, int] = {}
    for officer, _what, looks, _shown, _opened in rows:
        by_officer[officer] = by_officer.get(officer, 0) + looks
    said = Said("looks", title, "One bar an officer; the table has the numbers.")
    return _section(
        title, about, _figure(title, plots.bars(said, list(by_officer.items()))),
        table(title, ("officer", "what", "looks", "shown", "opened"), rows),
    )  # fmt: skip


def _budget(found: Gathered) -> str:
    rounds = found.rounds()
    if not rounds.whole:
        return _section("Privacy budget", _p("No round of the shared head ended in this time, so nothing was spent."))  # fmt: skip
    facts = (
        ("rounds of the shared head that ended", rounds.whole), ("that released a head", rounds.allowed),
        ("that released none", rounds.denied),
    )  # fmt: skip
    more = "Each is an entry `round` of the log: `mien audit find --action round` lists them, `mien audit explain ENTRY` says on what terms. Who spent what: `mien rounds ledger SITE`."  # fmt: skip
    return _section("Privacy budget", _facts(facts), _p(more))


def _bundles(found: Gathered) -> str:
    rows = [(*name.rpartition(" ")[::2], count) for name, count in found.bundles.most_common()]
    title = "Policies that decided"
    return _section(title, table(title, ("bundle", "SHA-256", "decisions"), rows) if rows else _NONE)  # fmt: skip


def _rests(found: Gathered, checkpoint: Checkpoint) -> str:
    commands = (
        "mien audit export FOLDER                                 # at the server\n"
        f"mien audit verify FOLDER --key {found.vkey} --older CHECKPOINT\n"
        "mien audit explain ENTRY                                 # one decision, proved\n"
    )
    return _section(
        "What all of it rests on",
        _p(f"The log {found.origin} as it was with {checkpoint.size:,} entries. Its key signed this checkpoint, and the signature was verified when this page was made, {second(found.state.at) if found.state else ''}."),
        f"<pre>{escape(found.note)}</pre>",
        _p("The log's verification key; compare it with the one that the controller published:"),
        f"<pre>{escape(found.vkey)}</pre>",
        _p("To verify: keep the checkpoint above in a file CHECKPOINT. A log that does not begin as it says was rewritten."),
        f"<pre>{escape(commands)}</pre>",
        _p("Opened decisions were counted by the server; the checkpoint proves that the log holds them, `mien audit verify` on an export with opened decisions counts them again. What was erased or has expired is in the log as a hash and can be counted, not read."),
    )  # fmt: skip
