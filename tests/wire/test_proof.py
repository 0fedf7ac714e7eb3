"""Proofs against the tree as RFC 6962 writes it down: every size, every entry, every pair; and nothing altered passes."""

import base64
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import CheckpointInvalid, MienError, ProofInvalid
from mien.wire import proof
from mien.wire.keys import SigningKey, VerifyKey

ORIGIN = "shop.example/audit"
KEY = SigningKey.from_secret(bytes(range(32)))
ENTRIES = [b"entry %d" % i for i in range(600)]
SIZES = 70


# ---- RFC 6962 section 2.1, word for word ----
def largest_power_below(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def mth(start: int, end: int) -> bytes:
    if start == end:
        return proof.EMPTY_ROOT
    if end - start == 1:
        return proof.leaf_hash(ENTRIES[start])
    k = largest_power_below(end - start)
    return proof.node_hash(mth(start, start + k), mth(start + k, end))


def path(m: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    k = largest_power_below(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, whole: bool) -> list[bytes]:
    if m == end - start:
        return [] if whole else [mth(start, end)]
    k = largest_power_below(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, whole), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, whole=False), mth(start, start + k)]


def consistency(old: int, new: int) -> list[bytes]:
    return subproof(old, 0, new, whole=True) if 0 < old < new else []


# ---- every size up to 70 ----
@pytest.mark.parametrize("size", range(1, SIZES))
def test_every_entry_of_every_size_is_proved_at_its_place_only(size: int) -> None:
    for index in range(size):
        found = path(index, 0, size)
        proof.verify_inclusion(ENTRIES[index], index, size, found, mth(0, size))
        for other in {0, index - 1, index + 1, size - 1} - {index}:
            with pytest.raises(ProofInvalid):
                proof.verify_inclusion(ENTRIES[index], other, size, found, mth(0, size))


@pytest.mark.parametrize("new", range(SIZES))
def test_every_size_begins_with_every_smaller_one(new: int) -> None:
    for old in range(new + 1):
        found = consistency(old, new)
        proof.verify_consistency(old, mth(0, old), new, mth(0, new), found)
        with pytest.raises(ProofInvalid):
            proof.verify_consistency(old, bytes(32), new, mth(0, new), found)
        if old:
            with pytest.raises(ProofInvalid):
                proof.verify_consistency(old, mth(0, old), new, bytes(32), found)


PAIRS = st.integers(1, len(ENTRIES)).flatmap(
    lambda new: st.tuples(st.integers(0, new - 1), st.just(new))
)


@given(PAIRS)
def test_large_trees(pair: tuple[int, int]) -> None:
    low, size = pair
    proof.verify_inclusion(ENTRIES[low], low, size, path(low, 0, size), mth(0, size))
    proof.verify_consistency(low, mth(0, low), size, mth(0, size), consistency(low, size))


# ---- nothing altered passes ----
def altered(hashes: list[bytes], draw: st.DrawFn) -> list[bytes]:
    """The path with a hash flipped, dropped, doubled, moved or added."""
    at = draw(st.integers(0, max(0, len(hashes) - 1)))
    extra = draw(st.sampled_from([bytes(32), proof.EMPTY_ROOT, *hashes]))
    ways = [[*hashes[:at], extra, *hashes[at:]], [*hashes, extra]]
    if hashes:
        flipped = bytes([hashes[at][0] ^ 1]) + hashes[at][1:]
        ways += [
            [*hashes[:at], flipped, *hashes[at + 1 :]],
            [*hashes[:at], *hashes[at + 1 :]],
            hashes[::-1],
            [],
        ]
    return draw(st.sampled_from(ways))


@settings(max_examples=300)
@given(st.data(), PAIRS)
def test_no_altered_inclusion_proof_passes(data: st.DataObject, pair: tuple[int, int]) -> None:
    index, size = pair
    honest = path(index, 0, size)
    wrong = data.draw(st.composite(lambda draw: altered(honest, draw))())
    if wrong != honest:
        with pytest.raises(ProofInvalid):
            proof.verify_inclusion(ENTRIES[index], index, size, wrong, mth(0, size))


@settings(max_examples=300)
@given(st.data(), PAIRS)
def test_no_altered_consistency_proof_passes(data: st.DataObject, pair: tuple[int, int]) -> None:
    old, new = pair
    honest = consistency(old, new)
    wrong = data.draw(st.composite(lambda draw: altered(honest, draw))())
    if wrong != honest:
        with pytest.raises(ProofInvalid):
            proof.verify_consistency(old, mth(0, old), new, mth(0, new), wrong)


@settings(max_examples=200)
@given(PAIRS, st.integers(0, len(ENTRIES) - 1))
def test_no_other_entry_passes(pair: tuple[int, int], other: int) -> None:
    index, size = pair
    if other != index:
        with pytest.raises(ProofInvalid):
            proof.verify_inclusion(ENTRIES[other], index, size, path(index, 0, size), mth(0, size))


def test_an_inner_node_is_no_entry() -> None:
    # RFC 6962 section 2.1: leaves and nodes are hashed apart, so that a node's content is not an entry of a smaller tree
    content = mth(0, 1) + mth(1, 2)
    with pytest.raises(ProofInvalid):
        proof.verify_inclusion(content, 0, 1, [], mth(0, 2))


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (-1, 5), (5, 5), (0, -1), (0, proof.MAX_SIZE + 1)]
)
def test_places_that_do_not_exist_are_refused(index: int, size: int) -> None:
    with pytest.raises(ProofInvalid):
        proof.verify_inclusion(b"", index, size, [], proof.EMPTY_ROOT)


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5), (5, proof.MAX_SIZE + 1)])
def test_sizes_that_do_not_follow_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofInvalid):
        proof.verify_consistency(old, mth(0, 5), new, mth(0, 5), [])


