"""Whether two words are one word, written differently."""

from __future__ import annotations

from collections.abc import Callable

Known = Callable[[str], bool]
"""Whether a word, in the form of `words.read_words`, is one that people use."""

_VOWELS = frozenset("aeiou")
_TYPO_LENGTH = 4
_TWO_TYPOS_LENGTH = 9
_MAX_SKELETON = 5
_MIN_PREFIX = 3


def is_typo(first: str, second: str, known: Known) -> bool:
    """Whether one of two words is a slip of the other.

    Shops sell plates and plants: where both words are known, neither is a slip. Nor is a word of
    three letters, unless it is the stranger and the longer one is not; nor letters without a
    vowel, which are a code.
    """
    short, long = sorted((first, second), key=len)
    if len(short) < _TYPO_LENGTH - 1 or len(long) < _TYPO_LENGTH:
        return False
    if (known(short) and known(long)) or _VOWELS.isdisjoint(first + second):
        return False
    if len(short) < _TYPO_LENGTH and (known(short) or not known(long)):
        return False
    return is_near(first, second, 2 if len(short) >= _TWO_TYPOS_LENGTH else 1)


def is_abbreviation(short: str, word: str, dotted: bool) -> bool:
    """Whether a word is written short: without its vowels ("blk"), or cut off at a full stop.

    Args:
        short: the word that may be an abbreviation.
        word: the word that it may stand for.
        dotted: whether a full stop ends `short`.
    """
    if len(short) >= len(word) or short[0] != word[0] or len(short) == 1:
        return False
    if dotted and len(short) >= _MIN_PREFIX and word.startswith(short):
        return True
    if _VOWELS.intersection(short[1:]):
        return False
    return short == _skeleton(word) or (
        len(short) <= _MAX_SKELETON and _is_subsequence(short, word))


def is_near(first: str, second: str, edits: int) -> bool:
    """Whether so many edits at most (a letter more, less, other, or two swapped) part two words.

    Args:
        first: a word.
        second: another.
        edits: 1 or more.
    """
    if abs(len(first) - len(second)) > edits:
        return False
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        above, before, row = before, row, [i]
        for j, other in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > edits:
            return False
    return row[-1] <= edits


def _skeleton(word: str) -> str:
    return word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)


def _is_subsequence(short: str, word: str) -> bool:
    letters = iter(word)
    return all(letter in letters for letter in short)
