"""Puts noise of eight kinds into a catalogue, so that what finds noise can be measured.

It was written before what finds noise, and knows nothing of it: what is found is never a reason to
change it. Seeds 1 to 3 are for development, 11 to 13 for figures that are reported.
"""

from __future__ import annotations

import collections
import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Row = dict[str, Any]

MOJIBAKE = "mojibake"
TRUNCATED = "truncated_title"
SWAPPED = "swapped_title"
CATEGORY = "wrong_category"
BRAND = "wrong_brand"
SHUFFLED = "shuffled_description"
PRICE = "price_x100"
DUPLICATE = "duplicate"
RANDOM = "random_words"

SHARES = {
    CATEGORY: 2, MOJIBAKE: 2, SHUFFLED: 2, BRAND: 2, PRICE: 2, SWAPPED: 1, TRUNCATED: 1,
    RANDOM: 2, DUPLICATE: 2}
"""Parts of the noise by kind, sixteen in all: truncated and swapped titles share those of a kind.
The order is that in which they are dealt out, the kinds that fit the fewest rows first."""

_MIN_CUT_CHARS = 10
_MIN_SHUFFLED_WORDS = 6
_MIN_RANDOM_WORDS = 3
_SAME_TEMPLATE = 0.2
"""Share of common attribute names from which two products without a category count as alike."""
_TRIES = 50


class Noisy(NamedTuple):
    """A catalogue with noise.

    Attributes:
        products: its rows; those without noise are the rows that came in.
        kinds: kind of noise by product id, for the rows that have it.
        originals: for each copy the id of the product that it was made of.
    """

    products: list[Row]
    kinds: dict[str, str]
    originals: dict[str, str]


