"""What is read of products: their words, one column at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.cjk import with_pairs
from pipeline.ingest.rows import Row

MAX_WORDS = 120
"""Words of a text that are looked at: noise shows in the first, and long texts cost."""

_TOKEN = re.compile(r"[^\W_]+(?:['.\-/][^\W_]+)*|[^\w\s]")
_MARKUP = re.compile(r"<[^>]{0,200}>")


class Texts(NamedTuple):
    """Products as tokens, case folded; each attribute a list a product.

    Attributes:
        rows: the products.
        title: tokens of the title.
        description: tokens of the description.
        words: tokens of each word of the description, as what is shuffled is words.
        attributes: for each attribute "@name", then the tokens of its value; a flag is
            "@name=True". Attributes are in the order of their names.
    """

    rows: Sequence[Row]
    title: list[list[str]]
    description: list[list[str]]
    words: list[list[list[str]]]
    attributes: list[list[str]]

    def __len__(self) -> int:
        return len(self.rows)


def read_texts(rows: Sequence[Row]) -> Texts:
    """Splits the texts of products."""
    words = [[tokens_of(word) for word in split_words(row.get("description", ""))] for row in rows]
    return Texts(
        rows,
        [text_tokens(row["title"]) for row in rows],
        [[token for word in of_row for token in word] for of_row in words],
        words,
        [attribute_tokens(row) for row in rows])


def split_words(text: str) -> list[str]:
    """Words between white space, without markup; characters of scripts without spaces in pairs."""
    return with_pairs(_MARKUP.sub(" ", text)).split()[:MAX_WORDS]


def tokens_of(word: str) -> list[str]:
    """Tokens of a word: what it is made of and its punctuation, each for itself, case folded."""
    return _TOKEN.findall(word.casefold())


def text_tokens(text: str) -> list[str]:
    """Tokens of a text."""
    return [token for word in split_words(text) for token in tokens_of(word)]


def attribute_tokens(row: Row) -> list[str]:
    """Tokens of a product's attributes."""
    tokens: list[str] = []
    for name, value in sorted((row.get("attributes") or {}).items()):
        tokens.append(f"@{name}={value}" if isinstance(value, bool) else f"@{name}")
        tokens += value_tokens(value)
    return tokens


def value_tokens(value: Any) -> list[str]:
    """Tokens of an attribute's value; a flag and a nested object have none."""
    if isinstance(value, float):
        return [f"{value:.0f}" if value.is_integer() else f"{value:g}"]
    if isinstance(value, (list, tuple)):
        return [token for item in value for token in value_tokens(item)][:MAX_WORDS]
    if isinstance(value, (bool, dict)) or value is None:
        return []
    return text_tokens(str(value))


def log_lengths(texts: Texts) -> np.ndarray:
    """Logarithm of one more than the characters of each title, `[products]`."""
    return np.log1p([len(row["title"]) for row in texts.rows])


def shape_of(token: str) -> str:
    """What a token looks like: "a" for letters, "0" for digits, punctuation as it is.

    "c13t0549" becomes "a0a0", "2.33" becomes "0.0".
    """
    shape: list[str] = []
    for letter in token:
        kind = "0" if letter.isdigit() else "a" if letter.isalpha() else letter
        if not shape or shape[-1] != kind:
            shape.append(kind)
    return "".join(shape[:8])
