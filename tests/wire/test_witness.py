"""Cosignatures and the messages of witnesses: what is published verifies, and nothing that was altered does."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import AuditError, CheckpointInvalid, ProofInvalid
from mien.wire import proof
from mien.wire.keys import SigningKey
from mien.wire.proof import Checkpoint
from mien.wire.witness import (
    AddCheckpoint,
    Cosignature,
    Witness,
    check_quorum,
    cosign,
    cosignatures,
    signed_text,
)

KEY = SigningKey.from_secret(bytes(range(32)))
NAME = "witness.example/w1"
WITNESS = Witness(NAME, KEY.verify_key())
SHOWN = Checkpoint("shop.example/log", 5, bytes(range(32)))
AT = 1_795_000_000
NOTE = f"{SHOWN.body()}\n\u2014 shop.example/log AAAAAAECAwQ=\n"
SIGNED = NOTE + cosign(SHOWN, NAME, KEY, AT)

# c2sp.org/tlog-cosignature, "Format": published without the witness's key, so that its shape is what can be checked.
SPEC_LINE = "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
SPEC_BODY = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
# c2sp.org/tlog-witness, "add-checkpoint".
SPEC_REQUEST = f"""old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

{SPEC_BODY}
\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""


def signatures(note: str = SIGNED, *witnesses: Witness) -> tuple[Cosignature, ...]:
    return cosignatures(note, SHOWN, witnesses or (WITNESS,))


def taken(note: str) -> tuple[Cosignature, ...]:
    """As somebody reads them who believes the text."""
    return cosignatures(note, proof.parse_body(proof.split_note(note)[0]), (WITNESS,))


def read(text: str) -> Checkpoint:
    return proof.parse_body(proof.split_note(AddCheckpoint.parse(text).note)[0])


# ---- the specification's own examples ----
def test_the_published_line_has_the_shape_that_we_read() -> None:
    _, [(name, identity, data)] = proof.split_note(f"{SPEC_BODY}\n{SPEC_LINE}")
    assert (name, identity.hex()) == ("witness.example.com/w1", "8d66cf3f")
    assert (int.from_bytes(data[:8], "big"), len(data)) == (1679315147, 8 + 64)


def test_the_published_message_is_what_we_sign() -> None:
    text = signed_text(proof.parse_body(SPEC_BODY), 1679315147)
    assert text == f"cosignature/v1\ntime 1679315147\n{SPEC_BODY}".encode()


def test_the_published_request_is_read_and_written_to_the_byte() -> None:
    asked = AddCheckpoint.parse(SPEC_REQUEST)
    assert (asked.old, len(asked.path)) == (20852014, 4)
    assert proof.parse_body(proof.split_note(asked.note)[0]).size == 20852163
    assert asked.text() == SPEC_REQUEST


# ---- keys ----
def test_a_witness_is_read_as_it_was_written() -> None:
    assert Witness.from_text(WITNESS.text()) == WITNESS
    assert WITNESS.text().startswith(f"{NAME}+{WITNESS.id.hex()}+B")


def test_a_logs_key_is_no_witnesss_and_the_other_way_round() -> None:
    with pytest.raises(CheckpointInvalid, match="of a witness"):
        Witness.from_text(proof.note_key(NAME, KEY.verify_key()))
    with pytest.raises(CheckpointInvalid, match="of a log"):
        proof.parse_note_key(WITNESS.text())


# ---- cosignatures ----
def test_a_cosignature_says_whose_and_when() -> None:
    [found] = signatures()
    assert (found.witness, found.at) == (WITNESS, AT)
    assert SIGNED.endswith(found.line + "\n")


def test_those_of_others_are_read_over() -> None:
    other = Witness("other.example", SigningKey.from_secret(bytes(32)).verify_key())
    namesake = Witness(NAME, other.key)
    assert signatures(SIGNED, other, namesake) == ()
    assert len(signatures(SIGNED, other, WITNESS)) == 1


def test_the_newest_of_two_counts_and_counts_once() -> None:
    twice = SIGNED + cosign(SHOWN, NAME, KEY, AT + 60)
    assert [each.at for each in signatures(twice)] == [AT + 60]
    backwards = NOTE + cosign(SHOWN, NAME, KEY, AT + 60) + cosign(SHOWN, NAME, KEY, AT)
    assert [each.at for each in signatures(backwards)] == [AT + 60]


def test_a_wrong_one_beside_a_right_one_refuses_the_note() -> None:
    other = Checkpoint(SHOWN.origin, 6, SHOWN.root)
    with pytest.raises(CheckpointInvalid, match=r"`witness.example/w1` does not verify"):
        signatures(SIGNED + cosign(other, NAME, KEY, AT))


