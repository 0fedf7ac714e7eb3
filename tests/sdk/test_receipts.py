"""A receipt file proves what was said, or it is refused: every part is forged, exchanged or damaged here in turn."""

import hmac
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sdk import kept as made
from typer.testing import CliRunner

from mien import Claims, Client, cli
from mien.cli.link import Link, remember
from mien.consent import (
    ReceiptFile,
    dpv_receipt,
    kantara_receipt,
    notice_hash,
    open_receipt_file,
    read_receipt_file,
    receipt_file_from,
    receipt_file_json,
    with_notice,
)
from mien.consent.receipts import MAX_FILE_BYTES, Event
from mien.errors import KeepMissing, MienError, ReceiptInvalid, RequestInvalid, SignatureInvalid
from mien.testing import FakeServer
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import SigningKey
from mien.wire.signatures import MAX_CHARS, Kind, sign

ROOT = Path(__file__).resolve().parents[2]
runner = CliRunner()
GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
GOOD = made.kept()
CHILD = made.kept(made.childs(made.approval()))


# ---- what holds ----
@pytest.mark.parametrize(
    "file",
    [
        GOOD,
        CHILD,
        made.refused(),
        made.withdrawn(),
        made.withdrawn(shown=None),
        made.withdrawn(by=made.RECOVERY),
        made.withdrawn(by=made.GUARDIAN, outcome="revoked"),
        made.kept(made.consent(release=made.release())),
        made.kept(made.removal(), signer=made.DEVICE),
        made.kept(signer=made.DEVICE),
    ],
)
def test_a_whole_file_opens_and_survives_being_written(file: ReceiptFile) -> None:
    again = read_receipt_file(json.dumps(receipt_file_json(file), indent=2).encode())
    assert again == file
    opened = open_receipt_file(again, made.TRUST)
    assert opened.trusted
    assert opened.receipt.subject == opened.said.subject == made.SUBJECT


def test_the_file_s_own_key_is_not_taken_for_trust() -> None:
    assert not open_receipt_file(GOOD).trusted


def test_every_check_that_held_is_told() -> None:
    told: list[str] = []
    open_receipt_file(CHILD, made.TRUST, holds=told.append)
    assert [words.split()[-1] for words in told] == ["key", "statement", "names", "person", "shown", "device"]  # fmt: skip


def test_nothing_is_told_of_a_check_that_did_not_hold() -> None:
    told: list[str] = []
    with pytest.raises(ReceiptInvalid):
        open_receipt_file(GOOD, made.STRANGER.verify_key(), holds=told.append)
    assert told == []


YES = ("GDPR 9(2)(a)", "policy:ask-first"), ("The person said yes.",)
"""What the receipts made here rest a yes on."""
NO = ("AI Act 5(1)(f)",), ("At school no face is read.",)


def test_a_consent_granted_in_part_gives_each_no_its_own_reason() -> None:
    assert open_receipt_file(made.granted_in_part()).events() == (
        Event("given", ("personalize_offers",), "device", *YES),
        Event("refused", ("adapt_service",), "server", *NO),
        Event(
            "refused", ("contribute",), "server",
            ("policy:training-alone",), ("Training has a yes of its own.",),
        ),
    )  # fmt: skip


def test_a_no_without_a_reason_does_not_borrow_that_of_the_yes() -> None:
    file = made.kept(made.consent(("personalize_offers", "contribute")))
    assert open_receipt_file(file).events()[1] == Event("refused", ("contribute",), "server")


def test_what_is_named_as_refused_counts_as_refused() -> None:
    """Also where the same receipt lists it among those that stand: an earlier yes does."""
    file = made.kept(refused=[made.refusal("personalize_offers", *(word for (word,) in NO))])
    assert open_receipt_file(file).events() == (
        Event("refused", ("personalize_offers",), "server", *NO),
    )


