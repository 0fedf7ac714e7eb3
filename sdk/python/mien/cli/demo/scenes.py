"""The steps of the demo, in order. Each does one thing a visitor would do, shows it, and checks what it shows; the first that fails ends the demo."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mien import capture, seal, send
from mien.cli.demo.screen import Screen
from mien.cli.demo.stage import SITE, Stage
from mien.cli.demo.wire import Recorder
from mien.client import Client
from mien.errors import ConsentError, ConsentMissing, MienError, RequestRefused
from mien.values import EXPRESSIONS, SLOTS, Claims, Label, Ranking
from mien.wire import messages
from mien.wire.canonical import decode, unb64
from mien.wire.messages import Certificate, Notice, Receipt

PURPOSE = "personalize_offers"
CLAIMS = Claims(jurisdictions=("EU-DE",), age_band="adult")
HEAVY = ("onnxruntime", "cv2")
HELD = ("consent", "keys", "labels", "events", "decisions")
ERASED_WITHIN = 30.0
CAMERA_SECONDS = 20.0
KINDS = {
    "/v1/consents": "a signed statement: what the person said yes to",
    "/v1/capabilities": "a signed question: what may this device do now?",
    "/v1/labels": f"envelopes: {SLOTS} slots each, always full, sealed",
    "/v1/rank": "which offers? nothing of emotion in it",
    "/v1/rewards": "one was chosen",
    "/v1/withdrawals": "a signed statement: no longer",
    "/v1/erasures": "a signed statement: forget me",
    "/v1/me": "a signed question: what do you hold of me?",
}


class StepFailed(MienError):
    """A step of the demo did not do what it says."""

    code = "demo-step"


@dataclass(slots=True)
class Play:
    """What the scenes share."""

    stage: Stage
    screen: Screen
    client: Client
    wire: Recorder
    source: int | Path
    agree: Callable[[Notice], bool]
    sender: Callable[[], send.Sender]
    paced: bool = False
    notice: Notice | None = None
    before: Ranking | None = None
    receipt: Receipt | None = None
    labels: list[Label] = field(default_factory=list)
    late: messages.Envelope | None = None
    picture: Path | None = None

    def check(self, what: str, held: bool, evidence: str = "") -> None:
        """Show a check that held; raise `StepFailed`, which `perform` shows, when it did not."""
        if not held:
            raise StepFailed(f"not so: {what} ({evidence or 'it did not'})")
        self.screen.held(what, evidence)


def perform(play: Play) -> bool:
    """All scenes in order. True when every check held; a failure is named on the screen."""
    for title, scene in SCENES:
        if scene is PICTURED[0]:
            play.screen.begin_picture()
        play.screen.scene(title)
        try:
            scene(play)
            if scene is PICTURED[1] and play.picture is not None:
                play.screen.save_picture(play.picture)
        except MienError as error:
            play.screen.failed(title, f"{error} [{error.code}]")
            break
    return play.screen.summary()


def before_consent(play: Play) -> None:
    """Nothing happens before a yes: no camera, no model, and the ranking knows nobody."""
    refused = _refused(lambda: play.client.session(play.source))
    play.check(
        "without consent the camera does not open",
        isinstance(refused, ConsentMissing),
        refused.code if refused else "it opened",
    )
    loaded = [name for name in HEAVY if name in sys.modules]
    play.check(
        "no model runtime and no camera library is even loaded", not loaded, ", ".join(loaded)
    )
    play.before = play.client.rank()
    play.screen.ranking(play.before)
    play.check(
        "a visitor who has said nothing gets a ranking",
        bool(play.before.places) and not play.before.used_emotion,
    )


def the_notice(play: Play) -> None:
    """The words, before the answer."""
    play.notice = play.client.notice("en")
    play.screen.words(
        f"# {play.notice.title}\n\n{play.notice.text}",
        f"notice {play.notice.version}, {play.notice.locale}",
    )
    for purpose in play.notice.purposes:
        play.screen.note(f"□ {purpose.title.rstrip('.')}: {purpose.text}")
    play.check(
        "the notice names who is responsible and how to reach them",
        bool(play.notice.controller and play.notice.contact),
        play.notice.contact,
    )


def the_answer(play: Play) -> None:
    """A yes to one purpose, signed; the server's countersigned receipt."""
    if play.notice is None or not play.agree(play.notice):
        raise StepFailed(
            "the person said no, so nothing is read: this is how a no looks, and the shop works as before"
        )
    receipt = play.receipt = play.client.consent(purposes=[PURPOSE], claims=CLAIMS, method="cli")
    play.screen.facts({
        "yes to": ", ".join(receipt.purposes),
        "receipt": receipt.receipt,
        "notice": f"sha256 {receipt.notice_sha256}",
        "policies": f"{receipt.bundle_version}, sha256 {receipt.bundle_sha256}",
        "until": time.strftime("%Y-%m-%d", time.gmtime(receipt.expires_at)),
        "recovery code": f"{play.client.recovery_code} (withdraws and erases without this device)",
    })  # fmt: skip
    play.check(
        "the receipt is the server's, for what was said, and only that",
        receipt.purposes == [PURPOSE] and receipt.outcome in {"given", "renewed"},
    )
    proof = play.client.proof(receipt)
    play.screen.held(
        "the decision is in the public log", f"entry {proof.index}, inclusion proof verified"
    )


