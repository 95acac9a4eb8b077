"""Distant supervision: rows that have a value and say it teach where texts say it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pipeline.governance.decisions import ATTRIBUTE, get_value
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.values import Value, Values, as_value, learn_values
from pipeline.ingest.rows import Row

BRAND = "brand"


@dataclasses.dataclass(frozen=True)
class Column:
    """A column whose values texts say.

    Attributes:
        name: `brand`, or `attributes.NAME`.
        values: those that are known.
        known: rows of the sample that have a value.
        said: share of them whose text says it.
    """

    name: str
    values: Values
    known: int
    said: float


def find_columns(
    rows: Sequence[Row], texts: Sequence[ProductText], *, min_rows: int, min_said: float,
    max_columns: int,
) -> list[Column]:
    """Brand and attributes that can be learned: enough rows have them, and their texts say them.

    Args:
        rows: of the table products.
        texts: of the rows.
        min_rows: that must have a value.
        min_said: share of them whose text must say it.
        max_columns: those that most rows have are kept.

    Returns:
        Those that most rows have first.
    """
    found = []
    for name in _names(rows, min_rows):
        column = learn_column(name, rows, texts)
        if column.known >= min_rows and column.said >= min_said:
            found.append(column)
        if len(found) == max_columns:
            break
    return found


def learn_column(name: str, rows: Sequence[Row], texts: Sequence[ProductText]) -> Column:
    """What rows and texts say about a column.

    Args:
        name: `brand`, or `attributes.NAME`.
        rows: of the table products.
        texts: of the rows.
    """
    known = [
        (value, text) for row, text in zip(rows, texts, strict=True)
        if (value := known_value(row, name)) is not None]
    values = learn_values(known)
    said = sum(bool(values.spans(text, value)) for value, text in known)
    return Column(name, values, len(known), said / max(1, len(known)))


def known_value(row: Row, name: str) -> Value | None:
    """The value that a row has in a column, if it is one that texts can say."""
    return as_value(get_value(row, name))


def _names(rows: Sequence[Row], min_rows: int) -> list[str]:
    """Columns that enough rows have, the most common first."""
    counts: dict[str, int] = {}
    for row in rows:
        names = [ATTRIBUTE + name for name in row.get("attributes", {})]
        for name in [BRAND, *names] if BRAND in row else names:
            counts[name] = counts.get(name, 0) + 1
    return sorted(
        (name for name, count in counts.items() if count >= min_rows),
        key=lambda name: (-counts[name], name))
