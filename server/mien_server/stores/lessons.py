"""Lessons: a site's exercises, and what answers to them taught."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

import hashlib
import json
from typing import Final

from sqlalchemy import bindparam, select, update

from mien.wire.canonical import encode
from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, put, value
from mien_server.values import LessonBank, LessonItem, LessonSums

_LESSONS = schema.lessons.c
_VERSION = select(_LESSONS.version).where(_LESSONS.site == bindparam("site"))
_BANK = select(_LESSONS.content).where(_LESSONS.site == bindparam("site"))
_GONE_AT = select(_LESSONS.gone_at).where(_LESSONS.site == bindparam("site"))
_ALL = select(_LESSONS.site).order_by(_LESSONS.site)
_REPLACE = (
    update(schema.lessons)
    .where(_LESSONS.site == bindparam("_site"))
    .values(version=bindparam("version"), content=bindparam("content"))
)
_GONE = (
    update(schema.lessons)
    .where(_LESSONS.site == bindparam("_site"), _LESSONS.gone_at < bindparam("at"))
    .values(gone_at=bindparam("at"))
)
_SUMS = select(*(schema.lesson_sums.c[name] for name in LessonSums.__slots__)).where(
    schema.lesson_sums.c.site == bindparam("site")
)
_MILLIONTHS: Final = 1_000_000


class SqlLessons:
    """`ports.Lessons`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def sites(self) -> tuple[str, ...]:
        return tuple(row[0] for row in self._runner.rows(_ALL, {}))

    def version(self, site: str) -> str | None:
        found: str | None = value(self._runner, _VERSION, {"site": site})
        return found

    def bank(self, site: str) -> LessonBank | None:
        content = value(self._runner, _BANK, {"site": site})
        return None if content is None else _bank(content)

    def put_bank(self, site: str, bank: LessonBank) -> None:
        content = _content(bank)
        values = {"version": hashlib.sha256(content).hexdigest(), "content": content}
        if not self._runner.change(_REPLACE, {"_site": site, **values}):
            self._runner.change(INSERTS["lessons"], {"site": site, "gone_at": 0, **values})

    def gone(self, site: str, at: int) -> None:
        self._runner.change(_GONE, {"_site": site, "at": at})

    def gone_at(self, site: str) -> int:
        found: int | None = value(self._runner, _GONE_AT, {"site": site})
        return found or 0

    def sums(self, site: str) -> LessonSums | None:
        row = self._runner.row(_SUMS, {"site": site})
        return None if row is None else LessonSums(*row)

    def put_sums(self, sums: LessonSums) -> None:
        values = {name: getattr(sums, name) for name in LessonSums.__slots__}
        put(self._runner, schema.lesson_sums, values)


def _content(bank: LessonBank) -> bytes:
    """Difficulties as whole millionths: canonical bytes hold no fractions."""
    return encode([
        [item.id, item.skill, round(item.difficulty * _MILLIONTHS), item.title] for item in bank.items.values()
    ])  # fmt: skip


def _bank(content: bytes) -> LessonBank:
    rows = json.loads(content)
    return LessonBank({
        name: LessonItem(name, skill, difficulty / _MILLIONTHS, title) for name, skill, difficulty, title in rows
    })  # fmt: skip
