"""What a text is without broken encodings, markup, control characters and superfluous white space.

The rules for texts show what they mend. The masks of personal data look at mended texts as well:
what markup hides from them would come to light when the rules strip it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import ftfy
from ftfy.badness import is_bad

# Only what HTML names: "< 5 kg > 3 kg" is no tag. These part no words: H<sub>2</sub>O.
_INLINE_TAG = re.compile(
    r"</?(?:b|em|i|s|strike|strong|sub|sup|tt|u)(?:\s[^<>]*)?/?>"
    r"|<!--(?:(?!<!--).)*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:a|abbr|big|blockquote|body|br|center|code|dd|div|dl|dt|font|h[1-6]|head|hr|html|iframe|"
    r"img|li|link|meta|ol|p|pre|script|section|small|span|style|table|tbody|td|th|thead|tr|ul)"
    r"(?:\s[^<>]*)?/?>", re.IGNORECASE)
_UNSEEN_BODY = re.compile(
    r"<(script|style)\b[^<>]*>(?:(?!<\1\b).)*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
# Each of its letters is followed by another, or by what a space or a question mark replaced.
_MAY_BE_MOJIBAKE = re.compile(r"[\x1a\x80-\x9f]|[\xa0-\u2bff\uf8ff\ufb01\ufb02](?![!->@-~])")
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
_STRANGE_RUN = re.compile(r"[^\x00-\x7f]{2}")
_LATIN = re.compile(r"[A-Za-z]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
# Control characters that are no white space, halves of surrogate pairs, characters of no width.
# Zero-width joiners stay: Persian, Hindi and emoji need them.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff"
    r"\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e]")


def may_be_mended(text: str) -> bool:
    """Whether a text may be other than mended; quick, as most are not."""
    return "<" in text or "&" in text or "  " in text or not (text.isascii() and text.isprintable())


def mend_encoding(text: str) -> str:
    """The text as it was before it was read in a wrong encoding, or the same text."""
    # ftfy looks closer, and takes as long as everything else together.
    if text.isascii() or not _MAY_BE_MOJIBAKE.search(text) or not is_bad(text):
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
            text = _INLINE_TAG.sub("", _TAG.sub(" ", _UNSEEN_BODY.sub(" ", text)))
        if "&" in text and _ENTITY.search(text):
            text = html.unescape(text)
    return text


def strip_control(text: str) -> str:
    """The text without control characters and those of no width."""
    return text if text.isprintable() else _UNSEEN.sub("", text)


def tidy_spaces(text: str) -> str:
    """The text with single spaces and line breaks, none at its ends."""
    text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n", text)
    return text.strip()


# An entity may stand for a letter of mojibake, and mojibake for what nobody sees.
MENDS: tuple[Callable[[str], str], ...] = (
    strip_markup, mend_encoding, strip_control, tidy_spaces)
"""In the order in which a text is mended."""


def mend(text: str) -> str:
    """The text after all of them."""
    for step in MENDS:
        text = step(text)
    return text
