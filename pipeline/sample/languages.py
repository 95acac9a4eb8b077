"""What differs between languages beyond their words: how words are joined, bent and misspelt."""

from __future__ import annotations

import dataclasses
import re
import zlib
from collections.abc import Callable, Mapping


def _unchanged(text: str) -> str:
    return text


@dataclasses.dataclass(frozen=True)
class Grammar:
    """The rules of one language, as far as a shop's texts need them."""

    misspell: Callable[[str, Mapping[str, str]], str | None]
    """The usual misspelling of a word, given the characters that are mistaken for others; None
    where people spell it right. Everyone makes the same mistake, so that it can be learned."""
    export: Callable[[str], str]
    """A title as another system of the shop writes it."""
    gap: str = ""
    """What stands between sentences."""
    stop: str = "。"
    """What ends one."""
    plural: Callable[[str], str] = _unchanged
    title_case: Callable[[str], str] = _unchanged
    sentence_case: Callable[[str], str] = _unchanged


def plural(noun: str) -> str:
    """The plural of an English noun phrase; those that are plural already stay as they are."""
    if noun.endswith("s"):
        return noun
    if noun.endswith(("knife", "shelf", "loaf")):
        return re.sub(r"fe?$", "ves", noun)
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("ch", "sh", "x")) else "s")


def title_case(phrase: str) -> str:
    """Capitals at the start of words, leaving what has capitals already (USB-C, D-lock)."""
    return " ".join(word[:1].upper() + word[1:] for word in phrase.split())


def sentence_case(sentence: str) -> str:
    """A capital at the start."""
    return sentence[:1].upper() + sentence[1:]


def misspell_letters(word: str, _mistaken: Mapping[str, str]) -> str | None:
    """Two letters swapped, one dropped or one doubled; short words are spelt right."""
    if len(word) < 5 or not word.isalpha():
        return None
    code = zlib.crc32(word.encode())
    at = 1 + code % (len(word) - 2)
    if code % 3 == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]
    if code % 3 == 1:
        return word[:at] + word[at + 1:]
    return word[:at] + word[at] + word[at:]


def misspell_characters(word: str, mistaken: Mapping[str, str]) -> str | None:
    """One character taken for another of the same sound, as it happens to who types by sound."""
    places = [place for place, character in enumerate(word) if character in mistaken]
    if len(word) < 2 or not places:
        return None
    at = places[zlib.crc32(word.encode()) % len(places)]
    return word[:at] + mistaken[word[at]] + word[at + 1:]


def full_width(text: str) -> str:
    """Letters, digits and signs as wide as Chinese characters, as old systems write them."""
    return text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})


GRAMMARS = {
    "en": Grammar(
        misspell=misspell_letters, export=str.upper, gap=" ", stop=".", plural=plural,
        title_case=title_case, sentence_case=sentence_case),
    "zh": Grammar(misspell=misspell_characters, export=full_width),
}
"""By the code of the language."""