def test_a_refusal_of_everything_names_the_reason_of_each() -> None:
    file = made.kept(
        made.consent(("adapt_service", "contribute")), outcome="refused", purposes=[],
        refused=[made.NOT_AT_SCHOOL, made.NOT_BUNDLED],
    )  # fmt: skip
    first, second = open_receipt_file(file).events()
    assert first == Event("refused", ("adapt_service",), "server", *NO)
    assert second.laws == ("policy:training-alone",)


def test_what_was_not_asked_for_is_not_told_as_refused() -> None:
    file = made.kept(refused=[made.NOT_AT_SCHOOL])
    assert [event.state for event in open_receipt_file(file).events()] == ["given"]


def test_a_withdrawal_of_one_purpose_is_about_that_one() -> None:
    file = made.withdrawn(purposes=["adapt_service"])
    assert open_receipt_file(file).events() == (
        Event("withdrawn", ("personalize_offers",), "device", ("GDPR 7(3)",)),
    )


def test_only_what_stood_was_taken_back() -> None:
    """Whoever takes back everything names every purpose, and consented to none but one."""
    said = made.withdrawal(made.PURPOSES)
    taken: dict[str, Any] = {"outcome": "withdrawn", "purposes": [], "laws": [], "says": []}
    (event,) = open_receipt_file(
        made.kept(said, signer=made.DEVICE, withdrawn=["declare_mood"], **taken)
    ).events()
    assert event == Event("withdrawn", ("declare_mood",), "device")
    nothing = made.kept(said, signer=made.DEVICE, **taken)
    assert open_receipt_file(nothing).events() == ()
    with pytest.raises(ReceiptInvalid, match="nothing was given, refused or taken back"):
        dpv_receipt(open_receipt_file(nothing))


def test_a_change_of_keys_is_about_no_purpose() -> None:
    assert (
        open_receipt_file(made.kept(made.removal(), signer=made.DEVICE), made.TRUST).events() == ()
    )


def test_a_withdrawal_finds_its_notice_among_the_others() -> None:
    bare, other = made.withdrawn(shown=None), made.kept(shown=made.notice(version="8"))
    assert with_notice(bare, [other, GOOD]).notice == made.NOTICE
    assert with_notice(bare, [other]) == bare
    assert with_notice(GOOD, [other]) is GOOD


# ---- foreign parts ----
def swapped(file: ReceiptFile = GOOD, **parts: Any) -> ReceiptFile:
    return file.model_copy(update=parts)


