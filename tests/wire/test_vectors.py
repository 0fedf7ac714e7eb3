"""Every shared vector, one scenario each, with the failure it must end in. The web SDK reads the same files."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mien.errors import MienError
from mien.values import Label
from mien.wire import canonical, proof, seal, signatures, slots, updates, witness
from mien.wire.canonical import unb64
from mien.wire.keys import OpenKey, SigningKey, VerifyKey

VECTORS = Path(__file__).parent.parent / "vectors"
Vector = dict[str, Any]
ANOTHER = SigningKey.from_secret(bytes(range(32))).verify_key()


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def cases(name: str) -> pytest.MarkDecorator:
    rows = load(name)["vectors"]
    return pytest.mark.parametrize("vector", rows, ids=[row["name"] for row in rows])


def meets(vector: Vector, step: Callable[[], object]) -> None:
    """Run a step: it must succeed, or raise the error with exactly this code."""
    if vector["failure"] is None:
        step()
        return
    with pytest.raises(MienError) as caught:
        step()
    assert caught.value.code == vector["failure"]


@cases("canonical.json")
def test_canonical(vector: Vector) -> None:
    def step() -> None:
        if vector["op"] == "unb64":
            data = unb64(vector["text"])
            assert data.hex() == vector["bytes_hex"]
            assert canonical.b64(data) == vector["text"]
            return
        data = unb64(vector["bytes"])
        assert canonical.decode(data) == vector["value"]
        if vector["op"] == "encode":
            assert canonical.encode(vector["value"]) == data

    meets(vector, step)


@cases("slots.json")
def test_slots(vector: Vector) -> None:
    def step() -> None:
        labels = tuple(Label(**each) for each in vector.get("labels", ()))
        if vector["op"] != "unpack":
            packed = slots.pack(labels, vector["base"])
            assert packed == unb64(vector["plain"])
        if vector["op"] != "pack":
            assert slots.unpack(unb64(vector["plain"])) == labels

    meets(vector, step)


@cases("seal.json")
def test_seal(vector: Vector) -> None:
    def step() -> None:
        key = OpenKey.from_secret(unb64(vector["secret"]))
        context = [unb64(part) for part in vector["context"]]
        plain = seal.open_sealed(unb64(vector["sealed"]), key, seal.Use(vector["use"]), *context)
        assert plain == unb64(vector["plain"])

    meets(vector, step)


@cases("updates.json")
def test_updates(vector: Vector) -> None:
    def step() -> None:
        key = OpenKey.from_secret(unb64(vector["secret"]))
        where = updates.context(*vector["context"])
        assert updates.open_update(unb64(vector["sealed"]), key, *where) == unb64(vector["numbers"])
        again = updates.seal_update(unb64(vector["numbers"]), key.seal_key(), *where)
        assert len(again) == len(vector["sealed"])
        assert updates.open_update(unb64(again), key, *where) == unb64(vector["numbers"])

    meets(vector, step)


@cases("mac.json")
def test_mac(vector: Vector) -> None:
    parts = [unb64(part) for part in vector["parts"]]
    use = seal.Use(vector["use"])
    meets(vector, lambda: seal.check_mac(unb64(vector["mac"]), unb64(vector["key"]), use, *parts))


@cases("signatures.json")
def test_signatures(vector: Vector) -> None:
    def step() -> None:
        kind, public = signatures.Kind(vector["kind"]), VerifyKey.from_text(vector["public"])
        assert signatures.verify(vector["jws"], kind, public) == vector["payload"]
        key = SigningKey.from_secret(unb64(vector["secret"]))
        assert signatures.sign(kind, vector["payload"], key) == vector["jws"]

    meets(vector, step)


@cases("checkpoint.json")
def test_checkpoint(vector: Vector) -> None:
    def step() -> None:
        _name, key = proof.parse_note_key(vector["vkey"])
        found = proof.parse_checkpoint(vector["note"], vector["origin"], key)
        root = base64.b64decode(vector["root"])
        assert found == proof.Checkpoint(vector["origin"], vector["size"], root)

    meets(vector, step)


@cases("tlog_proof.json")
def test_tlog_proof(vector: Vector) -> None:
    def step() -> None:
        origin, key = proof.parse_note_key(vector["vkey"])
        entry = unb64(vector["entry"])
        assert proof.verify_tlog_proof(vector["proof"], entry, origin, key) == vector["index"]

    meets(vector, step)


@cases("leaf.json")
def test_leaf(vector: Vector) -> None:
    def step() -> None:
        leaf = proof.leaf_of(unb64(vector["nonce"]), vector["record"].encode())
        assert leaf == unb64(vector["leaf"])
        entry = proof.entry_of(leaf, vector["at"])
        assert entry == unb64(vector["entry"])
        assert proof.leaf_hash(entry) == unb64(vector["leaf_hash"])

    meets(vector, step)


@cases("rfc6962.json")
def test_published_tree(vector: Vector) -> None:
    published = load("rfc6962.json")
    leaves = [bytes.fromhex(each) for each in published["leaves"]]
    roots = {
        row["size"]: bytes.fromhex(row["root"])
        for row in published["vectors"]
        if row["op"] == "root"
    }
    path = [bytes.fromhex(each) for each in vector.get("path", ())]

    def step() -> None:
        if vector["op"] == "root":
            assert mth(leaves[: vector["size"]]) == roots[vector["size"]]
        elif vector["op"] == "inclusion":
            index, size = vector["index"], vector["size"]
            root = _given(vector, "root") or roots[size]
            proof.verify_inclusion(leaves[index], index, size, path, root)
        else:
            old, new = vector["old"], vector["new"]
            old_root = _given(vector, "old_root") or roots[old]
            new_root = _given(vector, "new_root") or roots[new]
            proof.verify_consistency(old, old_root, new, new_root, path)

    meets(vector, step)


def _given(vector: Vector, name: str) -> bytes:
    return bytes.fromhex(vector.get(name, ""))


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) < 2:
        return proof.leaf_hash(leaves[0]) if leaves else proof.EMPTY_ROOT
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return proof.node_hash(mth(leaves[:middle]), mth(leaves[middle:]))


@cases("note.json")
def test_published_note_keys(vector: Vector) -> None:
    def step() -> None:
        name, key = proof.parse_note_key(vector["vkey"])
        assert proof.note_key(name, key) == vector["vkey"]
        data = base64.b64decode(vector["signature"])
        assert data[:4] == proof.note_id(name, key)
        key.verify(data[4:], vector["text"].encode())

    meets(vector, step)


@cases("tlog_checkpoint.json")
def test_published_checkpoint(vector: Vector) -> None:
    def step() -> None:
        if vector["op"] == "signature":
            name, key = proof.parse_note_key(vector["vkey"])
            data = base64.b64decode(vector["signature"])
            assert data[:4] == proof.note_id(name, key)
            key.verify(data[4:], vector["body"].encode())
        else:
            origin = vector["note"].partition("\n")[0]
            proof.parse_checkpoint(vector["note"], origin, ANOTHER)

    meets(vector, step)


@cases("cosignature.json")
def test_published_cosignatures(vector: Vector) -> None:
    origin, key = proof.parse_note_key(vector["log"])
    known = witness.Witness.from_text(vector["witness"])
    assert known.text() == vector["witness"]
    shown = proof.parse_checkpoint(vector["note"], origin, key)
    [found] = witness.cosignatures(vector["note"], shown, [known])
    assert (shown.size, found.at) == (vector["size"], vector["at"])
    other = proof.Checkpoint(origin, shown.size + 1, shown.root)
    with pytest.raises(MienError):
        witness.cosignatures(vector["note"].replace(shown.body(), other.body()), other, [known])


def test_every_slice_of_a_published_key_is_refused() -> None:
    whole = load("note.json")["vectors"][0]["vkey"]
    for start in range(len(whole)):
        for end in range(start, len(whole) + 1):
            if (start, end) != (0, len(whole)):
                with pytest.raises(MienError):
                    proof.parse_note_key(whole[start:end])


def test_our_vectors_follow_from_their_seeds(tmp_path: Path) -> None:
    for file in VECTORS.iterdir():
        if file.suffix in {".py", ".json"}:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    subprocess.run([sys.executable, str(tmp_path / "make.py")], check=True, timeout=120)
    for file in VECTORS.glob("*.json"):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name
