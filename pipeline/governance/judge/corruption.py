"""Noise made of a shop's own products, from which the judge learns what noise looks like there.

The kinds are those that shops are known to have. How each is made is a guess at what happens:
what is measured with noise that was made alike (`benchmarks/governance/noise.py` makes the same
kinds, by code and random choices of its own) flatters the judge on whatever happens otherwise.
"""

from __future__ import annotations

import collections
import enum
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from pipeline.governance.judge.texts import split_words
from pipeline.ingest.rows import Row


class Kind(str, enum.Enum):
    """What can be wrong with a product.

    Attributes:
        TRUNCATED_TITLE: a title that a field was too short for.
        TITLE_MISMATCH: the title of another product.
        NONSENSE_TITLE: a title of words that do not belong together.
        NONSENSE_DESCRIPTION: a description of such words.
        SHUFFLED_DESCRIPTION: a description whose words are in any order.
        WRONG_BRAND: the brand of other products.
        WRONG_CATEGORY: the category of other products.
        PRICE_OUTLIER: cents read as the currency, or the currency as cents.
    """

    TRUNCATED_TITLE = "truncated_title"
    TITLE_MISMATCH = "title_mismatch"
    NONSENSE_TITLE = "nonsense_title"
    NONSENSE_DESCRIPTION = "nonsense_description"
    SHUFFLED_DESCRIPTION = "shuffled_description"
    WRONG_BRAND = "wrong_brand"
    WRONG_CATEGORY = "wrong_category"
    PRICE_OUTLIER = "price_outlier"


_TRIES = 20
"""Draws of another value before a product is left as it is."""

_MIN_WORDS = 5
"""Of a description that is shuffled: of a shorter one any order may be right."""

_SHARED = 0.5
"""Share of words that two titles may have in common and still be of other things."""

_CENTS = 0.7
"""Share of wrong prices that are a hundred times too high; the others are too low."""


class NoiseMaker:
    """Makes noise of a shop's titles, words, brands and categories.

    Frequent ones are drawn by the square root of their frequency: a shop's mistakes are more of
    its frequent things, but not of two or three alone.

    Args:
        rows: products of the shop.
        seed: of all that is random.
    """

    def __init__(self, rows: Sequence[Row], seed: int) -> None:
        self._rows = rows
        self._rng = np.random.default_rng(seed)
        self._brands = _Choice(row.get("brand", "") for row in rows)
        self._categories = _Choice(row.get("category", "") for row in rows)
        self._words = _Choice(
            word for row in rows for column in ("title", "description")
            for word in split_words(row.get(column, "")))
        self._make: dict[Kind, Callable[[Row], Row | None]] = {
            Kind.TRUNCATED_TITLE: self._truncate, Kind.TITLE_MISMATCH: self._mismatch,
            Kind.NONSENSE_TITLE: self._nonsense_title,
            Kind.NONSENSE_DESCRIPTION: self._nonsense_description,
            Kind.SHUFFLED_DESCRIPTION: self._shuffle, Kind.WRONG_BRAND: self._wrong_brand,
            Kind.WRONG_CATEGORY: self._wrong_category, Kind.PRICE_OUTLIER: self._wrong_price}

    def make(self, kind: Kind, count: int) -> Iterator[Row]:
        """Products with noise of a kind, so many or as many as it fits, each of another row."""
        for number in self._rng.permutation(len(self._rows)):
            if count == 0:
                return
            if (row := self._make[kind](self._rows[number])) is not None:
                count -= 1
                yield row

    def _truncate(self, row: Row) -> Row | None:
        title = row["title"]
        cut = title[:int(len(title) * self._rng.uniform(0.25, 0.7))].strip()
        return {**row, "title": cut} if 3 <= len(cut) < len(title) - 2 else None

    def _mismatch(self, row: Row) -> Row | None:
        own = set(split_words(row["title"].casefold()))
        for _ in range(_TRIES):
            title = self._rows[int(self._rng.integers(len(self._rows)))]["title"]
            words = set(split_words(title.casefold()))
            if len(own & words) < _SHARED * min(len(own), len(words)):
                return {**row, "title": title}
        return None

    def _nonsense_title(self, row: Row) -> Row | None:
        return {**row, "title": self._words.phrase(int(self._rng.integers(2, 12)), self._rng)}

    def _nonsense_description(self, row: Row) -> Row | None:
        words = len(split_words(row.get("description", "")))
        if words == 0:
            return None
        count = max(2, int(words * self._rng.uniform(0.7, 1.4)))
        return {**row, "description": self._words.phrase(count, self._rng)}

    def _shuffle(self, row: Row) -> Row | None:
        words = row.get("description", "").split()
        shuffled = [words[place] for place in self._rng.permutation(len(words))]
        if len(words) < _MIN_WORDS or shuffled == words:
            return None
        return {**row, "description": " ".join(shuffled)}

    def _wrong_brand(self, row: Row) -> Row | None:
        other = self._brands.other(row.get("brand", ""), self._rng)
        return {**row, "brand": other} if other else None

    def _wrong_category(self, row: Row) -> Row | None:
        other = self._categories.other(row.get("category", ""), self._rng)
        return {**row, "category": other} if other else None

    def _wrong_price(self, row: Row) -> Row | None:
        if not row.get("price"):
            return None
        factor = 100.0 if self._rng.random() < _CENTS else 0.01
        return {**row, "price": round(row["price"] * factor, 2)}


class _Choice:
    """Values to draw from."""

    def __init__(self, values: Iterable[str]) -> None:
        counts = collections.Counter(value for value in values if value)
        self._names = sorted(counts)
        weights = np.sqrt([counts[name] for name in self._names])
        self._edges = np.cumsum(weights) / max(weights.sum(), 1e-9)

    def other(self, value: str, rng: np.random.Generator) -> str | None:
        """Another value; None for a product without one, or where the shop has no other."""
        if not value or len(self._names) < 2:
            return None
        for _ in range(_TRIES):
            drawn = self._draw(rng)
            if drawn.casefold() != value.casefold():
                return drawn
        return None

    def phrase(self, count: int, rng: np.random.Generator) -> str:
        """So many values, with spaces between."""
        return " ".join(self._draw(rng) for _ in range(count))

    def _draw(self, rng: np.random.Generator) -> str:
        place = int(np.searchsorted(self._edges, rng.random()))
        return self._names[min(place, len(self._names) - 1)]