FOREIGN: dict[str, tuple[ReceiptFile, type[MienError]]] = {
    "another server's receipt": (made.kept(server=made.STRANGER), ReceiptInvalid),
    "the person's own signature as the server's": (made.kept(server=made.DEVICE), ReceiptInvalid),
    "a receipt of another site": (made.kept(site="other"), ReceiptInvalid),
    "a receipt of another person": (made.kept(subject=made.OTHER_SUBJECT), ReceiptInvalid),
    "a receipt for another statement": (
        swapped(statement=made.consent(("adapt_service",))), ReceiptInvalid,
    ),
    "a statement of another site": (made.kept(made.consent(site="other")), ReceiptInvalid),
    "a statement of another person": (
        made.kept(made.consent(subject=made.OTHER_SUBJECT)), ReceiptInvalid,
    ),
    "a statement signed by a stranger": (
        made.kept(made.consent(by=made.STRANGER)), SignatureInvalid,
    ),
    "a file that names another signer": (made.kept(signer=made.STRANGER), ReceiptInvalid),
    "another notice": (made.kept(shown=made.notice(version="8")), ReceiptInvalid),
    "another notice than the receipt's": (made.kept(notice_sha256=b64(bytes(32))), ReceiptInvalid),
    "another notice than the statement's": (
        made.kept(made.consent(notice_sha256=b64(bytes(32)))), ReceiptInvalid,
    ),
    "a consent without its notice": (made.kept(shown=None), ReceiptInvalid),
    "another site's notice": (
        made.withdrawn(
            shown=made.notice(site="other"),
            notice_sha256=notice_hash(made.notice(site="other")),
        ),
        ReceiptInvalid,
    ),
    "a withdrawal without its signer": (
        swapped(made.withdrawn(), signer=None), ReceiptInvalid,
    ),
    "a withdrawal with another signer": (
        swapped(made.withdrawn(), signer=made.STRANGER.verify_key().text()), SignatureInvalid,
    ),
    "a change of keys with another signer": (
        made.kept(made.removal(), signer=made.STRANGER), SignatureInvalid,
    ),
    "a release of another text": (
        made.kept(made.consent(release=made.release("I sign nothing."))), ReceiptInvalid,
    ),
    "an approval by a stranger": (
        made.kept(made.childs(made.approval(by=made.STRANGER))), SignatureInvalid,
    ),
    "an approval of other purposes": (
        made.kept(made.childs(made.approval(purposes=["adapt_service"]))), ReceiptInvalid,
    ),
    "an approval of another notice": (
        made.kept(made.childs(made.approval(notice_sha256=b64(bytes(32))))), ReceiptInvalid,
    ),
    "an approval for another device": (
        made.kept(made.childs(made.approval(device=b64(bytes(16))))), ReceiptInvalid,
    ),
    "an approval for another age": (
        made.kept(made.childs(made.approval(age_band="under_13"))), ReceiptInvalid,
    ),
    "an approval for another child": (
        made.kept(made.childs(made.approval(subject=made.OTHER_SUBJECT))), ReceiptInvalid,
    ),
    "a guardian who is the child": (
        made.kept(made.childs(made.approval(by=made.DEVICE), made.DEVICE)), ReceiptInvalid,
    ),
    "an erasure, which has certificates": (
        made.kept(sign(Kind.ERASURE, made.person(), made.DEVICE)), ReceiptInvalid,
    ),
    "the receipt in place of the statement": (swapped(statement=GOOD.receipt), ReceiptInvalid),
    "the statement in place of the receipt": (swapped(receipt=GOOD.statement), RequestInvalid),
    "a certificate in place of the receipt": (made.kept(kind=Kind.CERTIFICATE), ReceiptInvalid),
    "a capability in place of the receipt": (made.kept(kind=Kind.CAPABILITY), ReceiptInvalid),
    "a receipt that says more": (
        swapped(receipt=sign(Kind.RECEIPT, made.receipt(GOOD.statement) | {"also": 1}, made.SERVER)),
        RequestInvalid,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_parts_are_refused(name: str) -> None:
    file, error = FOREIGN[name]
    with pytest.raises(error):
        open_receipt_file(file, made.TRUST)


def test_a_file_that_a_stranger_made_holds_only_under_the_stranger_s_own_key() -> None:
    file = swapped(made.kept(server=made.STRANGER), trust=made.STRANGER.verify_key().text())
    assert not open_receipt_file(file).trusted
    with pytest.raises(ReceiptInvalid):
        open_receipt_file(file, made.TRUST)


# ---- the signatures themselves ----
def jws(header: Any, payload: Any, by: SigningKey, raw: bytes | None = None) -> str:
    """A signature over whatever header somebody likes to write."""
    head = b64(encode(header)) if raw is None else b64(raw)
    signed = f"{head}.{b64(encode(payload))}"
    return f"{signed}.{b64(by.sign(signed.encode()))}"


def hmacked(header: Any, payload: Any) -> str:
    """HS256 with the server's public key as the secret: what a library that believes `alg` would accept."""
    signed = f"{b64(encode(header))}.{b64(encode(payload))}"
    return f"{signed}.{b64(hmac.digest(made.TRUST.public, signed.encode(), 'sha256'))}"


HEADER = {"alg": "Ed25519", "kid": made.TRUST.id, "typ": str(Kind.RECEIPT)}
PAYLOAD = made.receipt(GOOD.statement)
HEAD, BODY, SIGNATURE = GOOD.receipt.split(".")
JWK = {"kty": "OKP", "crv": "Ed25519", "x": made.STRANGER.verify_key().text()}
TWICE = encode(HEADER)[:-1] + b',"alg":"none"}'
CONFUSED: dict[str, str] = {
    "none, unsigned": f"{b64(encode({**HEADER, 'alg': 'none'}))}.{BODY}.",
    "none, signed": jws({**HEADER, "alg": "none"}, PAYLOAD, made.SERVER),
    "None": jws({**HEADER, "alg": "None"}, PAYLOAD, made.SERVER),
    "HS256 with the public key": hmacked({**HEADER, "alg": "HS256"}, PAYLOAD),
    "HS256 named Ed25519": hmacked(HEADER, PAYLOAD),
    "EdDSA": jws({**HEADER, "alg": "EdDSA"}, PAYLOAD, made.SERVER),
    "ed25519": jws({**HEADER, "alg": "ed25519"}, PAYLOAD, made.SERVER),
    "a list of algorithms": jws({**HEADER, "alg": ["Ed25519"]}, PAYLOAD, made.SERVER),
    "no algorithm": jws({"kid": made.TRUST.id, "typ": HEADER["typ"]}, PAYLOAD, made.SERVER),
    "its own key": jws({**HEADER, "jwk": JWK}, PAYLOAD, made.STRANGER),
    "its own key, named so": jws({**HEADER, "kid": made.STRANGER.verify_key().id, "jwk": JWK}, PAYLOAD, made.STRANGER),
    "an address of keys": jws({**HEADER, "jku": "https://evil.example/keys"}, PAYLOAD, made.STRANGER),
    "a certificate chain": jws({**HEADER, "x5c": ["AA"]}, PAYLOAD, made.SERVER),
    "another key's name": jws({**HEADER, "kid": made.STRANGER.verify_key().id}, PAYLOAD, made.SERVER),
    "a path for a name": jws({**HEADER, "kid": "../../dev/null"}, PAYLOAD, made.SERVER),
    "something critical": jws({**HEADER, "crit": ["exp"], "exp": 1}, PAYLOAD, made.SERVER),
    "an unencoded payload": jws({**HEADER, "b64": False, "crit": ["b64"]}, PAYLOAD, made.SERVER),
    "a compressed payload": jws({**HEADER, "zip": "DEF"}, PAYLOAD, made.SERVER),
    "a content type": jws({**HEADER, "cty": "JWT"}, PAYLOAD, made.SERVER),
    "a field twice": jws(None, PAYLOAD, made.SERVER, TWICE),
    "another kind": jws({**HEADER, "typ": str(Kind.CAPABILITY)}, PAYLOAD, made.SERVER),
    "a plain token": jws({**HEADER, "typ": "JWT"}, PAYLOAD, made.SERVER),
    "the kind in capitals": jws({**HEADER, "typ": "MIEN-RECEIPT+JWS"}, PAYLOAD, made.SERVER),
    "a header that is a list": jws([HEADER], PAYLOAD, made.SERVER),
    "a header that is no JSON": jws(None, PAYLOAD, made.SERVER, b"{"),
    "a signature of zeros": f"{HEAD}.{BODY}.{b64(bytes(64))}",
    "a signature of 63 bytes": f"{HEAD}.{BODY}.{b64(unb64(SIGNATURE)[:63])}",
    "a signature of 65 bytes": f"{HEAD}.{BODY}.{b64(unb64(SIGNATURE) + b'0')}",
    "spare bits in the signature": f"{HEAD}.{BODY}.{SIGNATURE[:-1]}{chr(ord(SIGNATURE[-1]) + 1)}",
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{GOOD.receipt}.{SIGNATURE}",
    "five parts": f"{GOOD.receipt}..",
    "nothing between the dots": "..",
    "nothing": "",
    "padding": f"{HEAD}=.{BODY}.{SIGNATURE}",
    "the other base64": f"{HEAD}.+/{BODY[2:]}.{SIGNATURE}",
    "a space": f"{HEAD}. {BODY}.{SIGNATURE}",
    "a line feed at the end": f"{GOOD.receipt}\n",
    "the JSON form": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "too much": f"{HEAD}.{'A' * MAX_CHARS}.{SIGNATURE}",
}  # fmt: skip


@pytest.mark.parametrize("name", CONFUSED)
def test_a_receipt_is_one_form_of_signature_only(name: str) -> None:
    """Both ways in: from a file, and from a value that somebody made without the checks of its form."""
    with pytest.raises((ReceiptInvalid, RequestInvalid, SignatureInvalid)):
        open_receipt_file(swapped(receipt=CONFUSED[name]), made.TRUST)
    value = receipt_file_json(GOOD) | {"receipt": CONFUSED[name]}
    with pytest.raises((ReceiptInvalid, RequestInvalid, SignatureInvalid)):
        open_receipt_file(receipt_file_from(value), made.TRUST)


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA", "ES256"])
def test_a_statement_is_one_form_of_signature_only(alg: str) -> None:
    head, body, signature = GOOD.statement.split(".")
    header = {"alg": alg, "kid": made.DEVICE.verify_key().id, "typ": str(Kind.CONSENT)}
    for said in (
        f"{b64(encode(header))}.{body}.{signature}",
        f"{b64(encode(header))}.{body}.",
        f"{head}.{body}.",
    ):
        with pytest.raises((ReceiptInvalid, RequestInvalid, SignatureInvalid)):
            open_receipt_file(made.kept(GOOD.statement).model_copy(update={"statement": said}))
        with pytest.raises((ReceiptInvalid, RequestInvalid, SignatureInvalid)):
            open_receipt_file(_answering(said), made.TRUST)


def _answering(said: str) -> ReceiptFile:
    """A file whose receipt does answer this statement: a server that was fooled."""
    receipt = sign(Kind.RECEIPT, made.receipt(said), made.SERVER)
    return swapped(statement=said, receipt=receipt)


# ---- the file ----
TEXT = json.dumps(receipt_file_json(CHILD), ensure_ascii=False, sort_keys=True)


@given(st.integers(0, len(TEXT) - 1), st.sampled_from([*'AZaz09-_.{}[]":,', "\0", "é", "\n"]))
def test_any_changed_character_is_noticed(at: int, letter: str) -> None:
    """But for the address of the server and the key for those who have no other: nobody signed these, and `verify` says so."""
    changed = TEXT[:at] + letter + TEXT[at + 1 :]
    try:
        file = read_receipt_file(changed.encode())
        open_receipt_file(file, made.TRUST)
    except MienError:
        return
    assert file.model_copy(update={"server": CHILD.server, "trust": CHILD.trust}) == CHILD


@given(st.integers(0, len(TEXT.encode()) - 1))
def test_any_cut_is_noticed(end: int) -> None:
    with pytest.raises(RequestInvalid):
        read_receipt_file(TEXT.encode()[:end])


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": "1"}, {"more": 1}, {"receipt": None}, {"receipt": ["a.b.c"]}, {"notice": {}},
        {"server": "ftp://shop.example"}, {"server": "https://shop.example/<script>"}, {"server": "https://a b"},
        {"server": "https://me:secret@shop.example"}, {"server": "https://shop.example/#else"}, {"server": "https://x\n"},
        {"trust": ""}, {"trust": "A" * 42}, {"signer": "A" * 44}, {"trust": b64(bytes(32))},
    ],
)  # fmt: skip
def test_a_file_is_read_strictly(change: dict[str, Any]) -> None:
    with pytest.raises(RequestInvalid):
        open_receipt_file(receipt_file_from(receipt_file_json(GOOD) | change))


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"[]", b"{}", b'"a.b.c"', b"{" * 5000, b"\xff\xfe{}", b'{"v":1,"v":1}', b'{"v":1.0}', b" " * (MAX_FILE_BYTES + 1)],
)  # fmt: skip
def test_what_is_no_file_is_refused(data: bytes) -> None:
    with pytest.raises(RequestInvalid):
        read_receipt_file(data)


