"""A text as it is searched: plain digits, spaces and hyphens, with the way back to the original."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple


class View(NamedTuple):
    """A text in which look-alikes are one character.

    Attributes:
        text: digits of every script and full-width letters are ASCII, spaces are " ", hyphens and
            dashes "-"; characters that nobody sees are left out.
        offsets: place in the original of each character, and its length at the end; None where
            every character stands where it stood.
    """

    text: str
    offsets: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the view begins and ends in the original."""
        if self.offsets is None:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1 if end > start else self.offsets[end]


def normalise(text: str) -> View:
    """The view of a text."""
    if text.isascii():
        return View(text, None)
    seen = text.translate(_PLAIN)
    if len(seen) == len(text):
        return View(seen, None)
    kept = [place for place, character in enumerate(text) if _PLAIN[ord(character)] != ""]
    return View(seen, (*kept, len(text)))


class _Plain(dict[int, str]):
    """For `str.translate`: what stands for each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        return plain


def _plain(character: str) -> str:
    if character.isascii():
        return character
    category = unicodedata.category(character)
    if category == "Cf":  # Zero-width spaces, soft hyphens, marks of direction.
        return ""
    if category == "Zs":
        return " "
    if category == "Pd" or character in "\u2212\u2043":  # Minus, hyphen bullet.
        return "-"
    if category == "Nd":
        return str(unicodedata.digit(character))
    folded = unicodedata.normalize("NFKC", character)
    # Full-width forms; what folds into several characters would have no place to go back to.
    return folded if len(folded) == 1 and folded.isascii() else character


_PLAIN = _Plain()
