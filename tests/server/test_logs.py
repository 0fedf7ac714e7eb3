"""Logs carry what is on the list, and nothing else whoever writes it."""

import io
import json
import logging

import pytest

from mien_server import logs

CANARY = "sub_" + "canary" * 4


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_listed_keys_pass_with_time_and_level() -> None:
    out = io.StringIO()
    logs.make("info", out).info(
        "refused", route="/v1/labels", status=409, ms=1.5, code="envelope-replayed"
    )
    (line,) = lines(out)
    assert line.pop("timestamp")
    assert line == {
        "event": "refused", "level": "info", "route": "/v1/labels", "status": 409, "ms": 1.5, "code": "envelope-replayed",
    }  # fmt: skip


@pytest.mark.parametrize(
    "key", ["subject", "ip", "body", "key", "exception", "exc_info", "stack", "token", "path"]
)
def test_any_other_key_is_dropped(key: str) -> None:
    out = io.StringIO()
    logs.make("info", out).info("x", **{key: CANARY})
    assert CANARY not in out.getvalue()
    assert lines(out)[0]["event"] == "x"


@pytest.mark.parametrize(
    "value",
    [
        "a" * 121,
        "line\nbreak",
        "quote'",
        "{'subject': 'x'}",
        "naïve",
        {"a": 1},
        ["ok", {"a": 1}],
        b"bytes",
        object(),
    ],
)
def test_listed_key_with_a_value_that_could_carry_more_is_dropped(value: object) -> None:
    out = io.StringIO()
    logs.make("info", out).info("x", code=value)
    assert "code" not in lines(out)[0]


def test_laws_pass() -> None:
    out = io.StringIO()
    laws = ["GDPR 9(2)(a)", "AI Act 5(1)(f)", "LGPD art. 11, § 1"]
    logs.make("info", out).info("refused", laws=laws)
    assert lines(out)[0]["laws"] == laws


def test_level_holds_back_what_is_below_it() -> None:
    out = io.StringIO()
    logger = logs.make("info", out)
    logger.debug("answered")
    logger.info("started")
    assert [line["event"] for line in lines(out)] == ["started"]


def test_exception_is_written_as_kind_and_place_only() -> None:
    out = io.StringIO()
    logger = logs.make("info", out)
    logs.capture_libraries(logger)
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed for %s", CANARY)
    (line,) = lines(out)
    assert CANARY not in out.getvalue()
    assert line["kind"] == "ValueError"
    assert line["logger"] == "uvicorn.error"
    assert str(line["where"]).startswith("test_logs.py:")


def test_library_text_is_not_written_without_an_exception_either() -> None:
    out = io.StringIO()
    logs.capture_libraries(logs.make("info", out))
    logging.getLogger("asyncio").error(f"task failed for {CANARY}")  # noqa: G004 - libraries do that
    assert CANARY not in out.getvalue()
    assert lines(out)[0]["logger"] == "asyncio"


def test_capturing_again_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.capture_libraries(logs.make("info", first))
    logs.capture_libraries(logs.make("info", second))
    logging.getLogger("uvicorn.error").warning("once")
    assert (len(lines(first)), len(lines(second))) == (0, 1)


def test_where_names_the_innermost_line() -> None:
    def inner() -> None:
        raise KeyError(CANARY)

    with pytest.raises(KeyError) as caught:
        inner()
    assert logs.where(caught.tb).startswith("test_logs.py:")
    assert logs.where(None) == "unknown"


class Full(io.StringIO):
    """A stream on a disk that is full for a while."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_full_disk_costs_lines_and_nothing_else_and_they_are_counted() -> None:
    out = Full()
    logger = logs.make("info", out)
    for _ in range(3):
        logger.info("started")
    out.full = False
    logger.info("stopped")
    logger.info("stopped")
    first, *rest = lines(out)
    assert (first["event"], first["count"]) == ("lines-lost", 3)
    assert [line["event"] for line in rest] == ["stopped", "stopped"]
