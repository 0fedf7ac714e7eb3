"""Hash of the embedded manifest, which holds the hashes of the models. Written by the export of `sdk/model`; do not edit."""

from typing import Final

MANIFEST_SHA256: Final = "2a20e1bb96c4db829dbd975bcc45e7bab9f9e7fa91a38c13db25ecb6fd8cd915"
