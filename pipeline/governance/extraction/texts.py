"""The text that values are read from: a product's title and description as one."""

from __future__ import annotations

import functools

from pipeline.cjk import is_run
from pipeline.governance.extraction.mentions import (
    CompactText,
    NumberMention,
    Span,
    find_numbers,
)
from pipeline.ingest.rows import Row

MAX_TEXT_CHARS = 1_000
"""Characters that are read: what a product is stands at the front."""

_BETWEEN = " | "


class ProductText:
    """Title and description of a product.

    Args:
        row: of the table products.

    Attributes:
        text: both as one text; a description that repeats the title is read without it.
        title_end: where the title ends in it.
    """

    def __init__(self, row: Row) -> None:
        title = str(row.get("title", ""))[:MAX_TEXT_CHARS]
        description = str(row.get("description", ""))[:MAX_TEXT_CHARS]
        if description.startswith(title):
            description = description[len(title):].lstrip(" -,.:;|")
        self.text = f"{title}{_BETWEEN}{description}"[:MAX_TEXT_CHARS] if description else title
        self.title_end = len(title)

    @functools.cached_property
    def compact(self) -> CompactText:
        """Its letters and digits, for looking up values."""
        return CompactText(self.text)

    def whole_words(self, span: Span) -> str:
        """A stretch of the text, out to the ends of the words that it begins and ends in."""
        start, end = span
        while start > 0 and _in_word(self.text[start - 1:start + 1]):
            start -= 1
        while end < len(self.text) and _in_word(self.text[end - 1:end + 1]):
            end += 1
        return self.text[start:end]

    @functools.cached_property
    def numbers(self) -> list[NumberMention]:
        """Its numbers, in order."""
        return list(find_numbers(self.text))


def _in_word(pair: str) -> bool:
    """Whether two neighbouring characters are of one word."""
    return pair.isalnum() and not any(map(is_run, pair))
