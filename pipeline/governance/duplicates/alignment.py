"""Two texts beside each other, word by word, whatever their order and spelling."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Collection, Sequence
from typing import NamedTuple

from pipeline.governance.duplicates.spelling import Known, is_abbreviation, is_typo
from pipeline.governance.duplicates.variants import VARIANTS
from pipeline.governance.duplicates.words import UNIT_NAMES, Words, is_number

MAX_LEFT = 8
"""Words left over on a side beyond which it is not asked how they are written."""

_MAX_ASTRAY = 1


class Alignment(NamedTuple):
    """What two texts do not share.

    Attributes:
        first: words of the first that the second has not, in their order.
        second: words of the second that the first has not.
        rewritten: words of the first that the second writes differently.
    """

    first: list[str]
    second: list[str]
    rewritten: int


def align(first: Words, second: Words, known: Known) -> Alignment:
    """Aligns two texts."""
    mine, other = collections.Counter(first.tokens), collections.Counter(second.tokens)
    left, right = list((mine - other).elements()), list((other - mine).elements())
    before = len(left)
    if left and right and max(len(left), len(right)) <= MAX_LEFT:
        _match_compounds(left, right, second)
        _match_compounds(right, left, first)
        for word in tuple(left):
            for candidate in right:
                if _is_same(word, candidate, first, second, known):
                    left.remove(word)
                    right.remove(candidate)
                    break
    return Alignment(left, right, before - len(left))


def keeps_order(first: Words, second: Words, free: Collection[str]) -> bool:
    """Whether what names the thing stands in the same place in both texts.

    A text may be turned round at a word. Else numbers of one unit, and variants of one class,
    must follow one another as in the other text, since 12 x 24 inch is not 24 x 12 inch; and all
    that names must have a neighbour of before, since "plug M, socket F" is not "plug F, socket M".

    Args:
        first: a text.
        second: another.
        free: words that may stand anywhere.
    """
    if first.tokens == second.tokens or _is_turned(first.tokens, second.tokens):
        return True
    if _sequences(first.tokens) != _sequences(second.tokens):
        return False
    names = (first.strict & second.strict).difference(free)
    mine, other = _neighbours(first.tokens, names), _neighbours(second.tokens, names)
    return sum(not mine[name] & other[name] for name in names) <= _MAX_ASTRAY


def _is_turned(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether what two texts share is in one of them as in the other turned round at a word."""
    shared = set(first).intersection(second)
    one = [token for token in first if token in shared]
    other = [token for token in second if token in shared]
    return len(one) == len(other) and any(
        other[place:] + other[:place] == one for place in range(len(other)))


def _sequences(tokens: Sequence[str]) -> dict[str, list[str]]:
    """The numbers of each unit and the variants of each class, in their order."""
    found: dict[str, list[str]] = collections.defaultdict(list)
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        if is_number(token):
            found[following if following in UNIT_NAMES else ""].append(token)
        elif token in VARIANTS:
            found[VARIANTS[token]].append(token)
    return found


def _neighbours(
    tokens: Sequence[str], names: Collection[str],
) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {name: set() for name in names}
    padded = ("", *tokens, "")
    for place, token in enumerate(tokens, start=1):
        if token in found:
            found[token] |= {("before", padded[place - 1]), ("behind", padded[place + 1])}
    return found


def _is_same(word: str, other: str, first: Words, second: Words, known: Known) -> bool:
    if word in first.strict or other in second.strict or (word in VARIANTS and other in VARIANTS):
        return False
    return (
        is_abbreviation(word, other, word in first.dotted)
        or is_abbreviation(other, word, other in second.dotted)
        or is_typo(word, other, known))


def _match_compounds(whole: list[str], parts: list[str], text: Words) -> None:
    """Takes out words that the other text, `text`, writes as two."""
    for one, two in zip(text.tokens, text.tokens[1:], strict=False):
        if one + two in whole and one in parts and two in parts:
            whole.remove(one + two)
            parts.remove(one)
            parts.remove(two)
