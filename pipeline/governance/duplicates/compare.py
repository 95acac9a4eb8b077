"""What makes two products the same: what must not differ, and what speaks for it."""

from __future__ import annotations

import math
from typing import NamedTuple

from pipeline.governance.duplicates.alignment import Alignment, align, keeps_order
from pipeline.governance.duplicates.descriptions import Descriptions, compare_descriptions
from pipeline.governance.duplicates.reading import Reading, Value
from pipeline.governance.duplicates.spelling import Known
from pipeline.governance.duplicates.variants import PRAISE, VARIANTS

PRICE_TOLERANCE = 0.025
"""Share by which the prices of one product may differ: what rounding and currencies do."""

_SURE_ATTRIBUTES = 5
"""Attributes of which two products must have the same, and no other, before a word of a title
that the other product knows nothing of may be no matter."""

_CODE_LENGTH = 4
_CLOSE = 1e-3


class Evidence(NamedTuple):
    """What speaks for two products being one, where nothing contradicts it.

    Attributes:
        words: of both titles, letter by letter, that are not of brand or category.
        same_title: whether the titles are the same, letter by letter.
        coded: whether the titles share a number or code that hardly another title has.
        other_words: in which the titles differ, though they need not mean anything else.
        described: words of both descriptions that no title has.
        attributes: that both have.
        lone_attributes: that one has.
        same_price: whether the prices are equal.
        usual_price: whether they are, but products much like these have that price, too.
        near_price: whether they are nearly so.
        identified: whether a number that names products everywhere (EAN, MPN) is the same.
    """

    words: int
    same_title: bool
    coded: bool
    other_words: int
    described: int
    attributes: int
    lone_attributes: int
    same_price: bool
    usual_price: bool
    near_price: bool
    identified: bool


class Comparison(NamedTuple):
    """Two products beside each other.

    Attributes:
        conflict: what they differ in, in words for a person; "" where it is nothing.
        evidence: None where there is a conflict.
    """

    conflict: str
    evidence: Evidence | None


def compare(
    first: Reading, second: Reading, known: Known, price_tolerance: float = PRICE_TOLERANCE,
) -> Comparison:
    """Compares two products.

    What is quickest to see is looked at first: nearly all candidates differ somewhere.

    Args:
        first: a product.
        second: another.
        known: whether a word is one that people use, so that it is no slip of another.
        price_tolerance: share of the higher price.
    """
    conflict = _column_conflict(first, second, known, price_tolerance)
    if conflict:
        return Comparison(conflict, None)
    title = align(first.title, second.title, known)
    conflict = _title_conflict(first, second, title) or _attribute_conflict(first, second)
    if conflict:
        return Comparison(conflict, None)
    descriptions = compare_descriptions(first, second, known)
    if descriptions.apart:
        return Comparison(f"description: {descriptions.apart}", None)
    evidence = _gather(first, second, title, descriptions, known)
    unexplained = [
        word for words, other in ((title.first, second), (title.second, first))
        for word in words if word not in PRAISE and word not in other.said]
    sure = (
        descriptions.same and evidence.attributes >= _SURE_ATTRIBUTES
        and not evidence.lone_attributes)
    if unexplained and not sure:
        return Comparison(f"title: {' '.join(unexplained)}", None)
    if not evidence.words:
        return Comparison("title: nothing but brand and category", None)
    return Comparison("", evidence)


def _gather(
    first: Reading, second: Reading, title: Alignment, descriptions: Descriptions, known: Known,
) -> Evidence:
    general = {
        word for words in (first.brand, first.category, second.brand, second.category)
        for word in words.tokens}
    names = first.attributes.keys(), second.attributes.keys()
    priced = bool(first.price and second.price)
    return Evidence(
        words=len(set(first.title.tokens).intersection(second.title.tokens) - general),
        same_title=first.title.tokens == second.title.tokens,
        coded=any(_is_code(word, known) for word in first.title.strict & second.title.strict),
        other_words=title.rewritten + len(title.first) + len(title.second),
        described=descriptions.shared, attributes=len(names[0] & names[1]),
        lone_attributes=len(names[0] ^ names[1]),
        same_price=priced and first.price == second.price, usual_price=False,
        near_price=priced and first.price != second.price,
        identified=bool(first.identifiers & second.identifiers))


def agrees(value: Value, other: Value) -> bool:
    """Whether two values of an attribute are the same; what was measured may be rounded."""
    if isinstance(value, float) and isinstance(other, float):
        counted = value.is_integer() and other.is_integer()
        return value == other if counted else math.isclose(value, other, rel_tol=_CLOSE)
    return value == other


def _column_conflict(
    first: Reading, second: Reading, known: Known, price_tolerance: float,
) -> str:
    """What numbers, prices and brands differ in."""
    if first.numbers != second.numbers:
        return "numbers in the title"
    if first.price and second.price and (
            abs(first.price - second.price) > price_tolerance * max(first.price, second.price)):
        return "price"
    brand, other = set(first.brand.tokens), set(second.brand.tokens)
    if brand and other and not (brand <= other or other <= brand):
        aligned = align(first.brand, second.brand, known)
        if aligned.first or aligned.second:
            return "brand"
    return ""


def _title_conflict(first: Reading, second: Reading, title: Alignment) -> str:
    """What one title names and the other product does not have."""
    extra, more = ([word for word in words if word not in PRAISE]
                   for words in (title.first, title.second))
    replaced = bool(extra and more)
    for words, reading, other in ((extra, first, second), (more, second, first)):
        for word in words:
            # Words that name a variant, or stand in the place of another, must be found where a
            # shop writes what a product is: a description may speak of other variants, too.
            names = replaced or word in reading.title.strict or word in VARIANTS
            if names and word not in other.structured:
                return f"title: {word}"
    if not keeps_order(first.title, second.title, {*first.brand.tokens, *second.brand.tokens}):
        return "title: order"
    return ""


def _attribute_conflict(first: Reading, second: Reading) -> str:
    for name, value in first.attributes.items():
        if name in second.attributes and not agrees(value, second.attributes[name]):
            return f"attribute {name}"
    for name, words in first.variants.items():
        others = second.variants.get(name)
        if others and not words & others:
            return f"{name}: {min(words)}, {min(others)}"
    return ""


def _is_code(word: str, known: Known) -> bool:
    return len(word) >= _CODE_LENGTH and "." not in word and not known(word)
