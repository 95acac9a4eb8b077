"""The simplest reader: the longest known value in a title."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.values import Mention, Value, Values


def look_up(values: Values, text: ProductText) -> Value | None:
    """The longest known value in the title, of equally long ones the first; None without any."""
    return longest(in_title(values.mentions(text), text))


def in_title(mentions: Sequence[Mention], text: ProductText) -> list[Mention]:
    """The mentions that stand in the title."""
    return [mention for mention in mentions if mention.span.end <= text.title_end]


def longest(mentions: Sequence[Mention]) -> Value | None:
    """The value of the longest mention, of equally long ones the first; None without any."""
    if not mentions:
        return None
    return max(mentions, key=lambda mention: mention.span.end - mention.span.start).value