# ---- the command ----
@pytest.fixture
def write(tmp_path: Path) -> Callable[[ReceiptFile], str]:
    def write(file: ReceiptFile) -> str:
        path = tmp_path / "receipt.json"
        path.write_text(json.dumps(receipt_file_json(file)))
        return str(path)

    return write


Write = Callable[[ReceiptFile], str]


def run(*words: str, status: int = 0) -> str:
    done = runner.invoke(cli.app, ["receipt", *words])
    assert done.exit_code == status, (done.output, done.exception)
    return done.output


def test_show_says_what_when_until_where_why_and_how_to_take_it_back(write: Write) -> None:
    said = run("show", write(GOOD), "--trust", made.TRUST.text())
    assert "You said yes to Zweck personalize_offers\n" in said
    assert "When: 2026-11-18 11:06 UTC" in said
    assert "Until: 2027-11-18 11:06 UTC" in said
    assert "Where: shop at https://mien.shop.example; law of EU-DE" in said
    assert "Law: GDPR 9(2)(a); policy:ask-first\n  The person said yes.\n" in said
    assert "Answerable: Shop GmbH, Hauptstr. 1, 10115 Berlin" in said
    assert "mien me withdraw" in said
    assert "finds damage" not in said


def test_show_says_who_said_no(write: Write) -> None:
    assert "Not allowed, although you said yes: Zweck personalize_offers" in run("show", write(made.refused()))  # fmt: skip
    said = run("show", write(made.withdrawn(shown=None)))
    assert "You took back your yes to personalize_offers\n" in said
    assert "Still yes to: nothing" in said
    assert "Until" not in said
    assert "Your guardian took back" in run("show", write(made.withdrawn(by=made.GUARDIAN, outcome="revoked")))  # fmt: skip
    assert "keys that speak for you were changed" in run("show", write(made.kept(made.removal(), signer=made.DEVICE)))  # fmt: skip


