"""The calls that matter here, and their numbers on the two machines we know."""

import platform
from dataclasses import dataclass, field
from typing import Final, Literal

CallKind = Literal["write", "sync", "send", "receive"]

_X86: Final[dict[int, CallKind]] = {
    1: "write", 18: "write", 20: "write", 296: "write", 328: "write",  # write, pwrite64, writev, pwritev, pwritev2
    74: "sync", 75: "sync",  # fsync, fdatasync
    44: "send", 46: "send",  # sendto, sendmsg
    0: "receive", 19: "receive", 45: "receive", 47: "receive",  # read, readv, recvfrom, recvmsg
}  # fmt: skip
_ARM: Final[dict[int, CallKind]] = {
    64: "write", 66: "write", 68: "write", 70: "write", 287: "write", 82: "sync", 83: "sync",
    206: "send", 211: "send", 63: "receive", 65: "receive", 207: "receive", 212: "receive",
}  # fmt: skip
NUMBERS: Final[dict[int, CallKind]] = {"x86_64": _X86, "aarch64": _ARM}.get(platform.machine(), {})
VECTORS: Final = {"x86_64": {20, 19}, "aarch64": {66, 65}}.get(platform.machine(), set())
"""Those that take a list of buffers (writev, readv)."""
MESSAGES: Final = {"x86_64": {46, 47}, "aarch64": {211, 212}}.get(platform.machine(), set())
"""Those that take a message header (sendmsg, recvmsg)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came back without an error: what kind, on what file or socket, and the first bytes that went through."""

    process: int
    kind: CallKind
    name: str
    data: bytes = field(repr=False)
