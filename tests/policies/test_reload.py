"""A changed bundle is taken over while the server runs: whole, once it has settled, and only if it is good."""

import asyncio
import errno
import io
import json
import threading
from pathlib import Path

import pytest
from tests.policies.questions import GOOD
from tests.server.web import Web

from mien.errors import PolicyInvalid
from mien_server import logs
from mien_server.app import create_app
from mien_server.authorize import Authorizer, load_bundle
from mien_server.authorize.bundle import fingerprint
from mien_server.authorize.reload import Reloader, place_of_fault
from mien_server.errands import make_keys
from mien_server.settings import Settings

EXTRA = (
    '@id("closed")\n@law("policy:closed")\n@says("Closed.")\n@certainty("our-policy")\n'
    "forbid (principal, action, resource);\n"
)
BAD = EXTRA.replace("resource", "resource, nobody")


@pytest.fixture
def watched(broken: Path) -> tuple[Reloader, Authorizer, Path]:
    reloader = Reloader(broken)
    return reloader, Authorizer(load_bundle(broken)), broken


Watched = tuple[Reloader, Authorizer, Path]


def test_nothing_changes_while_nothing_changes(watched: Watched) -> None:
    reloader, authorizer, _ = watched
    before = authorizer.bundle
    assert [reloader.look(authorizer) for _ in range(3)] == [None] * 3
    assert authorizer.bundle is before