def test_show_gives_each_no_its_own_law(write: Write) -> None:
    said = run("show", write(made.granted_in_part()))
    no = "Not allowed, although you said yes: Zweck"
    assert f"{no} adapt_service\n  Law: AI Act 5(1)(f)\n  At school no face is read.\n" in said
    assert (
        f"{no} contribute\n  Law: policy:training-alone\n  Training has a yes of its own.\n" in said
    )
    assert "Law: GDPR 9(2)(a); policy:ask-first\n  The person said yes.\n" in said
    said = run("show", write(made.refused()))
    assert said.count("AI Act 5(1)(f)") == 1


def test_show_says_that_nothing_was_left(write: Write) -> None:
    said = run("show", write(made.withdrawn(withdrawn=[])))
    assert "There was nothing left to take back.\n" in said
    assert "keys that speak" not in said


def test_show_does_not_let_a_file_command_the_terminal(write: Write) -> None:
    sly = made.notice(title="\x1b[2J\x1b]0;gone\x07[bold]", controller="[link=x]a")
    shown = notice_hash(sly)
    file = made.kept(made.consent(notice_sha256=shown), shown=sly, notice_sha256=shown)
    said = run("show", write(file))
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "[bold]" in said
    assert "[link=x]a" in said


def test_show_does_not_show_what_does_not_hold(write: Write) -> None:
    done = runner.invoke(cli.app, ["receipt", "show", write(made.kept(server=made.STRANGER))])
    assert isinstance(done.exception, ReceiptInvalid)
    assert "You said yes" not in done.output


