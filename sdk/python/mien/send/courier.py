"""Sending in the background, so that a slow server never holds up the camera or a withdrawal."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from mien.errors import MienError


@dataclass(slots=True)
class Courier:
    """One thread that does `work` each time it is nudged. What goes wrong is kept in `trouble` until the next time goes well."""

    work: Callable[[], object]
    trouble: MienError | None = None
    _nudged: threading.Event = field(default_factory=threading.Event, repr=False)
    _ending: bool = False
    _thread: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin. The thread does not keep the program alive."""
        self._thread = threading.Thread(target=self._run, name="mien-courier", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """There is something to carry."""
        self._nudged.set()

    def close(self, patience: float) -> None:
        """Carry once more and end; wait for it at most `patience` seconds. What was not carried waits on disk."""
        self._ending = True
        self._nudged.set()
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self) -> None:
        while True:
            self._nudged.wait()
            self._nudged.clear()
            ending = self._ending
            try:
                self.work()
                self.trouble = None
            except MienError as error:
                self.trouble = error
            if ending:
                return
