"""Texts whose form is broken: encodings, markup, control characters, white space."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from pipeline.governance.decisions import ATTRIBUTE
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row
from pipeline.mending import MENDS

_TABLES = ("products", "events", "users", "judgments", "facts")

MOJIBAKE = Rule(
    "mojibake", _TABLES, "The text was read in the wrong encoding, so that letters came out as "
    "two or three strange ones.", "Export as UTF-8, and read the source in the encoding it has.")
MARKUP = Rule(
    "markup", _TABLES, "The text holds HTML tags or entities.",
    "Export the text without its markup.", severe=False)
CONTROL = Rule(
    "control_characters", _TABLES, "The text holds characters that nobody sees.",
    "Strip control and zero-width characters where texts are entered.", severe=False)
WHITE_SPACE = Rule(
    "white_space", _TABLES, "The text has superfluous white space.",
    "Trim texts where they are entered.", severe=False)

RULES = (MOJIBAKE, MARKUP, CONTROL, WHITE_SPACE)

COLUMNS = {
    "products": ("title", "description", "brand", "category"),
    "events": ("query", "review"),
    "users": ("profile",),
    "judgments": ("query",),
    "facts": ("relation",),
}
"""Columns of text by table; the attributes of every table are looked at as well."""


class _Step(NamedTuple):
    rule: Rule
    mend: Callable[[str], str]


_STEPS = tuple(map(_Step, (MARKUP, MOJIBAKE, CONTROL, WHITE_SPACE), MENDS))


def find_broken_texts(table: str, row: Row) -> Iterator[Finding]:
    """Repairs of each text of a row, one a rule, each on top of the one before.

    A text of which nothing is left is cleared, or, where the contract requires it, left alone.
    """
    for column in COLUMNS[table]:
        if isinstance(text := row.get(column), str):
            yield from _mend(column, text)
    for name, value in row.get("attributes", {}).items():
        if isinstance(value, str):
            yield from _mend(ATTRIBUTE + name, value)
        elif isinstance(value, (list, dict)):
            yield from _mend_nested(ATTRIBUTE + name, value)


def _mend(column: str, text: str) -> Iterator[Finding]:
    for step in _STEPS:
        mended = step.mend(text)
        if mended == text:
            continue
        if not mended.strip():
            if column not in ("title", "query", "relation"):
                yield Finding(step.rule.name, column, Action.CLEARED)
            return
        yield Finding(step.rule.name, column, Action.REPAIRED, mended)
        text = mended


def _mend_nested(column: str, value: Any) -> Iterator[Finding]:
    for step in _STEPS:
        mended = _map_texts(value, step.mend)
        if mended != value:
            yield Finding(step.rule.name, column, Action.REPAIRED, mended)
            value = mended


def _map_texts(value: Any, mend: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_map_texts(item, mend) for item in value]
    if isinstance(value, dict):
        return {name: _map_texts(item, mend) for name, item in value.items()}
    return value
