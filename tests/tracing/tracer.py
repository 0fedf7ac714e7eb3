"""A tracer in one thread: every ptrace request must come from the thread that started the program."""

import ctypes
import errno
import os
import platform
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.tracing.calls import MESSAGES, NUMBERS, VECTORS, Call

_TRACEME, _SYSCALL, _SETOPTIONS, _SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_OPTIONS: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000
"""TRACESYSGOOD, TRACEFORK, TRACEVFORK, TRACECLONE, EXITKILL: children are traced too, and nothing outlives the tracer."""
_SYSCALL_STOP: Final = signal.SIGTRAP | 0x80
_ENTRY, _EXIT = 1, 2
_WAIT: Final = 0x40000000 | 0x20000000
"""__WALL (threads too) and __WNOTHREAD (only what this thread started: a test has other children)."""
_KEEP: Final = 512
"""Bytes of each buffer that are kept: enough for a status line, a message's name."""
_INFO: Final = struct.Struct("=B3xIQQ")


class NotHere(Exception):
    """Tracing cannot be done on this machine."""


@dataclass
class Trace:
    """What was seen so far. `calls` grows while the program runs; look at it when it has ended or stands still."""

    pid: int = 0
    calls: list[Call] = field(default_factory=list)
    status: int | None = None
    error: str = ""

    def wait(self, seconds: float = 60) -> int:
        """The exit status of the program, once it has ended."""
        if not self._ended.wait(seconds):
            raise TimeoutError("the traced program did not end")
        return self.status or 0

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._started = threading.Event()


@contextmanager
def traced(
    command: Sequence[str], env: Mapping[str, str], *, stdout: Path | None = None, **popen: Any
) -> Iterator[Trace]:
    """Run `command` under the tracer until the block is left (SIGTERM then). Raises `NotHere`."""
    if not NUMBERS or not sys.platform.startswith("linux"):
        raise NotHere(f"no table of system calls for {platform.machine()}")
    trace = Trace()
    thread = threading.Thread(target=_run, args=(trace, command, env, stdout, popen), daemon=True)
    thread.start()
    trace._started.wait(30)
    if trace.error:
        raise NotHere(trace.error)
    try:
        yield trace
    finally:
        with suppress(ProcessLookupError):
            os.kill(trace.pid, signal.SIGTERM)
        trace.wait()
        thread.join()


def _run(
    trace: Trace, command: Sequence[str], env: Mapping[str, str], stdout: Path | None, popen: Any
) -> None:
    try:
        with Path(stdout or os.devnull).open("wb") as out:
            process = subprocess.Popen(
                command, env=env, stdout=out, stderr=out, preexec_fn=_trace_me, **popen,  # noqa: PLW1509 - one call into the kernel
            )  # fmt: skip
        trace.pid = process.pid
        _begin(trace)
        _follow(trace)
        process.returncode = trace.status  # we waited, not it
    except (OSError, subprocess.SubprocessError) as error:
        trace.error = f"tracing is not allowed here ({error})"
    finally:
        trace._started.set()
        trace._ended.set()


def _trace_me() -> None:
    _ptrace(_TRACEME, 0)


def _begin(trace: Trace) -> None:
    os.waitpid(trace.pid, _WAIT)
    _ptrace(_SETOPTIONS, trace.pid, 0, _OPTIONS)
    _ptrace(_SYSCALL, trace.pid)
    trace._started.set()


def _follow(trace: Trace) -> None:
    """Let each thread run to its next call, look, and go on, until the last one has ended."""
    entered: dict[int, tuple[int, tuple[int, ...]]] = {}
    while True:
        try:
            tid, status = os.waitpid(-1, _WAIT)
        except ChildProcessError:
            return
        if not os.WIFSTOPPED(status):
            entered.pop(tid, None)
            if tid == trace.pid:
                trace.status = os.waitstatus_to_exitcode(status)
            continue
        stopped = os.WSTOPSIG(status)
        if stopped == _SYSCALL_STOP:
            with suppress(ProcessLookupError):
                _look(trace, tid, entered)
        _go_on(tid, 0 if _ours(stopped, status) else stopped)


def _ours(stopped: int, status: int) -> bool:
    """Whether a stop is the tracer's own, and not a signal that the program shall get."""
    new_thread = stopped == signal.SIGSTOP
    return stopped in {_SYSCALL_STOP, signal.SIGTRAP} or status >> 16 != 0 or new_thread


def _go_on(tid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        _ptrace(_SYSCALL, tid, 0, signal_number)


def _look(trace: Trace, tid: int, entered: dict[int, tuple[int, tuple[int, ...]]]) -> None:
    buffer = ctypes.create_string_buffer(88)
    _ptrace(_SYSCALL_INFO, tid, 88, ctypes.addressof(buffer))
    where = _INFO.unpack_from(buffer)[0]
    if where == _ENTRY:
        number, *arguments = struct.unpack_from("=7Q", buffer, 24)
        if number in NUMBERS:
            entered[tid] = number, tuple(arguments)
    elif where == _EXIT and tid in entered:
        called, given = entered.pop(tid)
        (result,) = struct.unpack_from("=q", buffer, 24)
        if result >= 0:
            trace.calls.append(_call(tid, called, given, result))


def _call(tid: int, number: int, arguments: tuple[int, ...], result: int) -> Call:
    kind = NUMBERS[number]
    try:
        name = str(Path(f"/proc/{tid}/fd/{arguments[0]}").readlink())
    except OSError:
        name = "?"
    data = b""
    if kind != "sync" and name.startswith(("socket:", "/")):
        data = _bytes(tid, number, arguments, min(result, _KEEP))
    if kind == "write" and name.startswith("socket:"):
        kind = "send"
    return Call(tid, kind, name, data)


def _bytes(tid: int, number: int, arguments: tuple[int, ...], count: int) -> bytes:
    address, length = arguments[1], count
    if number in MESSAGES:
        address = struct.unpack_from("=Q", _memory(tid, address + 16, 8))[0]
    if number in MESSAGES | VECTORS:
        address, length = struct.unpack("=QQ", _memory(tid, address, 16))
    return _memory(tid, address, min(count, length))


def _memory(tid: int, address: int, count: int) -> bytes:
    try:
        with Path(f"/proc/{tid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(count)
    except (OSError, ValueError, OverflowError):
        return bytes(count)


_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
_libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, tid: int, address: int = 0, data: int = 0) -> int:
    result: int = _libc.ptrace(request, tid, address, data)
    if result == -1 and (code := ctypes.get_errno()):
        if code == errno.ESRCH:
            raise ProcessLookupError(code, os.strerror(code))
        raise OSError(code, os.strerror(code))
    return result
