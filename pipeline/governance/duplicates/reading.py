"""A product as it is compared: words, numbers and attributes in a normal form."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import Any

import orjson

from pipeline.governance.duplicates.words import Words, is_number, read_words
from pipeline.ingest.rows import Row

Value = float | bool | tuple[str, ...]
"""Of an attribute: a number, a yes or no, or the sorted words of a text."""

_OF_THE_ROW = re.compile(
    r"(?:\w+[_ ])?(?:id|sku|asin|url|link|href|slug|timestamp)|(?:last[_ ])?(?:created|updated|"
    r"modified|changed)(?:[_ ](?:at|on))?|date|images?|pictures?|photos?|(?:in[_ ])?stock|"
    r"inventory|availability|available|ratings?|reviews?|views|rank|position|seller|vendor|shop|feed|source|"
    r"delivery|shipping|discount|sale", re.IGNORECASE)
"""Names of attributes that tell about an offer or a row, not about a product."""

_IDENTIFIER = re.compile(
    r"(?:^|[_ ])(?:ean(?:13)?|gtin(?:1[234])?|upc|isbn(?:13)?|mpn|barcode|oem|part.?n(?:umber|o))"
    r"(?:[_ ]|$)", re.IGNORECASE)
"""Names of attributes that name a product wherever it is sold."""

_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?")
"""Text that a column of numbers would hold as well; 007 is not 7."""


class Reading:
    """What is compared of a product, each part read when it is asked for.

    Args:
        row: of the table products.

    Attributes:
        product_id: of the row.
        price: above 0, or None.
    """

    def __init__(self, row: Row) -> None:
        self.product_id: str = row["product_id"]
        self.price: float | None = row.get("price") or None
        self._row = row

    @cached_property
    def title(self) -> Words:
        """Words of the title."""
        return read_words(self._row["title"])

    @cached_property
    def brand(self) -> Words:
        """Words of the brand."""
        return read_words(self._row.get("brand", ""))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Numbers of the title, see `title_numbers`."""
        return title_numbers(self.title, self.brand.tokens)

    @cached_property
    def category(self) -> Words:
        """Words of the category."""
        return read_words(self._row.get("category", ""))

    @cached_property
    def description(self) -> Words:
        """Words of the description."""
        return read_words(self._row.get("description", ""))

    @cached_property
    def attributes(self) -> dict[str, Value]:
        """Values in their normal form by name, those that tell about the product."""
        return {name: canonical(value) for name, value in self._told.items()}

    @cached_property
    def identifiers(self) -> frozenset[str]:
        """Names of the attributes that name the product wherever it is sold."""
        return frozenset(filter(_IDENTIFIER.search, self._told))

    @cached_property
    def structured(self) -> frozenset[str]:
        """Words of brand, category and attributes."""
        words = {*self.brand.tokens, *self.category.tokens}
        for name, value in self._told.items():
            # Of a yes the name says what there is; of a no nothing is there.
            text = name * value if isinstance(value, bool) else _text(value)
            words.update(read_words(text).tokens)
        return frozenset(words)

    @cached_property
    def said(self) -> frozenset[str]:
        """Words of anything."""
        return self.structured.union(self.title.tokens, self.description.tokens)

    @cached_property
    def text(self) -> str:
        """What the encoder reads: title, brand and description."""
        parts = (self._row["title"], self._row.get("brand", ""), self._row.get("description", ""))
        return ". ".join(filter(None, parts))

    @cached_property
    def _told(self) -> dict[str, Any]:
        attributes = self._row.get("attributes", {})
        return {
            name: value for name, value in attributes.items() if not _OF_THE_ROW.fullmatch(name)}


def title_numbers(title: Words, brand: Collection[str]) -> tuple[str, ...]:
    """The numbers of a title, sorted, each as often as it stands there.

    Not those of the brand, which some titles name and others do not.
    """
    return tuple(sorted(
        token for token in title.tokens if is_number(token) and token not in brand))


def canonical(value: Any) -> Value:
    """The value of an attribute such that two ways to write it are equal."""
    if isinstance(value, bool):
        return value
    text = _text(value)
    if isinstance(value, (int, float)) or _NUMBER.fullmatch(text):
        return float(text)
    return tuple(sorted(read_words(text).tokens))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.12g}"
    return orjson.dumps(value).decode("utf-8")
