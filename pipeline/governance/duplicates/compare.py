"""What makes two products the same: what must not differ, and what speaks for it."""

from __future__ import annotations

import math
from typing import NamedTuple

from pipeline.governance.duplicates.alignment import Alignment, align, keeps_order
from pipeline.governance.duplicates.descriptions import compare_descriptions
from pipeline.governance.duplicates.reading import Reading, Value
from pipeline.governance.duplicates.spelling import Known
from pipeline.governance.duplicates.variants import PRAISE, VARIANTS, classes_of

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
    if first.numbers != second.numbers:
        return Comparison("numbers in the title", None)
    if first.price and second.price and (
            abs(first.price - second.price) > price_tolerance * max(first.price, second.price)):
        return Comparison("price", None)
    if _brands_differ(first, second, known):
        return Comparison("brand", None)
    title = align(first.title, second.title, known)
    conflict = _title_conflict(first, second, title) or _attribute_conflict(first, second)
    if conflict:
        return Comparison(conflict, None)
    descriptions = compare_descriptions(first, second, known)
    if descriptions.apart:
        return Comparison(f"description: {descriptions.apart}", None)
    unexplained = _unexplained(first, second, title)
    shared = first.attributes.keys() & second.attributes.keys()
    lone = len(first.attributes.keys() ^ second.attributes.keys())
    if unexplained and (lone or len(shared) < _SURE_ATTRIBUTES or not descriptions.same):
        return Comparison(f"title: {' '.join(unexplained)}", None)
    general = {*first.brand.tokens, *first.category.tokens, *second.brand.tokens,
               *second.category.tokens}
    own = (set(first.title.tokens) & set(second.title.tokens)) - general
    if not own:
        return Comparison("title: nothing but brand and category", None)
    priced = bool(first.price and second.price)
    return Comparison("", Evidence(
        words=len(own), same_title=first.title.tokens == second.title.tokens,
        coded=any(_is_code(word, known) for word in first.title.strict & second.title.strict),
        other_words=title.rewritten + len(title.first) + len(title.second),
        described=descriptions.shared, attributes=len(shared), lone_attributes=lone,
        same_price=priced and first.price == second.price, usual_price=False,
        near_price=priced and first.price != second.price,
        identified=bool(first.identifiers & second.identifiers)))


def agrees(value: Value, other: Value) -> bool:
    """Whether two values of an attribute are the same; what was measured may be rounded."""
    if isinstance(value, float) and isinstance(other, float):
        counted = value.is_integer() and other.is_integer()
        return value == other if counted else math.isclose(value, other, rel_tol=_CLOSE)
    return value == other


def _brands_differ(first: Reading, second: Reading, known: Known) -> bool:
    one, other = set(first.brand.tokens), set(second.brand.tokens)
    if not one or not other or one <= other or other <= one:
        return False
    aligned = align(first.brand, second.brand, known)
    return bool(aligned.first or aligned.second)


def _title_conflict(first: Reading, second: Reading, title: Alignment) -> str:
    """What one title names and the other product does not have."""
    both = bool(title.first and title.second)
    for words, reading, other in (
            (title.first, first, second), (title.second, second, first)):
        for word in words:
            # Words that name a variant, or stand in the place of another, must be found where a
            # shop writes what a product is: a description may speak of other variants, too.
            names = both or word in reading.title.strict or word in VARIANTS
            if names and word not in PRAISE and word not in other.structured:
                return f"title: {word}"
    if not keeps_order(first.title, second.title, {*first.brand.tokens, *second.brand.tokens}):
        return "title: order"
    return ""


def _attribute_conflict(first: Reading, second: Reading) -> str:
    for name, value in first.attributes.items():
        if name in second.attributes and not agrees(value, second.attributes[name]):
            return f"attribute {name}"
    classes, others = classes_of(first.said), classes_of(second.said)
    for name, words in classes.items():
        if name in others and not words & others[name]:
            return f"{name}: {min(words)}, {min(others[name])}"
    return ""


def _unexplained(first: Reading, second: Reading, title: Alignment) -> list[str]:
    """Words that one title has more and the other product says nowhere."""
    return [
        word for words, other in ((title.first, second), (title.second, first))
        for word in words if word not in PRAISE and word not in other.said]


def _is_code(word: str, known: Known) -> bool:
    return len(word) >= _CODE_LENGTH and "." not in word and not known(word)
