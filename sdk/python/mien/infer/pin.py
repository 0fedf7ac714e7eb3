"""Hash of the embedded manifest, which holds the hashes of the models. Written by the export of `sdk/model`; do not edit."""

from typing import Final

MANIFEST_SHA256: Final = "cf18bbe3337e6016df97902ac9cd914c450d6bc0ddb0501181d98057968ea43e"
