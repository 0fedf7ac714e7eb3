"""Hash of the embedded manifest, which holds the hashes of the models. Written by the export of `sdk/model`; do not edit."""

from typing import Final

MANIFEST_SHA256: Final = "429d437876d3ef1d4937719a831764d811c881a405282abb1fece0513de66307"
