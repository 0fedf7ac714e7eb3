"""Hash of the embedded manifest, which holds the hashes of the models. Written by the export of `sdk/model`; do not edit."""

from typing import Final

MANIFEST_SHA256: Final = "a0bbd40f163a43d965c8e912767d15a0e8772c24461a962eb0083b8c38d287ad"
