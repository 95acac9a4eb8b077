"""Takes out of a text what tells who wrote it, before it is kept or shown."""

from __future__ import annotations

import re

# In this order: a card's digits would pass as a telephone number too.
_PATTERNS = (
    (re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"'.,;]+"), "[e-mail]"),
    (re.compile(r"(?<![\w])\d(?:[ .-]?\d){12,18}(?!\w)"), "[card]"),
    (re.compile(r"(?<![\w.])\+\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)"), "[phone]"),
    (re.compile(r"(?<![\w.])\(?0\d(?:[ ()./-]{0,2}\d){6,12}(?!\w)"), "[phone]"),
    (re.compile(r"(?<![\w.])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)"), "[phone]"),
)


def mask(text: str) -> str:
    """The text with e-mail addresses, card numbers and telephone numbers named, not shown."""
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return text
