"""Whether two descriptions say the same, one of them perhaps cut short."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.governance.duplicates.alignment import align
from pipeline.governance.duplicates.reading import Reading
from pipeline.governance.duplicates.spelling import Known
from pipeline.governance.duplicates.variants import VARIANTS
from pipeline.governance.duplicates.words import Words

_MIN_CUT = 8
"""Words from which a description that ends early is taken for one that was cut; a shorter one may
have been meant so."""

_REACH = 3
"""Places by which a word may be away from its own."""


class Descriptions(NamedTuple):
    """What two descriptions have to say.

    Attributes:
        apart: words in which they differ; "" where they do not.
        shared: words that both have and no title.
        same: whether they are the same, but for a cut.
    """

    apart: str
    shared: int
    same: bool


def compare_descriptions(first: Reading, second: Reading, known: Known) -> Descriptions:
    """Compares the descriptions of two products."""
    short, long = sorted((first, second), key=_length)
    tokens, head = short.description.tokens, long.description.tokens
    if not tokens:
        return Descriptions("", 0, False)
    if tokens != head:
        whole = _whole_words(short, long)
        if whole is not None:
            tokens, head = tokens[:whole], head[:whole]
    left = [token for token in tokens if token not in long.said]
    rest = [token for token in head if token not in short.said]
    if left or rest:
        aligned = align(_words(left, short), _words(rest, long), known)
        if aligned.first or aligned.second:
            return Descriptions(" ".join((*aligned.first, *aligned.second)), 0, False)
    titles = {*first.title.tokens, *second.title.tokens}
    return Descriptions("", len(set(tokens) - titles), True)


def _length(reading: Reading) -> tuple[int, int]:
    return len(reading.description.tokens), len(reading.description_text)


def _whole_words(short: Reading, long: Reading) -> int | None:
    """How many words of a description are whole, if it ends where another goes on; None if not.

    It ends within a word, or is long enough, or what it lacks names nothing.
    """
    tokens, head = short.description.tokens, long.description.tokens
    text, longer = short.description_text, long.description_text
    count = len(tokens)
    if longer.startswith(text) and (text[-1:] + longer[len(text):][:1]).isalnum():
        return count - 1
    if count >= len(head):
        return None
    if count >= _MIN_CUT:
        # With an edit before its end, where words are not in their places.
        cut = tokens[-1] not in head and any(
            token.startswith(tokens[-1]) for token in head[max(0, count - _REACH):count + _REACH])
        return count - cut
    lost = (long.description.strict | VARIANTS.keys()).intersection(head[count:]) - short.said
    return None if lost or tokens != head[:count] else count


def _words(tokens: list[str], reading: Reading) -> Words:
    description = reading.description
    return Words(tuple(tokens), description.strict, description.dotted)