def test_verify_names_each_check_and_what_its_own_key_is_worth(write: Write) -> None:
    said = run("verify", write(CHILD))
    assert said.count("holds: ") == 6
    assert "finds damage, not a forger" in said
    assert "Not signed: the server's address" in said
    trusted = run("verify", write(CHILD), "--trust", made.TRUST.text())
    assert trusted.count("holds: ") == 6
    assert "finds damage" not in trusted


def test_verify_ends_with_one_when_something_does_not_hold(write: Write) -> None:
    said = run("verify", write(GOOD), "--trust", made.STRANGER.verify_key().text(), status=1)
    assert "DOES NOT HOLD: the receipt is not signed by the trusted key" in said
    assert "[receipt-invalid]" in said
    file = made.kept(made.consent(by=made.STRANGER))
    said = run("verify", write(file), status=1)
    assert said.count("holds: ") == 2
    assert "[signature-invalid]" in said


def test_verify_ends_with_two_when_nothing_could_be_checked(tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_bytes(b"{}")
    done = runner.invoke(cli.app, ["receipt", "verify", str(path)])
    assert isinstance(done.exception, RequestInvalid)  # `main` makes it one line and status 2
    run("verify", str(tmp_path / "none.json"), status=2)
    run("verify", str(tmp_path), status=2)
    path.write_text(json.dumps(receipt_file_json(GOOD)))
    run("verify", str(path), "--id", "rcp_" + "c" * 26, status=2)
    done = runner.invoke(cli.app, ["receipt", "verify", str(path), "--trust", "no key"])
    assert isinstance(done.exception, RequestInvalid)


def test_export_writes_the_file_as_it_is(write: Write, tmp_path: Path) -> None:
    path = write(GOOD)
    assert receipt_file_from(json.loads(run("export", path))) == GOOD
    out = tmp_path / "again.json"
    run("export", path, "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert read_receipt_file(out.read_bytes()) == GOOD
    done = runner.invoke(cli.app, ["receipt", "export", path, "--out", str(out)])
    assert isinstance(done.exception, FileExistsError)


def test_export_writes_the_two_formats(write: Write) -> None:
    assert json.loads(run("export", write(GOOD), "--format", "dpv"))["@type"] == "dpv:ConsentReceipt"  # fmt: skip
    assert json.loads(run("export", write(GOOD), "--format", "kantara"))["version"] == "KI-CR-v1.1.0"  # fmt: skip
    run("export", write(GOOD), "--format", "pdf", status=2)


@pytest.mark.parametrize("form", ["mien", "dpv", "kantara"])
def test_export_does_not_write_what_does_not_hold(write: Write, form: str) -> None:
    path = write(made.kept(server=made.STRANGER))
    done = runner.invoke(cli.app, ["receipt", "export", path, "--format", form])
    assert isinstance(done.exception, ReceiptInvalid)
    assert done.output == ""


def test_the_code_of_the_how_to_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = ROOT / "docs/how-to/keep-and-check-a-receipt.md"
    code = page.read_text().partition("```python\n")[2].partition("```")[0]
    (tmp_path / "receipt.json").write_text(json.dumps(receipt_file_json(GOOD)))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page.name, "exec"), {"KEY": made.TRUST.text()})  # noqa: S102 - the point of the test
    assert capsys.readouterr().out == "given ('personalize_offers',) device\n"