@pytest.mark.parametrize("hashes", [[b""], [bytes(31)], [bytes(33)], [bytes(32)] * 64])
def test_paths_of_impossible_shape_are_refused(hashes: list[bytes]) -> None:
    with pytest.raises(ProofInvalid):
        proof.verify_inclusion(ENTRIES[0], 0, 2, hashes, mth(0, 2))
    with pytest.raises(ProofInvalid):
        proof.verify_consistency(1, mth(0, 1), 2, mth(0, 2), hashes)


# ---- leaves and entries ----
@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
def test_an_entry_is_read_as_it_was_made_and_tells_the_hour_only(leaf: bytes, at: int) -> None:
    entry = proof.entry_of(leaf, at)
    assert len(entry) == proof.ENTRY_BYTES
    found, hour = proof.read_entry(entry)
    assert found == leaf
    assert 0 <= at - hour < 3600
    assert proof.entry_of(leaf, hour) == entry


@pytest.mark.parametrize(
    "entry", [b"", bytes(39), bytes(41), bytes(39) + b"\1", bytes(32) + b"\xff" * 8]
)
def test_what_is_no_entry_is_refused(entry: bytes) -> None:
    with pytest.raises(ProofInvalid):
        proof.read_entry(entry)


@pytest.mark.parametrize(("leaf", "at"), [(bytes(31), 0), (bytes(32), -1), (bytes(32), 2**63)])
def test_what_can_be_no_entry_is_refused(leaf: bytes, at: int) -> None:
    with pytest.raises(ProofInvalid):
        proof.entry_of(leaf, at)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_nonce_has_one_size(size: int) -> None:
    with pytest.raises(ProofInvalid):
        proof.leaf_of(bytes(size), b"{}")


# ---- keys and notes ----
@pytest.mark.parametrize(
    "origin",
    ["", "a b", "a+b", "a\tb", "a\u00a0b", "a\u200b", "a\nb", "a\x7f", "\ud800", "a" * 201],
)
def test_names_that_notes_cannot_carry_are_refused(origin: str) -> None:
    with pytest.raises(CheckpointInvalid):
        proof.note_key(origin, KEY.verify_key())


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_as_it_was_written(public: bytes) -> None:
    try:
        key = VerifyKey(public)
    except MienError:
        return
    assert proof.parse_note_key(proof.note_key(ORIGIN, key)) == (ORIGIN, key)


def note(*, size: int = 5) -> str:
    body = proof.Checkpoint(ORIGIN, size, mth(0, 5)).body()
    data = proof.note_id(ORIGIN, KEY.verify_key()) + KEY.sign(body.encode())
    return f"{body}\n\u2014 {ORIGIN} {base64.b64encode(data).decode()}\n"


@settings(max_examples=400)
@given(st.integers(0, len(note()) - 1), st.characters())
def test_no_altered_checkpoint_passes(at: int, letter: str) -> None:
    whole = note()
    changed = whole[:at] + letter + whole[at + 1 :]
    if changed != whole:
        with pytest.raises(CheckpointInvalid):
            proof.parse_checkpoint(changed, ORIGIN, KEY.verify_key())


@given(st.integers(0, len(note()) - 1))
def test_no_cut_checkpoint_passes(end: int) -> None:
    with pytest.raises(CheckpointInvalid):
        proof.parse_checkpoint(note()[:end], ORIGIN, KEY.verify_key())


def test_sixteen_large_signatures_of_others_are_borne_and_a_flood_is_not() -> None:
    line = f"\u2014 witness.example {base64.b64encode(bytes(3300)).decode()}\n"
    assert proof.parse_checkpoint(note() + line * 16, ORIGIN, KEY.verify_key()).size == 5
    with pytest.raises(CheckpointInvalid):
        proof.parse_checkpoint(note() + line * 40, ORIGIN, KEY.verify_key())


# ---- tlog-proof ----
def tlog_proof(index: int = 3) -> str:
    hashes = "".join(f"{base64.b64encode(each).decode()}\n" for each in path(index, 0, 5))
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note()}"


@pytest.mark.parametrize("index", range(5))
def test_a_tlog_proof_holds(index: int) -> None:
    text = tlog_proof(index)
    key = KEY.verify_key()
    assert proof.verify_tlog_proof(text, ENTRIES[index], ORIGIN, key) == index
    taken = proof.parse_tlog_proof(text)
    assert (taken.index, list(taken.path), taken.checkpoint) == (index, path(index, 0, 5), note())


@settings(max_examples=400)
@given(st.integers(0, len(tlog_proof()) - 1), st.characters())
def test_no_altered_tlog_proof_passes(at: int, letter: str) -> None:
    whole = tlog_proof()
    changed = whole[:at] + letter + whole[at + 1 :]
    if changed != whole:
        with pytest.raises((ProofInvalid, CheckpointInvalid)):
            proof.verify_tlog_proof(changed, ENTRIES[3], ORIGIN, KEY.verify_key())


def test_a_proof_of_the_only_entry_has_no_hashes() -> None:
    body = proof.Checkpoint(ORIGIN, 1, mth(0, 1)).body()
    data = proof.note_id(ORIGIN, KEY.verify_key()) + KEY.sign(body.encode())
    signed = f"{body}\n\u2014 {ORIGIN} {base64.b64encode(data).decode()}\n"
    text = f"c2sp.org/tlog-proof@v1\nindex 0\n\n{signed}"
    assert proof.verify_tlog_proof(text, ENTRIES[0], ORIGIN, KEY.verify_key()) == 0


def test_a_flood_is_no_proof() -> None:
    with pytest.raises(ProofInvalid):
        proof.parse_tlog_proof(tlog_proof() + "x" * 2 * proof.MAX_NOTE_CHARS)