def inject(products: Sequence[Row], seed: int, share: float = 0.05) -> Noisy:
    """Puts noise into a share of the rows, one kind a row.

    Args:
        products: rows with unique ids; they stay as they are.
        seed: of all that is random.
        share: of rows with noise, of those that come in.
    """
    rng = np.random.default_rng(seed)
    shop = _Shop(products)
    part = share * len(products) / sum(SHARES.values())
    free = set(range(len(products)))
    changed: dict[int, Row] = {}
    kinds: dict[str, str] = {}
    copies: list[Row] = []
    originals: dict[str, str] = {}
    for kind, parts in SHARES.items():
        wanted = round(part * parts)
        order = [int(i) for i in rng.permutation(len(products)) if int(i) in free]
        if kind == SWAPPED:
            for first, second in _pairs(shop, order, wanted // 2, rng):
                for one, other in ((first, second), (second, first)):
                    row = copy.deepcopy(products[one])
                    row["title"] = products[other]["title"]
                    changed[one] = row
                    kinds[row["product_id"]] = kind
                    free.discard(one)
            continue
        for number in order:
            if wanted == 0:
                break
            row = _EDITS[kind](copy.deepcopy(products[number]), shop, rng)
            if row is None:
                continue
            wanted -= 1
            free.discard(number)
            kinds[row["product_id"]] = kind
            if kind == DUPLICATE:
                copies.append(row)
                originals[row["product_id"]] = products[number]["product_id"]
            else:
                changed[number] = row
    noisy = [changed.get(number, row) for number, row in enumerate(products)]
    for row in copies:
        noisy.insert(int(rng.integers(len(noisy) + 1)), row)
    return Noisy(noisy, kinds, originals)


class _Shop:
    """What noise is drawn from: the shop's own words, brands and categories, by frequency."""

    def __init__(self, products: Sequence[Row]) -> None:
        self.products = products
        self.ids = {row["product_id"] for row in products}
        self.brands = _frequencies(row["brand"] for row in products if row.get("brand"))
        self.categories = _frequencies(
            row["category"] for row in products if row.get("category"))
        self.words = _frequencies(
            word for row in products for column in ("title", "description")
            for word in row.get(column, "").split())


def _frequencies(values: Any) -> tuple[list[str], np.ndarray]:
    counts = collections.Counter(values)
    names = sorted(counts)
    return names, np.array([counts[name] for name in names], float)


def _draw_other(
    frequencies: tuple[list[str], np.ndarray], value: str, rng: np.random.Generator,
) -> str | None:
    names, counts = frequencies
    weights = np.where([name.casefold() == value.casefold() for name in names], 0.0, counts)
    if not weights.any():
        return None
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def _wrong_category(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:
    """Another category of the shop."""
    other = _draw_other(shop.categories, row["category"], rng) if row.get("category") else None
    return {**row, "category": other} if other else None


def _wrong_brand(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:
    """Another brand of the shop; the title keeps what it says."""
    other = _draw_other(shop.brands, row["brand"], rng) if row.get("brand") else None
    return {**row, "brand": other} if other else None


def _mojibake(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:  # noqa: ARG001
    """UTF-8 read as Windows-1252, or as Latin-1, in titles and descriptions."""
    columns = [
        column for column in ("title", "description") if not row.get(column, "").isascii()]
    if not columns:
        return None
    latin = bool(rng.random() < 0.5)
    for column in columns:
        encoded = row[column].encode("utf-8")
        try:
            row[column] = encoded.decode("latin-1" if latin else "cp1252")
        except UnicodeDecodeError:  # Windows-1252 lacks five bytes.
            row[column] = encoded.decode("latin-1")
    return row


def _shuffled(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:  # noqa: ARG001
    """The words of the description in another order."""
    words = row.get("description", "").split()
    if len(words) < _MIN_SHUFFLED_WORDS:
        return None
    for _ in range(_TRIES):
        shuffled = [words[place] for place in rng.permutation(len(words))]
        if shuffled != words:
            return {**row, "description": " ".join(shuffled)}
    return None


def _price(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:  # noqa: ARG001
    """Cents read as the currency."""
    return {**row, "price": row["price"] * 100} if row.get("price") else None


def _truncated(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:  # noqa: ARG001
    """A title cut between 30% and 60% of its characters."""
    title = row["title"]
    if len(title) < _MIN_CUT_CHARS:
        return None
    place = rng.integers(math.ceil(0.3 * len(title)), math.floor(0.6 * len(title)) + 1)
    return {**row, "title": title[:place].rstrip()}


def _random_words(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:
    """Title or description of as many words of the shop, drawn by frequency."""
    column = "description" if row.get("description") and rng.random() < 0.5 else "title"
    names, counts = shop.words
    count = max(_MIN_RANDOM_WORDS, len(row[column].split()))
    drawn = rng.choice(len(names), size=count, p=counts / counts.sum())
    return {**row, column: " ".join(names[i] for i in drawn)}


def _duplicate(row: Row, shop: _Shop, rng: np.random.Generator) -> Row | None:
    """The product listed again under another id, typed by somebody else."""
    title_edits = [_drop_word, _exchange_words, _typo, str.upper, str.lower]
    edit: Callable[..., str] = title_edits[int(rng.integers(len(title_edits)))]
    title = edit(row["title"]) if edit in (str.upper, str.lower) else edit(row["title"], rng)
    row["title"] = title
    other = int(rng.integers(4))
    if other == 0:
        row.pop("description", None)
    elif other == 1 and row.get("price"):
        row["price"] = round(row["price"] * float(rng.uniform(0.9, 1.1)), 2)
    elif other == 2 and row.get("attributes"):
        row["attributes"] = {
            name: value for name, value in row["attributes"].items() if rng.random() < 0.5}
    elif other == 3 and row.get("brand"):
        row["brand"] = row["brand"].upper()
    while row["product_id"] in shop.ids:
        row["product_id"] = str(int(rng.integers(10**6, 10**8)))
    shop.ids.add(row["product_id"])
    return row


def _drop_word(title: str, rng: np.random.Generator) -> str:
    words = title.split()
    if len(words) > 2:
        del words[int(rng.integers(len(words)))]
    return " ".join(words)


def _exchange_words(title: str, rng: np.random.Generator) -> str:
    words = title.split()
    if len(words) > 1:
        place = int(rng.integers(len(words) - 1))
        words[place:place + 2] = words[place + 1], words[place]
    return " ".join(words)


def _typo(title: str, rng: np.random.Generator) -> str:
    place = int(rng.integers(max(1, len(title) - 1)))
    return title[:place] + title[place + 1:place + 2] + title[place:place + 1] + title[place + 2:]


def _pairs(
    shop: _Shop, order: list[int], wanted: int, rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Pairs of products of different categories."""
    pairs: list[tuple[int, int]] = []
    left = list(order)
    for _ in range(wanted):
        if len(left) < 2:
            break
        first = left.pop()
        for _ in range(_TRIES):
            place = int(rng.integers(len(left)))
            if _differ(shop.products[first], shop.products[left[place]]):
                pairs.append((first, left.pop(place)))
                break
    return pairs


def _differ(one: Row, other: Row) -> bool:
    """Whether two products are of different categories.

    Where either has none the names of their attributes tell: what is described by other properties
    is another kind of thing.
    """
    if one["title"] == other["title"]:
        return False
    if one.get("category") and other.get("category"):
        return bool(one["category"] != other["category"])
    names, others = set(one.get("attributes", {})), set(other.get("attributes", {}))
    return len(names & others) < _SAME_TEMPLATE * max(1, len(names | others))


_EDITS: dict[str, Callable[[Row, _Shop, np.random.Generator], Row | None]] = {
    CATEGORY: _wrong_category, MOJIBAKE: _mojibake, SHUFFLED: _shuffled, BRAND: _wrong_brand,
    PRICE: _price, TRUNCATED: _truncated, RANDOM: _random_words, DUPLICATE: _duplicate}
