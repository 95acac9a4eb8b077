"""Texts as words in a normal form: two spellings of one thing are the same words."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

from pipeline import cjk

MAX_CHARS = 4_000
"""Characters of a text that are read: far over any title, it bounds hostile input."""

_UNITS = {
    alias: unit for unit, aliases in {
        "inch": '" in inches', "foot": "' ft feet", "yard": "yd yards",
        "mm": "millimeter millimeters millimetre millimetres",
        "cm": "centimeter centimeters centimetre centimetres",
        "meter": "m meters metre metres mtr", "liter": "l liters litre litres ltr",
        "ml": "milliliter milliliters millilitre millilitres", "lb": "lbs pound pounds",
        "oz": "ounce ounces", "gallon": "gal gallons", "gram": "g grams gr",
        "kg": "kilogram kilograms kilo kilos", "pack": "pk pck packs", "piece": "pc pcs pieces",
        "watt": "w watts", "volt": "v volts", "year": "yr yrs years", "hour": "hr hrs hours",
        "sheet": "sheets", "count": "ct",
    }.items() for alias in (unit, *aliases.split())}
"""How units are written after a number, and the form that is compared; none is a single letter,
which elsewhere is a size."""

UNIT_NAMES = frozenset(_UNITS.values())

_FILLERS = frozenset((
    "a", "an", "and", "at", "by", "de", "der", "die", "das", "du", "el", "et", "for", "from", "in",
    "la", "las", "le", "les", "los", "mit", "of", "on", "or", "per", "the", "to", "und", "with"))
"""Words that a title may have or lack and still name the same thing."""

_UNSEEN = re.compile("[®™©℠\u200b-\u200f\ufeff\u00ad]")
_TAG = re.compile(r"<[^<>]{0,200}>")
_NOT_ASCII = ((re.compile("[”“″]"), '"'), (re.compile("[’‘′´]"), "'"))
_REWRITES = (
    (re.compile(r"''"), '"'),
    (re.compile(r"(?<=[^\W\d_])'(?=s\b)"), ""),  # men's
    (re.compile(r"\(s\)"), "s"),  # pc(s)
    (re.compile(r"(?<=\d),(?=\d{3}(?!\d))"), ""),  # 1,000
    (re.compile(r"\bw/"), "with "),
)
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|(?<=\d)[\"']|(?<=\w)\+(?!\d)")
_SHORT = 2
_PLUS, _TIMES = "+", "x"


class Words(NamedTuple):
    """A text in normal form.

    Attributes:
        tokens: numbers, words and the letters of codes, in their order.
        strict: those of them that name a thing rather than describe it: numbers, letters
            glued to numbers, a plus sign, and words of a letter or two, such as sizes.
        dotted: words with a full stop behind, as an abbreviation has one.
    """

    tokens: tuple[str, ...]
    strict: frozenset[str]
    dotted: frozenset[str]


def read_words(text: str) -> Words:
    """Reads a text: case, accents, punctuation, markup and the spelling of units are gone."""
    text = clean(text)
    matches = list(_TOKEN.finditer(text))
    tokens: list[str] = []
    strict: set[str] = set()
    dotted: set[str] = set()
    last = len(matches) - 1
    for place, match in enumerate(matches):
        token, begin, end = match[0], match.start(), match.end()
        after_number = place > 0 and is_number(matches[place - 1][0])
        before_number = place < last and is_number(matches[place + 1][0])
        if is_number(token):
            token = _canonical_number(token)
            strict.add(token)
        elif after_number and token in _UNITS:
            token = _UNITS[token]
        elif token == _TIMES and before_number:  # 8 x 10
            continue
        elif token == _PLUS or (after_number and matches[place - 1].end() == begin) or (
                before_number and end == matches[place + 1].start()):
            strict.add(token)
        elif token in _FILLERS:
            continue
        elif cjk.is_run(token):
            pairs = cjk.pairs(token)
            tokens += pairs
            strict.update(pairs)
            continue
        else:
            token = singular(token)
            if len(token) <= _SHORT:
                strict.add(token)
            elif text.startswith(".", end):
                dotted.add(token)
        tokens.append(token)
    return Words(tuple(tokens), frozenset(strict), frozenset(dotted))


def clean(text: str) -> str:
    """A text without markup and accents, in lower case, its signs written in one way."""
    text = text[:MAX_CHARS]
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = _UNSEEN.sub("", text)
        for pattern, replacement in _NOT_ASCII:
            text = pattern.sub(replacement, text)
        text = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in text if not unicodedata.combining(char))
    text = text.casefold()
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return text


def is_number(token: str) -> bool:
    """Whether a token is a number."""
    return token[:1].isdecimal()


def singular(word: str) -> str:
    """A word without the s of a plural."""
    if len(word) > 3 and word[-1] == "s" and word[-2] != "s":
        return word[:-1]
    return word


def _canonical_number(token: str) -> str:
    """1,50 and 1.5 are one number; 007 is not 7."""
    token = token.replace(",", ".")
    if token.count(".") == 1:
        token = token.rstrip("0").rstrip(".")
    return token
