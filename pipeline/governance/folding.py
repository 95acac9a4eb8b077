"""The form under which two spellings of a name are the same name."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """In lower case, full-width and joined forms as plain ones, white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
