"""Take over a changed bundle while the server runs: loaded whole, or not at all.

    reloader = Reloader(directory)
    bundle = reloader.look(authorizer)      # every few seconds; gives the new bundle once it is in force

A folder is changed file by file, and half of a change may parse: a bundle without the `forbid` that was to come next. So a change counts only when two
looks, one round apart, found the same; and what was loaded is compared once more before it decides anything. A lack of file handles or memory says
nothing of a bundle: it is tried again.
"""

import re
from pathlib import Path
from typing import Final

import mien_policies
from mien.errors import PolicyInvalid
from mien_server.authorize.bundle import Bundle, fingerprint, load_bundle
from mien_server.authorize.decide import Authorizer

_PLACE: Final = re.compile(r"`([\w./ -]+:\d+)`: ")


class Reloader:
    """Watches the folder of the bundle that an authorizer uses. Make it before that bundle is loaded: what changes in between is then noticed."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or mien_policies.directory()
        self._settled = self._last = _look(self._directory)
        self._told = ""

    def look(self, authorizer: Authorizer) -> Bundle | None:
        """The bundle that `authorizer` uses from now on, None when nothing changed or the change has not settled.

        Raises `PolicyInvalid` for a changed bundle that cannot be used, once: the one in force stays. What is written there is not loaded again until
        the folder changes; what could not be read is, at every look, and so is what failed in any other way, which is raised as it is.
        """
        seen, before = _look(self._directory), self._last
        self._last = seen
        if seen == self._settled or seen != before:
            return None
        try:
            bundle = load_bundle(self._directory)
            if _look(self._directory) != seen:
                return None
            authorizer.use(bundle)
        except PolicyInvalid as error:
            self._refused(seen, error)
            return None
        self._settled, self._told = seen, ""
        return bundle

    def _refused(self, seen: str, error: PolicyInvalid) -> None:
        """Tell a fault once, and settle it unless it may pass by itself. One that was met half-way through a change is no fault."""
        if _look(self._directory) != seen:
            return
        if not isinstance(error.__cause__, OSError):
            self._settled = seen
        if self._told != str(error):
            self._told = str(error)
            raise error


def place_of_fault(error: PolicyInvalid) -> str:
    """File and line of a fault, without what stands there: a log is no place for somebody's words."""
    found = _PLACE.match(str(error))
    return found[1] if found else "unknown"


def _look(directory: Path) -> str:
    """The folder's fingerprint; its fault where it cannot be read, so that this is told once as well."""
    try:
        return fingerprint(directory)
    except PolicyInvalid as error:
        return str(error)
