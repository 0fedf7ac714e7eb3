"""The shop's pages. Everything on them is there without any script; mien orders what is offered, where it may."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from shelf import HERE, Category, Product, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable

LAYOUT: Final = Template((HERE / "pages/layout.html").read_text(encoding="utf-8"))
OFFERED: Final = 6
"""Places of the strip that mien orders on the first page, and on a product's."""
ALONGSIDE: Final = 4


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages of one shop. `embedded` is the markup of the loader; empty for a shop without mien."""

    shelf: Shelf
    embedded: str

    def home(self) -> str:
        """The first page."""
        return self._page(
            "Idle Hours",
            f"""
<section class="hero">
  <div>
    <p class="eyebrow">Twenty-four good things</p>
    <h1>For an afternoon<br>with nothing in it.</h1>
    <p class="lead">A small shop for kites, books, soap and other reasons to stay a little longer. Every thing has one price, and it is the same for everybody.</p>
    <p><a class="button" href="#everything">See everything</a></p>
  </div>
  <div class="scene" aria-hidden="true">
    <img src="/assets/pictures/kite-dragon.svg" alt="" width="200" height="200" class="high">
    <img src="/assets/pictures/picnic-basket.svg" alt="" width="200" height="200" class="low">
    <img src="/assets/pictures/ukulele.svg" alt="" width="200" height="200" class="beside">
  </div>
</section>
{self._strip("For you, perhaps", "home", OFFERED)}
<section id="everything" aria-labelledby="everything-title">
  <div class="heading"><h2 id="everything-title">Everything</h2><p class="quiet">in the order in which we put it on the shelf</p></div>
  {_grid(self.shelf.products)}
</section>""",
        )

    def category(self, category: Category) -> str:
        """One part of the shop."""
        things = self.shelf.of(category.id)
        return self._page(
            category.name,
            f"""
<section aria-labelledby="title">
  <div class="heading tall"><h1 id="title">{escape(category.name)}</h1><p class="lead">{escape(category.line)}</p></div>
  {_grid(things)}
</section>
{self._strip("And besides", category.id, ALONGSIDE)}""",
        )

    def found(self, words: str) -> str:
        """What a search finds."""
        things = self.shelf.found(words) if words.strip() else ()
        count = (
            "one thing"
            if len(things) == 1
            else f"{len(things) or 'nothing'}{' things' if things else ''}"
        )
        return self._page(
            "Search",
            f"""
<section aria-labelledby="title">
  <div class="heading tall"><h1 id="title">Search</h1><p class="lead">“{escape(words)}”: {count}</p></div>
  {_grid(things)}
</section>
{self._strip("Or one of these", "search", ALONGSIDE)}""",
            words,
        )

    def product(self, product: Product) -> str:
        """One thing."""
        category = self.shelf.category(product.category)
        name = category.name if category else ""
        facts = "".join(f"<li>{escape(fact)}</li>" for fact in product.facts)
        return self._page(
            product.title,
            f"""
<article class="product" data-product="{product.id}">
  <div class="tile {product.category}"><img src="/assets/pictures/{product.id}.svg" alt="{escape(product.title)}, a drawing" width="480" height="480"></div>
  <div>
    <p class="eyebrow"><a href="/c/{product.category}">{escape(name)}</a></p>
    <h1>{escape(product.title)}</h1>
    <p class="lead">{escape(product.line)}</p>
    <p>{escape(product.text)}</p>
    <ul class="facts">{facts}</ul>
    <p class="price">{product.money()} <span class="quiet">with tax; the same for everybody</span></p>
    <button type="button" class="button" data-add="{product.id}">Put into the cart</button>
    <p class="said" role="status"></p>
  </div>
</article>
{self._strip("Goes well with it", "product", ALONGSIDE, but=product.id)}""",
        )

    def cart(self) -> str:
        """What was chosen, and the pretend checkout."""
        known = "".join(
            f'<template data-id="{each.id}" data-title="{escape(each.title)}" data-price="{each.price}" data-category="{each.category}"></template>'
            for each in self.shelf.products
        )
        return self._page(
            "Cart",
            f"""
<section class="narrow" aria-labelledby="title">
  <div class="heading tall"><h1 id="title">Cart</h1></div>
  <div id="known" hidden>{known}</div>
  <ul class="lines" id="lines"></ul>
  <p id="empty">Nothing is in it. <a href="/">Look around</a>: nothing hurries.</p>
  <div id="pay" hidden>
    <p class="total">Together <strong id="total"></strong></p>
    <button type="button" class="button" id="buy">Buy</button>
    <p class="quiet">A pretend shop: nothing is charged and nothing is sent.</p>
  </div>
  <p class="said" role="status"></p>
