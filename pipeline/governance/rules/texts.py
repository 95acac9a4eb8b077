"""Texts whose form is broken: encodings, markup, control characters, white space."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ftfy
from ftfy.badness import is_bad

from pipeline.governance.decisions import ATTRIBUTE
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row

_TABLES = ("products", "events", "users", "judgments", "facts")

MOJIBAKE = Rule(
    "mojibake", _TABLES, "The text was read in the wrong encoding, so that letters came out as "
    "two or three strange ones.", "Export as UTF-8, and read the source in the encoding it has.")
MARKUP = Rule(
    "markup", _TABLES, "The text holds HTML tags or entities.",
    "Export the text without its markup.", severe=False)
CONTROL = Rule(
    "control_characters", _TABLES, "The text holds characters that nobody sees.",
    "Strip control and zero-width characters where texts are entered.", severe=False)
WHITE_SPACE = Rule(
    "white_space", _TABLES, "The text has superfluous white space.",
    "Trim texts where they are entered.", severe=False)

RULES = (MOJIBAKE, MARKUP, CONTROL, WHITE_SPACE)

COLUMNS = {
    "products": ("title", "description", "brand", "category"),
    "events": ("query", "review"),
    "users": ("profile",),
    "judgments": ("query",),
    "facts": ("relation",),
}
"""Columns of text by table; the attributes of every table are looked at as well."""

# Only what HTML names: "< 5 kg > 3 kg" is no tag. What stands within a line parts no words.
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|code|em|font|i|s|small|span|strike|strong|sub|sup|tt|u)"
    r"(?:\s[^<>]*)?/?>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BLOCK_TAG = re.compile(
    r"</?(?:blockquote|body|br|center|dd|div|dl|dt|h[1-6]|head|hr|html|iframe|img|li|link|meta|ol|p|"
    r"pre|script|section|style|table|tbody|td|th|thead|tr|ul)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_UNSEEN_BODY = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
_STRANGE_RUN = re.compile(r"[^\x00-\x7f]{2}")
_LATIN = re.compile(r"[A-Za-z]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
# Zero-width joiners stay: Persian, Hindi and emoji need them.
_UNSEEN = frozenset("\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_WHITE = frozenset("\t\n\r\f\v\x85\x1c\x1d\x1e\x1f")


def mend_encoding(text: str) -> str:
    """The text as it was before it was read in a wrong encoding, or the same text."""
    # ftfy looks closer, and takes as long as everything else together.
    if text.isascii() or not is_bad(text):
        return text
    mended = ftfy.fix_encoding(text)
    # What was broken in another way may only break anew: a text that is still bad, an ideograph
    # between Latin letters, or strange letters that are as many as before are no better.
    doubtful = (
        is_bad(mended)
        or 0 < len(_IDEOGRAPH.findall(mended)) < len(_LATIN.findall(mended))
        or (len(mended) == len(text) and _STRANGE_RUN.search(mended)))
    return text if doubtful else mended


def strip_markup(text: str) -> str:
    """The text without HTML tags, entities replaced by what they stand for."""
    before = ""
    while text != before:  # Markup may itself be escaped, and more than once.
        before = text
        if "<" in text:
            text = _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", _UNSEEN_BODY.sub(" ", text)))
        if "&" in text and _ENTITY.search(text):
            text = html.unescape(text)
    return text


def strip_control(text: str) -> str:
    """The text without control characters and those of no width."""
    if text.isprintable():
        return text
    return "".join(
        c for c in text
        if c in _WHITE or (c not in _UNSEEN and unicodedata.category(c) not in ("Cc", "Cs")))


def tidy_spaces(text: str) -> str:
    """The text with single spaces and line breaks, none at its ends."""
    text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n", text)
    return text.strip()


class _Step(NamedTuple):
    rule: Rule
    mend: Callable[[str], str]


# An entity may stand for a letter of mojibake, and mojibake for what nobody sees.
_STEPS = (
    _Step(MARKUP, strip_markup), _Step(MOJIBAKE, mend_encoding), _Step(CONTROL, strip_control),
    _Step(WHITE_SPACE, tidy_spaces))


def find_broken_texts(table: str, row: Row) -> Iterator[Finding]:
    """Repairs of each text of a row, one a rule, each on top of the one before.

    A text of which nothing is left is cleared, or, where the contract requires it, left alone.
    """
    for column in COLUMNS[table]:
        if isinstance(text := row.get(column), str):
            yield from _mend(column, text)
    for name, value in row.get("attributes", {}).items():
        if isinstance(value, str):
            yield from _mend(ATTRIBUTE + name, value)
        elif isinstance(value, (list, dict)):
            yield from _mend_nested(ATTRIBUTE + name, value)


def _mend(column: str, text: str) -> Iterator[Finding]:
    for step in _STEPS:
        mended = step.mend(text)
        if mended == text:
            continue
        if not mended.strip():
            if column not in ("title", "query", "relation"):
                yield Finding(step.rule.name, column, Action.CLEARED)
            return
        yield Finding(step.rule.name, column, Action.REPAIRED, mended)
        text = mended


def _mend_nested(column: str, value: Any) -> Iterator[Finding]:
    for step in _STEPS:
        mended = _map_texts(value, step.mend)
        if mended != value:
            yield Finding(step.rule.name, column, Action.REPAIRED, mended)
            value = mended


def _map_texts(value: Any, mend: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return mend(value)
    if isinstance(value, list):
        return [_map_texts(item, mend) for item in value]
    if isinstance(value, dict):
        return {name: _map_texts(item, mend) for name, item in value.items()}
    return value
