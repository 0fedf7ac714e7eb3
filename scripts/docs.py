"""Write what is generated in the documentation: the OpenAPI reference from the application, and the reference of the policies from the bundle."""

import json
from pathlib import Path

from mien_server.app import openapi_document
from mien_server.authorize import load_bundle
from mien_server.authorize.page import filled

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"


def main() -> None:
    """Write the pages."""
    document = json.dumps(openapi_document(), indent=2, sort_keys=True, ensure_ascii=False)
    (REFERENCE / "openapi.json").write_text(document + "\n")
    page = REFERENCE / "policies.md"
    page.write_text(filled(page.read_text("utf-8"), load_bundle()), "utf-8")


if __name__ == "__main__":
    main()
