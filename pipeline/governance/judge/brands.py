"""Evidence about a product's brand: what its title says, and what its like are called."""

from __future__ import annotations

import collections
import itertools
from typing import NamedTuple

import numpy as np

from pipeline.governance.judge.labels import LabelModel
from pipeline.governance.judge.measures import Measures, only_where
from pipeline.governance.judge.texts import Texts, text_tokens
from pipeline.governance.judge.views import Views

MAX_BRANDS = 20_000
"""Brands that are looked for in titles, the most frequent."""

_MAX_TOKENS = 4
"""Of a brand's name that a title begins with."""


class Said(NamedTuple):
    """What a title says of brands.

    Attributes:
        own: whether it has the product's brand anywhere.
        first: the brand that it begins with, folded; "" for none.
    """

    own: bool
    first: str


class Brands:
    """Knows the shop's brands and what their products are like.

    Args:
        texts: what is learned from.
        views: of the same products.
    """

    def __init__(self, texts: Texts, views: Views) -> None:
        spellings: dict[str, collections.Counter[str]] = collections.defaultdict(
            collections.Counter)
        for row in texts.rows:
            if brand := fold_brand(row.get("brand", "")):
                spellings[brand][row["brand"]] += 1
        counts = collections.Counter({
            brand: spelled.total() for brand, spelled in spellings.items()})
        self._counts = dict(counts.most_common(MAX_BRANDS))
        self._spelling = {
            brand: spellings[brand].most_common(1)[0][0] for brand in self._counts}
        brands = [fold_brand(row.get("brand", "")) for row in texts.rows]
        self._by_title = LabelModel(brands, views.title.dense)
        self._by_rest = LabelModel(brands, views.rest)

    def measure(self, texts: Texts, views: Views) -> Measures:
        """Whether the title has the brand, or another, and which brand the texts suggest."""
        brands = [fold_brand(row.get("brand", "")) for row in texts.rows]
        said = [self.said(*pair) for pair in zip(brands, texts.title, strict=True)]
        elsewhere = [
            _has(brand, " ".join([*description, *attributes])) for brand, description, attributes
            in zip(brands, texts.description, texts.attributes, strict=True)]
        by_title, other_by_title = self._by_title.compare(brands, views.title.dense)
        by_rest, other_by_rest = self._by_rest.compare(brands, views.rest)
        first = [value.first for value in said]
        return only_where(np.array([bool(brand) for brand in brands], bool), {
            "brand in title": np.array([value.own for value in said], float),
            "brand begins title": np.array([*map(str.__eq__, first, brands)], float),
            "other brand begins title": np.array(
                [bool(one) and one != brand for one, brand in zip(first, brands, strict=True)],
                float),
            "brand elsewhere": np.array(elsewhere, float),
            "brands in title": self._others(brands, texts.title),
            "brands in description": self._others(brands, texts.description),
            "brand products": np.log1p([self._counts.get(brand, 0) for brand in brands]),
            "brand by title": by_title, "other brand by title": other_by_title,
            "brand by rest": by_rest, "other brand by rest": other_by_rest})

    def said(self, brand: str, title: list[str]) -> Said:
        """What a title says of a product's brand, folded, and of others."""
        for length in range(min(_MAX_TOKENS, len(title)), 0, -1):
            first = " ".join(title[:length])
            if first in self._counts:
                return Said(_has(brand, " ".join(title)), first)
        return Said(_has(brand, " ".join(title)), "")

    def _others(self, brands: list[str], texts: list[list[str]]) -> np.ndarray:
        """How many brands of the shop each text names besides the product's own."""
        return np.array([
            len({*tokens, *map(" ".join, itertools.pairwise(tokens))} & self._counts.keys()
                - {brand}) for brand, tokens in zip(brands, texts, strict=True)], float)

    def spelling(self, brand: str) -> str:
        """How the shop usually writes a brand that is given folded."""
        return self._spelling[brand]


def fold_brand(brand: str) -> str:
    """A brand as its tokens."""
    return " ".join(text_tokens(brand))


def _has(brand: str, text: str) -> bool:
    return bool(brand) and f" {brand} " in f" {text} "
