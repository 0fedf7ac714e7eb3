"""What a program asks of the kernel, in order: system calls of a process and all its children, by ptrace(2).

    with traced([sys.executable, "-m", "mien", "serve"], env=...) as trace:
        ...
    for call in trace.calls: ...

SIGKILL proves nothing about durability: what was written but never synced survives the death of a process in the kernel's memory. So the tests
look at the calls themselves: an answer may leave on a socket only after a sync of the database's log that came after what it acknowledges was
written. Linux on x86-64 and aarch64; elsewhere, and where the machine forbids tracing, `NotHere` says why.
"""

from tests.tracing.calls import Call, CallKind
from tests.tracing.tracer import NotHere, Trace, traced

__all__ = ["Call", "CallKind", "NotHere", "Trace", "traced"]