</section>
{self._strip("Before you go", "cart", ALONGSIDE)}""",
        )

    def yours(self) -> str:
        """The person's own page: rendered by the frame, which the shop cannot read."""
        return self._page(
            "Your data",
            """
<section class="narrow" aria-labelledby="title">
  <div class="heading tall"><h1 id="title">Your data</h1>
  <p class="lead">What was noted of how you feel, if you said yes to that; and the way to see it, correct it, take it back or have it erased.</p></div>
  <p>This shop cannot read what stands below: it comes from our mien server and goes to your browser alone. What you put into the cart stays in this browser and is gone with the visit.</p>
  <mien-me></mien-me>
  <p class="away" hidden>It cannot be shown just now: our mien server does not answer. Come back a little later.</p>
  <noscript><p>Without scripts nothing was asked of you and nothing is known.</p></noscript>
  <h2>Another answer</h2>
  <p>You can read what it is about, and answer, or answer anew, at any time.</p>
  <p><button type="button" class="button plain" data-open="how">How the order can follow how you feel</button></p>
</section>""",
        )

    def help(self) -> str:
        """The chat."""
        return self._page(
            "Help",
            """
<section class="narrow" aria-labelledby="title">
  <div class="heading tall"><h1 id="title">Help</h1><p class="lead">A small machine answers at once. A person comes when you ask for one.</p></div>
  <div class="chat">
    <ol id="said" aria-live="polite" aria-label="What was said"></ol>
    <form id="write">
      <label for="words">Your message</label>
      <div class="row"><input id="words" name="words" autocomplete="off" maxlength="500" required><button class="button" type="submit">Send</button></div>
    </form>
    <p data-without id="person"><button type="button" class="button plain">Talk to a person</button></p>
    <div data-with hidden><mien-help></mien-help></div>
  </div>
</section>""",
        )

    def desk(self) -> str:
        """What the people of the shop see."""
        return self._page(
            "The desk",
            """
<section class="narrow" aria-labelledby="title">
  <div class="heading tall"><h1 id="title">The desk</h1><p class="lead">Who waits for a person, and how to speak with them.</p></div>
  <p class="quiet">For the people of the shop; a real one keeps this page behind its login. A tone and at most one word are shown, and only where the visitor let them through.</p>
  <div id="waiting" aria-live="polite"></div>
</section>""",
        )

    def gone(self) -> str:
        """Nothing is here."""
        return self._page("Not here", '<section class="narrow"><div class="heading tall"><h1>Nothing is here</h1></div><p><a href="/">Back to the shop</a></p></section>')  # fmt: skip

    def _strip(self, title: str, place: str, places: int, but: str = "") -> str:
        own = [each for each in self.shelf.products if each.id != but][:places]
        return f"""
<section class="strip" aria-labelledby="strip-title" data-strip="{place}" data-places="{places}" data-but="{but}">
  <div class="heading"><h2 id="strip-title">{title}</h2><p class="quiet" data-order>in our own order</p></div>
  {_grid(own)}
  <details class="ways"><summary>Why these, and how this can change</summary>
    <p data-without>This order goes by what is liked here and by what you looked at during this visit. It does not know you. If you want, it can also follow how you feel: nothing is looked at unless you say yes, and things and prices stay the same either way.</p>
    <p data-without><button type="button" class="button plain" data-open="how">How that works</button></p>
    <div data-with hidden><mien-why></mien-why><mien-mood></mien-mood></div>
  </details>
</section>"""

    def _page(self, title: str, main: str, words: str = "") -> str:
        nav = "".join(
            f'<li><a href="/c/{each.id}">{escape(each.name)}</a></li>'
            for each in self.shelf.categories
        )
        known = "Idle Hours" if title == "Idle Hours" else f"{title} · Idle Hours"
        return LAYOUT.substitute(
            title=escape(known), nav=nav, main=main, words=escape(words, quote=True), mien=self.embedded
        )  # fmt: skip


def _grid(products: Iterable[Product]) -> str:
    return f'<ul class="grid">{"".join(_tile(each) for each in products)}</ul>'


def _tile(each: Product) -> str:
    return (
        f'<li class="card" data-offer="{each.id}"><a href="/product/{quote(each.id)}"><span class="tile {each.category}">'
        f'<img src="/assets/pictures/{each.id}.svg" alt="" width="240" height="240" loading="lazy"></span>'
        f'<span class="name">{escape(each.title)}</span> <span class="line">{escape(each.line)}</span> <span class="price">{each.money()}</span></a></li>'
    )