# ---- Kantara ----
MUST = {
    "version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID", "piiPrincipalId", "piiControllers",
    "policyUrl", "services", "sensitive", "spiCat",
}  # fmt: skip
"""Consent Receipt Specification 1.1.0, sections 4.3 to 4.5: what is REQUIRED."""
MUST_CONTROLLER = {"piiController", "contact", "address", "email", "phone"}
MUST_PURPOSE = {"purpose", "purposeCategory", "consentType", "piiCategory", "termination", "thirdPartyDisclosure"}  # fmt: skip


def test_the_kantara_receipt_has_what_the_specification_requires() -> None:
    asked = made.consent(made.PURPOSES)
    receipt = kantara_receipt(open_receipt_file(made.kept(asked, purposes=list(made.PURPOSES))))
    assert receipt.keys() >= MUST
    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentTimestamp"] == made.AT
    for texts in (receipt, *receipt["piiControllers"]):
        assert all(value for value in texts.values() if isinstance(value, str))
    for controller in receipt["piiControllers"]:
        assert controller.keys() >= MUST_CONTROLLER
        assert controller["email"] == "privacy@shop.example"
        assert controller["phone"] == "+49 30 123456"
        assert controller["address"]["streetAddress"] == "Hauptstr. 1, 10115 Berlin"
    (service,) = receipt["services"]
    assert service["service"] == "shop"
    assert len(service["purposes"]) == len(made.PURPOSES)
    for purpose in service["purposes"]:
        assert purpose.keys() >= MUST_PURPOSE
        assert all(value for value in purpose.values() if isinstance(value, str | list))
        assert purpose["consentType"] == "EXPLICIT"
        assert purpose["thirdPartyDisclosure"] is False
    assert receipt["sensitive"] is True
    assert receipt["spiCat"] == ["Biometric"]


