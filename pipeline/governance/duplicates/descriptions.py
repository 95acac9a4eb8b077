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
    short, long = first, second
    if len(short.description.tokens) > len(long.description.tokens):
        short, long = long, short
    tokens, head = short.description.tokens, long.description.tokens
    if not tokens:
        return Descriptions("", 0, False)
    if tokens != head and _is_cut(short, long):
        tokens = tokens[:-1]
        head = head[:len(tokens)]
    left = [token for token in tokens if token not in long.said]
    rest = [token for token in head if token not in short.said]
    if left or rest:
        aligned = align(_words(left, short), _words(rest, long), known)
        if aligned.first or aligned.second:
            return Descriptions(" ".join((*aligned.first, *aligned.second)), 0, False)
    titles = {*first.title.tokens, *second.title.tokens}
    return Descriptions("", len(set(tokens) - titles), True)


def _is_cut(short: Reading, long: Reading) -> bool:
    """Whether a description ends where another goes on.

    It ends within a word, or is long enough, or what it lacks names nothing.
    """
    tokens, head = short.description.tokens, long.description.tokens
    last = len(tokens) - 1
    if tokens[last] != head[last] and head[last].startswith(tokens[last]):
        return True
    if len(tokens) == len(head):
        return False
    names = long.description.strict | VARIANTS.keys()
    return last >= _MIN_CUT or (
        tokens == head[:last + 1] and not names.intersection(head[last + 1:]) - short.said)


def _words(tokens: list[str], reading: Reading) -> Words:
    description = reading.description
    return Words(tuple(tokens), description.strict, description.dotted)
