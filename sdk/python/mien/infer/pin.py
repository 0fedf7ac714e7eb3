"""Hash of the embedded manifest, which holds the hashes of the models, and its model id. Written by the export of `sdk/model`; do not edit.

The id is here as well so that a device can say what it would read with before it loads anything.
"""

from typing import Final

MANIFEST_SHA256: Final = "2a20e1bb96c4db829dbd975bcc45e7bab9f9e7fa91a38c13db25ecb6fd8cd915"
MODEL_ID: Final = 2
