"""Write the generated page: the OpenAPI reference, from the application."""

import json
from pathlib import Path

from mien_server.app import openapi_document

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> None:
    """Write the page."""
    document = json.dumps(openapi_document(), indent=2, sort_keys=True, ensure_ascii=False)
    (REFERENCE / "openapi.json").write_text(document + "\n")


if __name__ == "__main__":
    main()