def the_reading(play: Play) -> None:
    """The face is read here; labels are small words."""
    seconds = CAMERA_SECONDS if isinstance(play.source, int) else capture.seconds_of(play.source)
    with (
        play.screen.reading(seconds) as view,
        play.client.session(play.source, paced=play.paced) as session,
    ):
        for reading in session:
            view.at(reading.at)
            if reading.at > seconds:
                break
            if reading.label is not None:
                view.label(reading.label)
            else:
                view.silence(reading.why)
    play.labels = view.labels
    seen = {label.expression for label in play.labels}
    play.check(
        "labels were read on this device",
        bool(play.labels),
        f"{len(play.labels)} labels: {', '.join(sorted(seen))}",
    )
    flushed = play.client.flush()
    play.check(
        "all of them left sealed and none waits",
        flushed.waiting == 0 and not flushed.lost,
        f"lost: {dict(flushed.lost)}" if flushed.lost else "",
    )


def what_left(play: Play) -> None:
    """Every byte that left the device, and what is not in it."""
    totals: dict[str, tuple[int, int]] = {}
    for sent in play.wire.sent:
        count, size = totals.get(sent.path, (0, 0))
        totals[sent.path] = (count + 1, size + len(sent.body))
    envelopes = [
        messages.parse(messages.Envelope, decode(body)) for body in play.wire.bodies("/v1/labels")
    ]
    play.check("something was sent at all", bool(envelopes), f"{len(envelopes)} envelopes")
    rows = [
        (path, count, size, KINDS.get(path, "a question without a body"))
        for path, (count, size) in totals.items()
    ]
    play.screen.sent(rows, unb64(envelopes[0].ct))
    everything = b"".join(sent.body for sent in play.wire.sent)
    words = [word for word in EXPRESSIONS if spoken(word, everything)]
    play.check("no word for an expression left this device", not words, ", ".join(words))
    sizes = {len(body) for body in play.wire.bodies("/v1/labels")}
    spread = max(sizes) - min(sizes)
    play.check(
        "every envelope has the same size, full or not",
        len({len(e.ct) for e in envelopes}) == 1 and spread <= len(str(len(envelopes))),
        f"{len(envelopes[0].ct)} characters of ciphertext",
    )


def with_emotion(play: Play) -> None:
    """The same shop, the same offers, the same prices; another order, and why."""
    ranking = play.client.rank()
    play.screen.ranking(ranking, play.before)
    play.screen.note(ranking.why)
    play.check("emotion was used, and the words say so", ranking.used_emotion and bool(ranking.why))
    order = [place.offer.id for place in ranking.places]
    was = [place.offer.id for place in play.before.places] if play.before else []
    play.check("the order changed", order != was)
    shown = [*ranking.places, *(play.before.places if play.before else ())]
    prices = catalogue_prices(play.stage.catalogue)
    wrong = [place.offer.id for place in shown if place.offer.price != prices[place.offer.id]]
    play.check("every price, before and after, is the catalogue's", not wrong, ", ".join(wrong))
    play.client.reward(ranking, place=1)
    play.screen.held("what was chosen came back as a reward", ranking.places[0].offer.title)


def what_is_held(play: Play) -> None:
    """The person sees everything that is kept about them, opened on their device."""
    held = play.client.export()
    play.screen.facts({name: _amount(held[name]) for name in HELD})
    labels = held["labels"]
    kept = {"record", "class", "retain_until", "ended_at", "expression", "confidence"}
    if labels:
        play.screen.note(
            "the first label, as kept: "
            + ", ".join(f"{name} {labels[0][name]}" for name in sorted(kept))
        )
    play.check(
        "every label that left is there to see, with the day it goes",
        len(labels) == len(play.labels),
        f"{len(labels)} labels",
    )


def catalogue_prices(catalogue: Path) -> dict[str, int]:
    """What the shop asks for each offer, in cents."""
    return {offer["id"]: offer["price"] for offer in json.loads(catalogue.read_text())["offers"]}


def a_no_later(play: Play) -> None:
    """Withdrawal: in force at once here, and at the server for whoever tries."""
    play.late = _sealed_but_not_sent(play)
    receipt = play.client.withdraw()
    play.check(
        "the withdrawal has a receipt",
        receipt is not None and receipt.outcome == "withdrawn",
        receipt.receipt if receipt else "none came",
    )
    refused = _refused(lambda: play.client.session(play.source))
    play.check(
        "the camera does not open any more",
        isinstance(refused, ConsentError),
        refused.code if refused else "it opened",
    )
    refusal = _refused(lambda: _send_anyway(play))
    laws = "; ".join(refusal.laws) if refusal else ""
    play.check(
        "a label sent all the same is refused, and the law is named",
        isinstance(refusal, RequestRefused) and bool(laws),
        laws,
    )
    after = play.client.rank()
    play.check(
        "the shop works as before, without emotion", bool(after.places) and not after.used_emotion
    )


