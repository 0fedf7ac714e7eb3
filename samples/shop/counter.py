"""The shop's own small backend: pages, pictures and the chat. Knows nothing of mien but where its loader lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from shelf import HERE

from mien.cli.demo.door import Answer, NoSuchThing, Query, Site, assets, page, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from pages import Pages
    from talk import Talk

CONVERSATION: Final = re.compile(r"[a-f0-9]{32}")
WORDS: Final = 500
TICKET: Final = 4096


@dataclass(frozen=True, slots=True)
class Counter:
    """What the shop answers."""

    pages: Pages
    talk: Talk

    def site(self, mien: str) -> Site:
        """The shop as an origin, beside the mien server's."""
        return Site(assets(HERE / "pages"), self.get, self.post, mien)

    def get(self, path: str, query: Query) -> Answer:
        """The page at a path, or what was said."""
        if path.startswith("/api/"):
            return told(self._heard(path))
        kind, _, name = path.strip("/").partition("/")
        if kind == "c" and (category := self.pages.shelf.category(name)):
            return page(self.pages.category(category))
        if kind == "product" and (product := self.pages.shelf.product(name)):
            return page(self.pages.product(product))
        if path == "/search":
            return page(self.pages.found(query.get("q", [""])[0][:80]))
        plain: dict[str, Callable[[], str]] = {
            "/": self.pages.home, "/cart": self.pages.cart, "/your-data": self.pages.yours, "/help": self.pages.help, "/desk": self.pages.desk,
        }  # fmt: skip
        if path in plain:
            return page(plain[path]())
        return page(self.pages.gone(), HTTPStatus.NOT_FOUND)

    def post(self, path: str, said: dict[str, Any]) -> Answer:
        """A message of the chat. Raises `NoSuchThing` for what is none."""
        if not said.keys() <= {"conversation", "text", "ticket"}:
            raise NoSuchThing
        name = _conversation(_text(said, "conversation", 32))
        if path == "/api/person":
            ticket = _text(said, "ticket", TICKET) if "ticket" in said else None
            return told(self.talk.wants_a_person(name, ticket))
        if path == "/api/says":
            return told(self.talk.says(name, _text(said, "text", WORDS)))
        if path == "/api/answers":
            return told(self.talk.answers(name, _text(said, "text", WORDS)))
        raise NoSuchThing

    def _heard(self, path: str) -> Any:
        if path == "/api/waiting":
            return self.talk.waiting()
        return self.talk.of(_conversation(path.removeprefix("/api/said/")))


def _conversation(name: str) -> str:
    if not CONVERSATION.fullmatch(name):
        raise NoSuchThing
    return name


def _text(said: dict[str, Any], name: str, most: int) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > most:
        raise NoSuchThing
    return found