def test_a_change_counts_once_it_has_settled(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    old = authorizer.bundle.sha256
    (folder / "cedar/closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow
    bundle = reloader.look(authorizer)
    assert bundle is authorizer.bundle
    assert bundle is not None
    assert bundle.sha256 == load_bundle(folder).sha256 != old
    decision = authorizer.decide(GOOD)
    assert decision.policies == ("closed",)
    assert decision.bundle_sha256 == bundle.sha256
    assert reloader.look(authorizer) is None


def test_a_folder_that_still_changes_is_left_alone(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    for at in range(4):
        (folder / "cedar/closed.cedar").write_text(f"// {at}\n{EXTRA}")
        assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow
    assert reloader.look(authorizer) is not None


def test_a_change_while_it_is_read_is_left_alone(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader, authorizer, folder = watched
    (folder / "cedar/closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None

    def load(directory: Path) -> object:
        bundle = load_bundle(directory)
        (directory / "cedar/closed.cedar").write_text(EXTRA.replace("Closed.", "Still closed."))
        return bundle

    with monkeypatch.context() as slow:
        slow.setattr("mien_server.authorize.reload.load_bundle", load)
        assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow
    assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is not None
    assert authorizer.decide(GOOD).says == ("Still closed.",)


def test_a_fault_while_it_is_written_is_not_told(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader, authorizer, folder = watched
    (folder / "cedar/closed.cedar").write_text(BAD)
    assert reloader.look(authorizer) is None

    def load(directory: Path) -> object:
        try:
            return load_bundle(directory)
        finally:
            (directory / "cedar/closed.cedar").write_text(EXTRA)

    with monkeypatch.context() as slow:
        slow.setattr("mien_server.authorize.reload.load_bundle", load)
        assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is not None


def test_a_bad_bundle_is_told_once_and_never_used(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    good = authorizer.bundle
    (folder / "cedar/closed.cedar").write_text(BAD)
    assert reloader.look(authorizer) is None
    with pytest.raises(PolicyInvalid) as told:
        reloader.look(authorizer)
    assert place_of_fault(told.value).startswith("cedar/closed.cedar:")
    assert reloader.look(authorizer) is None
    assert authorizer.bundle is good
    assert authorizer.decide(GOOD).allow
    (folder / "cedar/closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is not None
    assert not authorizer.decide(GOOD).allow


def test_going_back_to_the_good_one_is_a_change_as_well(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    (folder / "cedar/closed.cedar").write_text(BAD)
    reloader.look(authorizer)
    with pytest.raises(PolicyInvalid):
        reloader.look(authorizer)
    (folder / "cedar/closed.cedar").unlink()
    looks = [reloader.look(authorizer) for _ in range(2)]
    assert looks[0] is None
    assert looks[1] is not None
    assert authorizer.decide(GOOD).allow


def test_a_folder_that_is_gone_is_told_once(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    folder.rename(folder.with_name("elsewhere"))
    assert reloader.look(authorizer) is None
    with pytest.raises(PolicyInvalid, match="cannot be read"):
        reloader.look(authorizer)
    assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow


def test_a_notice_that_cannot_be_read_is_told_once(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    (folder / "notices/xx.md").mkdir()
    assert reloader.look(authorizer) is None
    with pytest.raises(PolicyInvalid, match="cannot be read"):
        reloader.look(authorizer)
    assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow


def test_a_fault_that_passes_costs_no_good_bundle(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many open files, for two looks: told once, tried again, and the new bundle comes into force."""
    reloader, authorizer, folder = watched
    (folder / "cedar/closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None

    def full(directory: Path) -> object:
        with monkeypatch.context() as inside:
            inside.setattr(Path, "read_bytes", no_handle)
            return load_bundle(directory)

    with monkeypatch.context() as patched:
        patched.setattr("mien_server.authorize.reload.load_bundle", full)
        with pytest.raises(PolicyInvalid, match="Too many open files"):
            reloader.look(authorizer)
        assert reloader.look(authorizer) is None
    assert authorizer.decide(GOOD).allow
    assert reloader.look(authorizer) is authorizer.bundle
    assert not authorizer.decide(GOOD).allow
    assert reloader.look(authorizer) is None


def no_handle(_: Path) -> bytes:
    raise OSError(errno.EMFILE, "Too many open files")


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
@pytest.mark.parametrize("where", ["load", "use"])
def test_an_unexpected_fault_costs_no_good_bundle(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, where: str, error: type[Exception]
) -> None:
    reloader, authorizer, folder = watched
    (folder / "cedar/closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        target = "reload.load_bundle" if where == "load" else "decide.Authorizer.use"
        patched.setattr(f"mien_server.authorize.{target}", fail)
        for _ in range(2):
            with pytest.raises(error):
                reloader.look(authorizer)
    assert authorizer.decide(GOOD).allow
    assert reloader.look(authorizer) is authorizer.bundle
    assert not authorizer.decide(GOOD).allow


def test_what_is_written_wrongly_is_not_loaded_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    reloader, authorizer, folder = watched
    loaded: list[Path] = []

    def counted(directory: Path) -> object:
        loaded.append(directory)
        return load_bundle(directory)

    monkeypatch.setattr("mien_server.authorize.reload.load_bundle", counted)
    (folder / "cedar/closed.cedar").write_text(BAD)
    reloader.look(authorizer)
    with pytest.raises(PolicyInvalid):
        reloader.look(authorizer)
    assert [reloader.look(authorizer) for _ in range(3)] == [None] * 3
    assert len(loaded) == 1


def test_a_stray_policy_is_told_once_and_its_going_is_a_change(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    (folder / "closed.cedar").write_text(EXTRA)
    assert reloader.look(authorizer) is None
    with pytest.raises(PolicyInvalid, match="is not read by anybody"):
        reloader.look(authorizer)
    assert reloader.look(authorizer) is None
    (folder / "closed.cedar").rename(folder / "cedar/closed.cedar")
    assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is authorizer.bundle
    assert not authorizer.decide(GOOD).allow


def test_a_changed_notice_is_taken_over(watched: Watched) -> None:
    reloader, authorizer, folder = watched
    old, before = authorizer.bundle, fingerprint(folder)
    notice = folder / "notices/en.md"
    notice.write_text(
        notice.read_text("utf-8").replace("use your camera", "borrow your camera", 1), "utf-8"
    )
    assert fingerprint(folder) != before
    assert reloader.look(authorizer) is None
    assert reloader.look(authorizer) is authorizer.bundle
    assert authorizer.bundle.sha256 == old.sha256, "a notice does not decide"
    assert authorizer.bundle.notices["en"].text != old.notices["en"].text
    assert authorizer.bundle.directory == folder


def test_the_place_of_a_fault_holds_nothing_of_what_stands_there() -> None:
    assert place_of_fault(PolicyInvalid("`cedar/x.cedar:6`: unexpected `secret`")) == "cedar/x.cedar:6"  # fmt: skip
    assert place_of_fault(PolicyInvalid("something else")) == "unknown"


MOST_SECONDS = 60


class Race:
    """A writer that rewrites files, good and bad, in bursts; a watcher; and askers who look at every answer."""

    def __init__(self, reloader: Reloader, authorizer: Authorizer, folder: Path) -> None:
        self.reloader, self.authorizer, self.folder = reloader, authorizer, folder
        self.closed = {authorizer.bundle.sha256: frozenset[str]()}
        self.seen: set[tuple[str, frozenset[str]]] = set()
        self.faults: list[str] = []
        self.stop = threading.Event()

    def write(self) -> None:
        at = 0
        while not self.stop.wait(1.5 if at % 7 == 0 else 0.003):
            at += 1
            (self.folder / "cedar/closed.cedar").write_text((EXTRA, BAD, "", EXTRA[:60])[at % 4])
            (self.folder / "cedar/more.cedar").write_text(MORE if at % 3 else "")

    def watch(self) -> None:
        while not self.stop.wait(0.01):
            try:
                bundle = self.reloader.look(self.authorizer)
            except PolicyInvalid:
                continue
            if bundle:
                self.closed[bundle.sha256] = ADDED & bundle.policies.keys()

    def ask(self) -> None:
        while not self.stop.wait(
            0.001
        ):  # without a breath between, a look takes longer than any pause of the writer
            decision = self.authorizer.decide(GOOD)
            named = ADDED & set(decision.policies)
            if decision.allow is bool(named) or decision.errors:
                self.faults.append(str(decision))
            self.seen.add((decision.bundle_sha256, named))

    def run(self, seconds: int) -> None:
        """At least for so long, and until something was taken over."""
        work = (self.write, self.watch, self.ask, self.ask)
        threads = [threading.Thread(target=each) for each in work]
        for thread in threads:
            thread.start()
        for waited in range(MOST_SECONDS):
            self.stop.wait(1)
            if waited >= seconds and len({sha for sha, _ in self.seen}) > 1:
                break
        self.stop.set()
        for thread in threads:
            thread.join()


ADDED = frozenset({"closed", "more"})
MORE = EXTRA.replace("closed", "more")


def test_decisions_beside_a_writer_rest_on_whole_good_bundles(watched: Watched) -> None:
    """Every decision carries the hash of one bundle that was loaded whole, and answers as that bundle does."""
    race = Race(*watched)
    race.run(6)
    assert race.faults == []
    assert len({sha for sha, _ in race.seen}) > 1, "nothing was taken over, so nothing was tested"
    assert {(sha, named) for sha, named in race.seen if race.closed[sha] != named} == set()


# ---- in the server ----
def settings(folder: Path, reload_seconds: float) -> Settings:
    data = folder.parent / "data"
    found = Settings(
        database=f"sqlite:///{data}/mien.db",
        keys=data / "keys",
        policies=folder,
        reload_seconds=reload_seconds,
    )
    make_keys(found)
    return found


def wait(web: Web, what: str, log: io.StringIO) -> None:
    """Let the server run until its log says `what`."""
    for _ in range(200):
        web.run(asyncio.sleep(0.05))
        if what in log.getvalue():
            return
    pytest.fail(f"the log never said `{what}`")


def test_the_server_takes_over_a_change_and_refuses_a_fault_once(broken: Path) -> None:
    log = io.StringIO()
    app = create_app(settings(broken, reload_seconds=0.02), logger=logs.make("info", log))
    authorizer = app.state.pipeline._parts.authorizer
    with Web(app) as web:
        (broken / "cedar/closed.cedar").write_text(BAD)
        wait(web, "policy-invalid", log)
        web.run(asyncio.sleep(0.3))
        told = [json.loads(row) for row in log.getvalue().splitlines() if "policy-invalid" in row]
        assert [row["where"].partition(":")[0] for row in told] == ["cedar/closed.cedar"]
        assert "nobody" not in log.getvalue()
        assert authorizer.decide(GOOD).allow
        (broken / "cedar/closed.cedar").write_text(EXTRA)
        wait(web, "policies-reloaded", log)
        assert authorizer.decide(GOOD).policies == ("closed",)
        metrics = web.get("/metrics").text
    assert 'mien_background_total{outcome="refused",task="reload"} 1.0' in metrics
    assert authorizer.bundle.sha256 in log.getvalue()


def test_zero_seconds_never_look(broken: Path) -> None:
    log = io.StringIO()
    app = create_app(settings(broken, reload_seconds=0), logger=logs.make("info", log))
    with Web(app) as web:
        (broken / "cedar/closed.cedar").write_text(EXTRA)
        web.run(asyncio.sleep(0.3))
        assert app.state.pipeline._parts.authorizer.decide(GOOD).allow
        assert 'task="reload"' not in web.get("/metrics").text