def test_what_is_not_in_the_contact_text_is_not_made_up() -> None:
    shown = made.notice(contact="privacy@shop.example")
    name = notice_hash(shown)
    file = made.kept(made.consent(notice_sha256=name), shown=shown, notice_sha256=name)
    (controller,) = kantara_receipt(open_receipt_file(file))["piiControllers"]
    assert controller["email"] == "privacy@shop.example"
    assert controller["phone"] == ""
    assert controller["address"]["streetAddress"] == ""


def test_a_declared_mood_is_not_biometric() -> None:
    file = made.kept(made.consent(("declare_mood",)), purposes=["declare_mood"])
    receipt = kantara_receipt(open_receipt_file(file))
    assert receipt["sensitive"] is False
    assert receipt["spiCat"] == []


def test_only_what_was_granted_is_in_a_kantara_receipt() -> None:
    file = made.kept(made.consent(("personalize_offers", "contribute")))
    (service,) = kantara_receipt(open_receipt_file(file))["services"]
    assert [purpose["purpose"] for purpose in service["purposes"]] == ["Zweck personalize_offers"]


@pytest.mark.parametrize(
    "file",
    [made.refused(), made.withdrawn(), made.kept(made.removal(), signer=made.DEVICE)],
)
def test_a_no_has_no_kantara_receipt(file: ReceiptFile) -> None:
    with pytest.raises(ReceiptInvalid):
        kantara_receipt(open_receipt_file(file))


# ---- this device's own ----
@pytest.fixture
def own(consented: Client, server: FakeServer, home: Path) -> Callable[..., str]:
    """The command on a device whose person said yes to offers and to the service, then took the service back."""
    consented.notice()
    consented.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    consented.withdraw(["adapt_service"])
    remember(Link("https://fake.example", server.site, server.key, server.trust), home)

    def own(*words: str, status: int = 0) -> str:
        return run(*words, "--home", str(home), status=status)

    return own


def test_without_a_file_it_is_the_latest_of_this_device(own: Callable[..., str]) -> None:
    said = own("show")
    assert "You took back your yes to " in said
    assert "finds damage" not in said  # this device knows the server's key
    assert "DOES NOT HOLD" not in own("verify")
    assert json.loads(own("export"))["v"] == 1


def test_an_id_chooses_another(own: Callable[..., str], consented: Client) -> None:
    first, second, _third = (open_receipt_file(file).receipt for file in consented.receipts())
    assert "Still yes to: " in own("show", "--id", second.receipt)
    assert second.receipt in own("show", "--id", second.receipt)
    assert first.receipt in own("export", "--id", first.receipt, "--format", "dpv")


def test_another_key_than_the_device_s_is_not_overruled(own: Callable[..., str]) -> None:
    assert "DOES NOT HOLD" in own("verify", "--trust", made.TRUST.text(), status=1)


def test_a_receipt_that_is_not_there_is_said_so(own: Callable[..., str], home: Path) -> None:
    words = ["receipt", "show", "--id", "rcp_" + "z" * 26, "--home", str(home)]
    done = runner.invoke(cli.app, words)
    assert isinstance(done.exception, KeepMissing)
    assert "no such receipt" in str(done.exception)


def test_a_device_that_knows_no_server_says_so(tmp_path: Path) -> None:
    done = runner.invoke(cli.app, ["receipt", "show", "--home", str(tmp_path / "new")])
    assert isinstance(done.exception, KeepMissing)
