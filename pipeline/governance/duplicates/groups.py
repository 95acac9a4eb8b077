"""Groups of products that are one: which of them is kept, and what it takes of the others."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.governance.decisions import ATTRIBUTE, decision_id
from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.ingest.contract import TABLES
from pipeline.ingest.rows import Row

NEAR_DUPLICATE = Rule(
    "near_duplicate", ("products",),
    "The product is in the catalogue more than once, worded a little differently.",
    "Keep one of them; the ids of the others go on working.")

Pair = tuple[int, int]
"""Places of two products, the lower first."""


class Group(NamedTuple):
    """Products that are one.

    Attributes:
        kept: id of the product that stays.
        aliases: ids of those that were merged into it, the most certain first.
        confidence: that all of them are right, the least of those of the aliases.
    """

    kept: str
    aliases: tuple[str, ...]
    confidence: float


class Member(NamedTuple):
    """A product of a group."""

    number: int
    confidence: float


def group_products(
    rows: Sequence[Row], sure: Mapping[Pair, float], contradicts: Callable[[int, int], bool],
    threshold: float,
) -> list[list[Member]]:
    """Groups the products of a family.

    Likeness is no chain: every member must be like the one that is kept, and none may contradict
    another. Where two contradict one another, it cannot be told which of them the kept one is, and
    neither joins.

    Args:
        rows: of the family, in any order.
        sure: confidence that two of them are the same.
        contradicts: whether two of them, by their places, cannot be the same.
        threshold: confidence from which on two are the same.

    Returns:
        Groups of two or more, each with the one that is kept first.
    """
    alike: dict[int, list[Member]] = collections.defaultdict(list)
    for (first, second), confidence in sure.items():
        if confidence >= threshold:
            alike[first].append(Member(second, confidence))
            alike[second].append(Member(first, confidence))
    groups, taken = [], set[int]()
    for kept in sorted(alike, key=lambda number: preference(rows[number])):
        if kept in taken:
            continue
        free = [member for member in alike[kept] if member.number not in taken]
        members = [
            member for member in free
            if not any(contradicts(member.number, other.number)
                       for other in free if other is not member)]
        members.sort(key=lambda member: (-member.confidence, preference(rows[member.number])))
        if members:
            groups.append([Member(kept, 1.0), *members])
        taken |= {kept, *(member.number for member in members)}
    return groups


def preference(row: Row) -> tuple[Any, ...]:
    """Sorts rows by which is kept: that of most values, then the most described, then the oldest.

    Titles do not count: words of praise and slips make them longer.
    """
    return (
        -len(row) - len(row.get("attributes", {})), -len(row.get("description", "")),
        row.get("created_at", math.inf), len(row["product_id"]), row["product_id"])


def merge_group(
    rows: Sequence[Row], members: Sequence[Member],
) -> tuple[Group, dict[str, list[Finding]]]:
    """What merging a group means for its rows.

    Args:
        rows: of the family.
        members: of the group, the one that is kept first.

    Returns:
        The group, and findings by the id of the product. Of those that fill the same column the
        first that is not released holds.
    """
    kept, aliases = rows[members[0].number], members[1:]
    kept_id, present = kept["product_id"], dict(_values(kept))
    findings: dict[str, list[Finding]] = {}
    filled = []
    for member in aliases:
        row = rows[member.number]
        merged = Finding(
            NEAR_DUPLICATE.name, WHOLE_ROW, Action.MERGED, confidence=member.confidence,
            note=kept_id)
        findings[row["product_id"]] = [merged]
        cause = decision_id("products", row, merged)
        filled += [
            Finding(
                NEAR_DUPLICATE.name, column, Action.FILLED, value, member.confidence,
                row["product_id"], cause)
            for column, value in _values(row) if column not in present]
    group = Group(kept_id, tuple(findings), min(member.confidence for member in aliases))
    if filled:
        findings[kept_id] = filled
    return group, findings


def _values(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of a row's columns and attributes, by their names as findings have them."""
    for column in TABLES["products"].columns:
        if column.name in row and column.name != "attributes":
            yield column.name, row[column.name]
    for name, value in row.get("attributes", {}).items():
        yield f"{ATTRIBUTE}{name}", value