def test_a_plain_signature_is_no_cosignature() -> None:
    data = WITNESS.id + KEY.sign(SHOWN.body().encode())
    line = f"\u2014 {NAME} {base64.b64encode(data).decode()}\n"
    with pytest.raises(CheckpointInvalid, match="malformed"):
        signatures(NOTE + line)


def test_a_time_beyond_63_bits_is_refused() -> None:
    data = WITNESS.id + (2**63).to_bytes(8, "big") + bytes(64)
    line = f"\u2014 {NAME} {base64.b64encode(data).decode()}\n"
    with pytest.raises(CheckpointInvalid, match="malformed"):
        signatures(NOTE + line)
    with pytest.raises(CheckpointInvalid, match="clock"):
        signed_text(SHOWN, -1)


def test_cosignatures_of_another_note_are_not_taken() -> None:
    with pytest.raises(CheckpointInvalid, match="another checkpoint"):
        cosignatures(SIGNED, Checkpoint(SHOWN.origin, 6, SHOWN.root), (WITNESS,))


@settings(max_examples=300)
@given(st.integers(len(NOTE), len(SIGNED) - 1), st.characters())
def test_no_altered_cosignature_counts(at: int, letter: str) -> None:
    changed = SIGNED[:at] + letter + SIGNED[at + 1 :]
    if changed == SIGNED:
        return
    try:
        found = signatures(changed)
    except CheckpointInvalid:
        return
    assert found == ()  # its name or id is another's now


@given(st.integers(0, len(SHOWN.body()) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_cosignature_moves_to_another_text(at: int, letter: str) -> None:
    body = SHOWN.body()
    changed = body[:at] + letter + body[at + 1 :]
    if changed == body:
        return
    with pytest.raises(CheckpointInvalid):
        taken(SIGNED.replace(body, changed))


# ---- quorums ----
def made(*times: int) -> tuple[Cosignature, ...]:
    keys = [SigningKey.from_secret(bytes([n] * 32)).verify_key() for n in range(len(times))]
    return tuple(Cosignature(Witness("w", key), at, "") for key, at in zip(keys, times, strict=True))  # fmt: skip


@pytest.mark.parametrize(("times", "quorum"), [((), 0), ((10,), 1), ((10, 20), 2), ((5, 15), 1)])
def test_a_quorum_in_time_is_enough(times: tuple[int, ...], quorum: int) -> None:
    check_quorum(made(*times), quorum, since=10, until=20)


@pytest.mark.parametrize(
    ("times", "quorum", "says"),
    [((), 1, "by 0 of the 1"), ((10,), 2, "by 1 of the 2"), ((9,), 1, "shown again"), ((21,), 1, "a clock is wrong"), ((9, 15), 2, "shown again")],
)  # fmt: skip
def test_too_few_or_too_old_are_not(times: tuple[int, ...], quorum: int, says: str) -> None:
    with pytest.raises(CheckpointInvalid, match=says):
        check_quorum(made(*times), quorum, since=10, until=20)


def test_one_key_under_two_names_is_one_witness() -> None:
    found = [Cosignature(Witness(name, KEY.verify_key()), 10, "") for name in ("a", "b")]
    check_quorum(found, 1, since=10, until=20)
    with pytest.raises(CheckpointInvalid, match="by 1 of the 2"):
        check_quorum(found, 2, since=10, until=20)


# ---- requests ----
@given(st.integers(0, proof.MAX_SIZE), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_is_read_as_it_was_written(old: int, path: list[bytes]) -> None:
    asked = AddCheckpoint(old, tuple(path), NOTE)
    assert AddCheckpoint.parse(asked.text()) == asked


@pytest.mark.parametrize(
    "head",
    [
        "", "old", "old ", "old -1", "old +1", "old 01", "old 1 ", "old  1", "old 9223372036854775808", "old \u0661", "new 1", "Old 1", "old 1\n",
        "old 1\n!", "old 1\nAAAA", "old 1\n" + "\n".join([base64.b64encode(bytes(32)).decode()] * 64),
        "old 1\n" + base64.b64encode(bytes(33)).decode(), "old 1\r",
    ],
)  # fmt: skip
def test_a_malformed_request_is_refused(head: str) -> None:
    with pytest.raises(AuditError):
        read(f"{head}\n\n{NOTE}")


def test_a_request_without_a_checkpoint_is_refused() -> None:
    with pytest.raises(CheckpointInvalid):
        AddCheckpoint.parse("old 1\n")
    with pytest.raises(ProofInvalid, match="63"):
        AddCheckpoint.parse("old 1\n" + "A\n" * 64 + "\n")
