"""Evidence that a title is cut: its last word, its length, and what else it would have said."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import Ridge

from pipeline.governance.judge.measures import Measures
from pipeline.governance.judge.texts import Texts, log_lengths, value_tokens
from pipeline.governance.judge.views import Views
from pipeline.ingest.rows import Row

_NAMES = (
    "last ends", "last word", "last beginning", "last length", "last ends share", "last cut",
    "last said", "goes on", "attributes due", "attributes missed", "attributes more")

_LONGEST = 40
"""Letters of a word whose beginnings are counted; what is longer is no word."""

_MAX_VALUE_TOKENS = 4
"""Of an attribute's value that a title may name."""


class Endings:
    """Knows how titles of the shop end, how long they are, and which attributes they name.

    Args:
        texts: what is learned from.
        views: of the same products.
    """

    def __init__(self, texts: Texts, views: Views) -> None:
        self._last = collections.Counter(title[-1] for title in texts.title if title)
        self._titles = collections.Counter(token for title in texts.title for token in set(title))
        self._words = collections.Counter(
            token for title, description in zip(texts.title, texts.description, strict=True)
            for token in {*title, *description})
        self._beginnings: collections.Counter[str] = collections.Counter()
        for word, count in self._words.items():
            for length in range(1, min(len(word), _LONGEST)):
                self._beginnings[word[:length]] += count
        self._length = Ridge(1.0).fit(views.rest, log_lengths(texts))
        self._named: collections.Counter[str] = collections.Counter()
        self._had: collections.Counter[str] = collections.Counter()
        for row, title in zip(texts.rows, texts.title, strict=True):
            words = set(title)
            for name, value in _short_values(row):
                self._had[name] += 1
                self._named[name] += value <= words

    def measure(self, texts: Texts, views: Views) -> Measures:
        """The last word, what the description says after it, what is lacking, and the length."""
        found = np.full((len(_NAMES), len(texts)), np.nan)
        for place, (row, title) in enumerate(zip(texts.rows, texts.title, strict=True)):
            if title:
                said = {*texts.description[place], *texts.attributes[place]}
                found[:, place] = (
                    *self._last_word(title[-1], said), _goes_on(title, texts.description[place]),
                    *self._attributes(row, set(title)))
        return {
            **dict(zip(_NAMES, found, strict=True)),
            "title length": log_lengths(texts) - self._length.predict(views.rest)}

    def _last_word(self, last: str, said: set[str]) -> tuple[float, ...]:
        """How often titles end with it, how often it is a word or the beginning of others."""
        ends, titles = self._last[last], self._titles[last]
        return (
            np.log1p(ends), np.log1p(self._words[last]), np.log1p(self._beginnings[last]),
            len(last), np.log((ends + 0.3) / (titles + 1)),
            last not in said and any(word.startswith(last) for word in said), last in said)

    def _attributes(self, row: Row, title: set[str]) -> tuple[float, float, float]:
        """Values that titles usually name, surprise at those left out, and how many more are."""
        due, missed, named = 0.0, 0.0, 0
        for name, value in _short_values(row):
            share = (self._named[name] + 0.5) / (self._had[name] + 2)
            due += share
            if value <= title:
                named += 1
            else:
                missed -= np.log(1 - share)
        return due, missed, named - due


def _short_values(row: Row) -> Iterator[tuple[str, set[str]]]:
    """Attributes whose value a title may name."""
    for name, value in (row.get("attributes") or {}).items():
        tokens = {token for token in value_tokens(value) if token[0].isalnum()}
        if tokens and len(tokens) <= _MAX_VALUE_TOKENS:
            yield name, tokens


def _goes_on(title: list[str], description: list[str]) -> float:
    """Tokens with which the description goes on after the last two of the title, the most."""
    longest = 0
    for place, token in enumerate(description[:-1]):
        if token == title[-1] and (len(title) < 2 or not place or (
                description[place - 1] == title[-2])):
            longest = max(longest, len(description) - 1 - place)
    return float(longest)
