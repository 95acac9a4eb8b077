"""What is found in a text, and where; and in what kind of text it is looked for."""

from __future__ import annotations

import enum
from typing import NamedTuple

BLOT = "\0"
"""Stands for every character of what was found, so that no more is found in it."""


class Kind(str, enum.Enum):
    """What a part of a text is; `[email]` and the like stand in its place."""

    EMAIL = "email"
    CARD = "card"
    PHONE = "phone"
    NAME = "name"

    @property
    def mask(self) -> str:
        """What is written instead."""
        return f"[{self.value}]"


class FreeText(enum.Enum):
    """Who wrote a text, and so what its numbers and names are likely to be.

    Attributes:
        PROSE: a shopper, in sentences: reviews, profiles. When in doubt it is masked.
        QUERY: a shopper, in a search box. Article numbers are searched for as well.
        CATALOGUE: the shop. Phone numbers only where a word before them says so, and no names:
            "Mr. Coffee" is a brand.
    """

    PROSE = "prose"
    QUERY = "query"
    CATALOGUE = "catalogue"


class Span(NamedTuple):
    """A part of a text: characters from `start` up to, not including, `end`."""

    start: int
    end: int
    kind: Kind
