"""What the shop sells: prices and tags from the catalogue that mien ranks too, words and pictures of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
CATALOGUE: Final = HERE.parent / "catalogue/demo.json"
PICTURES: Final = HERE / "pages/pictures"


@dataclass(frozen=True, slots=True)
class Category:
    """A part of the shop."""

    id: str
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Product:
    """One thing, at one price for everybody. `price` is in minor units of `currency`."""

    id: str
    title: str
    price: int
    currency: str
    category: str
    line: str
    text: str
    facts: tuple[str, ...]

    def money(self) -> str:
        """The price as it is shown."""
        whole, cents = divmod(self.price, 100)
        return f"{'€' if self.currency == 'EUR' else self.currency}\u202f{whole}.{cents:02}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything, in the shop's own order."""

    categories: tuple[Category, ...]
    products: tuple[Product, ...]

    def product(self, name: str) -> Product | None:
        """The product of this id."""
        return next((each for each in self.products if each.id == name), None)

    def category(self, name: str) -> Category | None:
        """The category of this id."""
        return next((each for each in self.categories if each.id == name), None)

    def of(self, category: str) -> tuple[Product, ...]:
        """What lies in a category."""
        return tuple(each for each in self.products if each.category == category)

    def found(self, words: str) -> tuple[Product, ...]:
        """Products in whose words all of these are found."""
        wanted = words.casefold().split()
        return tuple(
            each
            for each in self.products
            if all(word in f"{each.title} {each.line} {each.text}".casefold() for word in wanted)
        )


def shelf() -> Shelf:
    """The shop's shelf, from its two files. Raises `KeyError` where one knows a product that the other does not."""
    told = json.loads((HERE / "products.json").read_text(encoding="utf-8"))
    offers = {each["id"]: each for each in json.loads(CATALOGUE.read_text())["offers"]}
    products = tuple(
        Product(
            each["id"], offers[each["id"]]["title"], offers[each["id"]]["price"], offers[each["id"]]["currency"],
            each["category"], each["line"], each["text"], tuple(each["facts"]),
        )
        for each in told["products"]
    )  # fmt: skip
    return Shelf(tuple(Category(**each) for each in told["categories"]), products)
