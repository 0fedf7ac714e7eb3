"""What a trace proves: that each answer left after a sync that came after what it acknowledges was written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.tracing.calls import Call


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was received and the answer that left; `synced`: between the two a log was written and, after that, synced."""

    request: bytes
    answer: bytes
    synced: bool


def exchanges(
    calls: Sequence[Call],
    request: Callable[[bytes], bool],
    answer: Callable[[bytes], bool],
    log: Callable[[str], bool],
) -> list[Exchange]:
    """The exchanges in a trace of a program that was asked one thing at a time. `log` knows the files that make a commit durable by their name."""
    found: list[Exchange] = []
    asked, written, synced = b"", False, False
    for call in calls:
        if call.kind == "receive" and request(call.data):
            asked, written, synced = call.data, False, False
        elif call.kind == "write" and log(call.name):
            written, synced = True, False
        elif call.kind == "sync" and log(call.name):
            synced = written
        elif call.kind == "send" and asked and answer(call.data):
            found.append(Exchange(asked, call.data, synced))
            asked = b""
    return found
