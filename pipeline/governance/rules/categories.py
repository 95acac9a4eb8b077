"""Category paths in one form, `A > B > C`, spelled as most products of the shop have them."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.governance.findings import Action, Finding, Rule
from pipeline.governance.folding import fold
from pipeline.ingest.rows import Row

CATEGORY_PATH = Rule(
    "category_path", ("products",),
    "The category is written in another way than the shop's other products of it, or without the "
    "categories above it.",
    "Choose categories from the shop's tree, and export them as A > B > C.", severe=False)

SEPARATOR = " > "
"""Between the levels of a path."""

MIN_PLACED = 3
"""Products that have a category below another, from which on it is known to belong there."""

GUESSED = 0.9
"""Confidence, a guess, where a slash is taken for a separator, or a category is put under the only
one that others of its name are in; separators, case and empty levels are certain."""

_SEPARATORS = re.compile(r"[-=]*[>＞]+(?!=)|[»›→|｜]+")

Key = tuple[str, ...]
"""A path's levels in lower case: what its spellings have in common."""


class CategoryPath(NamedTuple):
    """What a category should be; "" for nothing, where no name is in it."""

    path: str
    confidence: float


class _Reading(NamedTuple):
    levels: tuple[str, ...]
    confidence: float

    @property
    def key(self) -> Key:
        return tuple(map(fold, self.levels))


def category_of(row: Row) -> str | None:
    """The category of a product as `resolve_categories` counts it; None without one."""
    category = row.get("category")
    return " ".join(category.split()) if category else None


def category_key(row: Row) -> str:
    """What the spellings of a product's category have in common; "" without one."""
    return SEPARATOR.join(map(fold, split_path(row.get("category") or "")))


def resolve_categories(counts: Mapping[str, int]) -> dict[str, CategoryPath]:
    """The path that each category should be, where it is not.

    Args:
        counts: products by category, see `category_of`.

    Returns:
        By category. Of the spellings of a level below the same ones, the most frequent is right,
        of equal ones the first by the alphabet.
    """
    readings = _read(counts)
    spellings: dict[Key, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for category, reading in readings.items():
        for depth, level in enumerate(reading.levels, 1):
            spellings[reading.key[:depth]][level] += counts[category]
    names = {
        key: min(found, key=lambda name: (-found[name], name))
        for key, found in spellings.items()}
    places = _places(readings, counts)
    resolved = {}
    for category, reading in readings.items():
        key = places.get(reading.key, reading.key)
        path = SEPARATOR.join(names[key[:depth]] for depth in range(1, len(key) + 1))
        if path != category:
            confidence = reading.confidence if key == reading.key else GUESSED
            resolved[category] = CategoryPath(path, confidence)
    return resolved


def split_path(category: str) -> tuple[str, ...]:
    """The levels of a path, whatever stands between them, a slash excepted."""
    return _levels(_SEPARATORS.split(category))


def find_category_path(row: Row, paths: Mapping[str, CategoryPath]) -> Iterator[Finding]:
    """The repair of a product's category, where `resolve_categories` knows one."""
    found = paths.get(category_of(row) or "")
    if found is None:
        return
    if found.path:
        yield Finding(
            CATEGORY_PATH.name, "category", Action.REPAIRED, found.path, found.confidence)
    else:
        yield Finding(CATEGORY_PATH.name, "category", Action.CLEARED)


def _read(counts: Mapping[str, int]) -> dict[str, _Reading]:
    """The levels of each category. A slash parts them only where the shop writes paths with it."""
    readings = {category: _Reading(split_path(category), 1.0) for category in counts}
    slashed = {
        category: _Reading(_levels(reading.levels[0].split("/")), GUESSED)
        for category, reading in readings.items()
        if "/" in category and len(reading.levels) == 1}
    deep = {reading.key for reading in readings.values() if len(reading.levels) > 1}
    known = {key[:depth] for key in deep for depth in range(2, len(key) + 1)}
    begun: collections.Counter[str] = collections.Counter()
    if _are_paths(slashed, counts, sum(
            counts[category] for category, reading in readings.items()
            if len(reading.levels) > 1)):
        begun.update(key[0] for key in deep | {
            reading.key for reading in slashed.values()} if len(key) > 1)
    # One that begins like no other path may be a name still.
    return {**readings, **{
        category: reading for category, reading in slashed.items()
        if reading.key in known
        or (reading.key and begun[reading.key[0]] > (len(reading.key) > 1))}}


def _are_paths(slashed: Mapping[str, _Reading], counts: Mapping[str, int], parted: int) -> bool:
    """Whether categories with slashes are paths, not names such as "Audio/Video".

    They are if more products have them than have paths with other separators, and most begin
    as others do.
    """
    starts: dict[str, set[Key]] = collections.defaultdict(set)
    for reading in slashed.values():
        if len(reading.levels) > 1:
            starts[reading.key[0]].add(reading.key)
    alike = sum(
        counts[category] for category, reading in slashed.items()
        if len(reading.levels) > 1 and len(starts[reading.key[0]]) > 1)
    return alike > parted and 2 * alike >= sum(counts[category] for category in slashed)


def _places(readings: Mapping[str, _Reading], counts: Mapping[str, int]) -> dict[Key, Key]:
    """The whole path of each category that stands alone and elsewhere always in the same place."""
    above: dict[str, collections.Counter[Key]] = collections.defaultdict(collections.Counter)
    alone: collections.Counter[str] = collections.Counter()
    tops = set()
    for category, reading in readings.items():
        key = reading.key
        for depth in range(1, len(key)):
            above[key[depth]][key[:depth]] += counts[category]
        if len(key) == 1:
            alone[key[0]] += counts[category]
        elif key:
            tops.add(key[0])
    return {
        (name,): (*next(iter(above[name])), name) for name, count in alone.items()
        if name not in tops and len(above[name]) == 1
        and above[name].total() >= max(MIN_PLACED, count)}


def _levels(parts: list[str]) -> tuple[str, ...]:
    """Names of levels, without empty ones and those that repeat the one above."""
    levels: list[str] = []
    for part in map(str.strip, parts):
        if part and not (levels and fold(levels[-1]) == fold(part)):
            levels.append(part)
    return tuple(levels)