def forgotten(play: Play) -> None:
    """The rest is erased, and certified twice."""
    certificate = play.client.erase()
    if certificate is None:
        raise StepFailed("the server could not be reached to erase")
    play.check("erasure is in force at once", certificate.stage == "accepted", certificate.erasure)
    done = _completed(play, certificate)
    play.check("and complete: key destroyed, rows gone, statistics subtracted", done.stage == "completed" and done.key_destroyed,
               f"the withdrawal had deleted labels and rankings; {done.records_deleted} and {done.events_subtracted} were left")  # fmt: skip
    refusal = _refused(lambda: _send_anyway(play))
    play.check(
        "nothing answers for this person any more",
        isinstance(refusal, RequestRefused),
        refusal.problem if isinstance(refusal, RequestRefused) else "it was accepted",
    )


def the_log(play: Play) -> None:
    """Stop the server and verify its log from files alone."""
    folder = play.stage.folder / "audit"
    key = play.client.log_key()
    play.stage.mien("audit", "export", str(folder))
    play.stage.stop()
    play.screen.console.print(
        play.stage.mien("audit", "verify", str(folder), "--key", key).rstrip(), highlight=False
    )
    play.screen.held("the log verifies offline: every hash, every signature", f"files in {folder}")
    altered = _with_one_bit_flipped(folder)
    found = _refused(lambda: play.stage.mien("audit", "verify", str(altered), "--key", key))
    play.check("and does not when a single bit of a copy is flipped", found is not None)
    text = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    subject = play.receipt.subject.encode() if play.receipt else b"sub_"
    play.check("and holds nothing of the erased person", subject not in text)


SCENES: tuple[tuple[str, Callable[[Play], None]], ...] = (
    ("Before anyone was asked", before_consent),
    ("The notice", the_notice),
    ("A yes, and its receipt", the_answer),
    ("The face is read on this device", the_reading),
    ("What left the device", what_left),
    ("Offers, with emotion", with_emotion),
    ("What is held", what_is_held),
    ("Withdrawal", a_no_later),
    ("Erasure", forgotten),
    ("Proof", the_log),
)


def _refused(attempt: Callable[[], object]) -> MienError | None:
    """The error an attempt was refused with, None when it was not."""
    try:
        attempt()
    except MienError as error:
        return error
    return None


def spoken(word: str, text: bytes) -> bool:
    """Whether `word` stands in `text` as a word. Inside a run of base64 three letters mean nothing: `joy` turns up in one of twenty sessions by chance."""
    return re.search(rb"(?<![\w-])" + word.encode() + rb"(?![\w-])", text) is not None


PICTURED = (the_reading, with_emotion)
"""The first and the last scene of the picture in the README."""


def _with_one_bit_flipped(folder: Path) -> Path:
    """A copy of an exported log in which one bit of one entry is another."""
    altered = Path(shutil.copytree(folder, folder.with_name("audit-altered")))
    entries = next(file for file in (altered / "tile/entries").rglob("*") if file.is_file())
    content = bytearray(entries.read_bytes())
    content[-1] ^= 1
    entries.write_bytes(content)
    return altered


def _sealed_but_not_sent(play: Play) -> messages.Envelope:
    """What a dishonest device would hold back: a label sealed with everything right, while consent still stood."""
    last = max(
        messages.parse(messages.Envelope, decode(body)).seq
        for body in play.wire.bodies("/v1/labels")
    )
    person = play.client._somebody()  # noqa: SLF001 - a dishonest device looks inside its own SDK
    server = play.client._seal_key()  # noqa: SLF001 - the same
    sender = seal.Sender(SITE, person.subject, person.device, person.stream_key)
    now = int(time.time())
    label = Label(expression="joy", ended_at=now, confidence=15)
    return seal.envelope([label], last + 1, now, sender, server)


def _send_anyway(play: Play) -> object:
    """Send the envelope that was held back, past the client that would refuse to."""
    if play.late is None:
        raise StepFailed("no envelope was held back")
    return play.sender().send(play.late, messages.Accepted)


def _completed(play: Play, accepted: Certificate) -> Certificate:
    """The second certificate, which follows within moments; the first when it does not."""
    deadline = time.monotonic() + ERASED_WITHIN
    certificate = accepted
    while certificate.stage != "completed" and time.monotonic() < deadline:
        time.sleep(0.2)
        certificate = play.client.certificate(accepted.erasure)
    return certificate


def _amount(value: object) -> str:
    if isinstance(value, list | dict):
        return f"{len(value)} " + ("entries" if isinstance(value, list) else "fields")
    return str(value)
