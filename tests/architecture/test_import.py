"""`import mien` is light: it loads none of the heavy libraries, and neither does `mien --help`'s import of the command tree's root."""

import subprocess
import sys

HEAVY = (
    "onnxruntime",
    "cv2",
    "torch",
    "httpx",
    "pydantic",
    "numpy",
    "cryptography",
    "rich",
    "typer",
)


def loaded(statement: str) -> set[str]:
    code = (
        f"{statement}; import sys; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_mien_loads_nothing_heavy() -> None:
    modules = loaded("import mien")
    assert "mien" in modules
    assert modules.isdisjoint(HEAVY)


def test_the_check_would_notice() -> None:
    assert "pydantic" in loaded("import mien.wire.messages")
