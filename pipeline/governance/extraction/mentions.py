"""Where a text mentions a value: words whatever their case and joints, numbers with their unit."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from pipeline.cjk import CHARACTERS, is_run

_PLURALS = ("", "s", "es")
_MAX_UNIT_CHARS = 12
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_LETTER = rf"[^\W\d_{CHARACTERS}]"
_NUMBER = re.compile(
    # Not within a word, a version, a date or a part number.
    rf"(?<![^\W{CHARACTERS}])(?<![./])(?<!\d,)(\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?)(?!\d|[.,/]\d)"
    # A unit: a word, a Chinese character, one or two signs; or else no letter right behind.
    rf"(?:[\s\-]?({_LETTER}{{1,{_MAX_UNIT_CHARS}}}(?![^\W{CHARACTERS}])|[{CHARACTERS}]"
    rf"|[\"”″'’′%°]{{1,2}})|(?!\w))")


class Span(NamedTuple):
    """A stretch of a text, in characters.

    Attributes:
        start: first character.
        end: behind the last one.
    """

    start: int
    end: int


class NumberMention(NamedTuple):
    """A number in a text.

    Attributes:
        span: of the number and its unit.
        number: its value.
        unit: the word or sign behind it, case folded; "" where there is none.
    """

    span: Span
    number: float
    unit: str


def compact(text: str) -> str:
    """What spellings of a value have in common: letters and digits, case folded, no accents.

    "RJ-45", "RJ45" and "rj 45" are one. A text without letters and digits keeps its characters.
    """
    kept = "".join(letter for letter in _folded(text) if letter.isalnum())
    return kept or " ".join(text.casefold().split())


class CompactText:
    """A text, prepared for looking up values in it.

    Args:
        text: as a person wrote it.

    Attributes:
        letters: what `compact` makes of it.
        starts: places in `letters` where a word begins.
    """

    def __init__(self, text: str) -> None:
        letters: list[str] = []
        self._places: list[int] = []
        for place, char in enumerate(text):
            for letter in _folded(char):
                if letter.isalnum():
                    letters.append(letter)
                    self._places.append(place)
        self.letters = "".join(letters)
        self.starts = [
            index for index in range(len(letters)) if self._is_boundary(index)]

    def find(self, key: str) -> Iterator[Span]:
        """Where a value stands as whole words, in singular or plural; no two overlap.

        Args:
            key: the value's `compact` form.
        """
        start = self.letters.find(key) if key else -1
        while start >= 0:
            end = self.match(key, start) if self._is_boundary(start) else 0
            if end:
                yield self.span(start, end)
            start = self.letters.find(key, max(end, start + 1))

    def match(self, key: str, start: int) -> int:
        """Where words end that begin at `start` and are the key or its plural; 0 if they do not."""
        if self.letters.startswith(key, start):
            for plural in _PLURALS:
                end = start + len(key) + len(plural)
                if self.letters.startswith(plural, start + len(key)) and self._is_boundary(end):
                    return end
        return 0

    def span(self, start: int, end: int) -> Span:
        """Characters of the text that `letters[start:end]` are made of."""
        return Span(self._places[start], self._places[end - 1] + 1)

    def _is_boundary(self, index: int) -> bool:
        """Whether a word may begin, or have ended, before the letter `index`."""
        if index in (0, len(self.letters)):
            return True
        if self._places[index] - self._places[index - 1] > 1:
            return True
        return is_run(self.letters[index - 1]) or is_run(self.letters[index])


def find_numbers(text: str) -> Iterator[NumberMention]:
    """Numbers that stand for themselves: "15-ft", "43.2 cm", "1,000 sheets", but not "P7450"."""
    for match in _NUMBER.finditer(text):
        digits, unit = match[1], match[2] or ""
        comma = "" if _THOUSANDS.fullmatch(digits) else "."
        yield NumberMention(
            Span(match.start(), match.end()), float(digits.replace(",", comma)), unit.casefold())


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold())
