"""The dirt of real tables, about three rows in a hundred, of the kinds that ingest knows.

Most of it comes as further rows beside the good ones, so that the truth behind the shop stays
whole: what is learnable does not depend on which rows were spoilt.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import random
from collections.abc import Callable, Sequence

import numpy as np

from pipeline.sample.languages import Grammar
from pipeline.sample.vocabulary import DirtWords
from pipeline.sample.wording import Row


class Broken(dict[str, object]):
    """A row whose line is cut off in the file."""


@dataclasses.dataclass(frozen=True)
class Dirt:
    """A kind of dirt: its name, the share of rows (of those it suits) and what it does."""

    name: str
    share: float
    spoil: Callable[[Row, random.Random], Row]
    suits: Callable[[Row], bool] = lambda _row: True
    replaces: bool = False
    """Whether the row itself is spoilt, rather than a copy that follows it."""


def soil(
        rows: Sequence[Row], kinds: Sequence[Dirt], rng: random.Random,
        counts: collections.Counter[str]) -> list[Row]:
    """Adds dirt of some kinds to rows, and counts it by name."""
    result: list[Row] = []
    for row in rows:
        dirt = _draw(kinds, rng)
        if dirt is None or not dirt.suits(row):
            result.append(row)
            continue
        counts[dirt.name] += 1
        if not dirt.replaces:
            result.append(row)
        result.append(dirt.spoil(row, rng))
    return result


def _draw(kinds: Sequence[Dirt], rng: random.Random) -> Dirt | None:
    place = rng.random()
    for kind in kinds:
        place -= kind.share
        if place < 0:
            return kind
    return None


def _set(row: Row, rng: random.Random, /, **values: Sequence[object]) -> Row:
    """Replaces columns, each by one of the given values."""
    return {**row, **{name: rng.choice(options) for name, options in values.items()}}


def _broken(row: Row, _rng: random.Random) -> Row:
    return Broken(row)


def _draft(row: Row, rng: random.Random, /, **values: Sequence[object]) -> Row:
    """A product that somebody began to enter: a new id, and a column that cannot be right."""
    return {**_set(row, rng, **values), "product_id": f"D{rng.randrange(10**7):07d}"}


def _export_again(row: Row, _rng: random.Random, grammar: Grammar) -> Row:
    """The same product once more, as another system of the shop writes it."""
    copy = {name: value for name, value in row.items() if name != "attributes"}
    return {**copy, "title": grammar.export(str(row["title"]))}


def _entered_twice(row: Row, rng: random.Random, grammar: Grammar) -> Row:
    """The same product under an id of its own, as somebody entered it who had not found it."""
    return _draft(_export_again(row, rng, grammar), rng)


def _markup(row: Row, rng: random.Random, column: str, patterns: Sequence[str]) -> Row:
    """The leavings of a web editor; rows without the text stay as they are."""
    text = row.get(column)
    pattern = rng.choice(patterns)
    return {**row, column: pattern.format(text)} if text else row


def _shouted(row: Row, rng: random.Random) -> Row:
    """An event as another system spells it."""
    return {**row, "event": rng.choice((str.upper, str.title))(f"{row['event']} ")}


def _given_back(row: Row, rng: random.Random) -> Row:
    when = np.datetime64(row["timestamp"].rstrip("Z")) + np.timedelta64(rng.randrange(2, 20), "D")
    return {
        **row, "timestamp": f"{when}Z", "value": -row["value"], "query": None, "session_id": None}


_UNKNOWN = ("P0000000", "GIFTCARD", "POSTAGE")


def dirt_kinds(words: DirtWords, grammar: Grammar) -> dict[str, tuple[Dirt, ...]]:
    """The kinds of dirt of each table, in the words of a language."""
    of = functools.partial
    markup = Dirt(
        "markup", 0.006, of(_markup, column="description", patterns=words.markup),
        suits=lambda row: bool(row.get("description")), replaces=True)
    return {
        "products": (
            Dirt("missing title", 0.006, of(_draft, title=("", None))),
            Dirt("duplicate id", 0.008, of(_export_again, grammar=grammar)),
            Dirt("impossible date", 0.003, of(_draft, created_at=words.dates)),
            Dirt("bad number", 0.003, of(_draft, price=words.prices)),
            Dirt("broken line", 0.003, _broken),
            Dirt("placeholder", 0.003, of(_draft, title=words.placeholders)),
            markup,
            Dirt("entered twice", 0.005, of(_entered_twice, grammar=grammar),
                 suits=lambda row: "description" in row)),
        "events": (
            Dirt("unknown product", 0.008, of(_set, product_id=_UNKNOWN)),
            Dirt("missing user", 0.007, of(_set, user_id=("",))),
            Dirt("impossible date", 0.004, of(_set, timestamp=words.dates)),
            Dirt("broken line", 0.003, _broken),
            Dirt("bad number", 0.002, of(_set, value=words.quantities)),
            Dirt("wrong case", 0.004, _shouted, replaces=True),
            Dirt("return", 0.08, _given_back, suits=lambda row: row["event"] == "purchase")),
        "users": (
            Dirt("missing user", 0.015, of(_set, user_id=(None,))),
            dataclasses.replace(
                markup, share=0.015,
                spoil=of(_markup, column="profile", patterns=words.markup),
                suits=lambda row: bool(row["profile"]))),
        "judgments": (
            Dirt("unknown product", 0.012, of(_set, product_id=_UNKNOWN)),
            Dirt("bad number", 0.01, of(_set, grade=words.grades)),
            Dirt("missing query", 0.004, of(_set, query=("", None))),
            Dirt("broken line", 0.004, _broken)),
        "facts": (
            Dirt("missing tail", 0.02, of(_set, tail=("",))),
            Dirt("broken line", 0.01, _broken)),
    }
