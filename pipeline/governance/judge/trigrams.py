"""A trigram model of a catalogue's words: how likely a text is, and how likely that it ends."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.governance.judge.texts import shape_of

DISCOUNT = 0.75
"""Taken from each count for what was never seen, as usual for absolute discounting."""

MIN_COUNT = 3
"""Occurrences from which a word is known by itself; a rarer one is known by its shape."""

_START, _END, _UNKNOWN = 0, 1, 2
_SPECIAL = 3


class Logs(NamedTuple):
    """Natural log probabilities of the tokens of several texts.

    Attributes:
        words: given the two tokens before, `[texts, (tokens)]` flattened, each text's end last.
        alone: of the same tokens given nothing.
        offsets: where each text begins, and where the last one ends, `[texts + 1]`.
    """

    words: np.ndarray
    alone: np.ndarray
    offsets: np.ndarray

    @property
    def ends(self) -> np.ndarray:
        """Log probability that each text ends where it does, `[texts]`."""
        return self.words[self.offsets[1:] - 1]

    @property
    def totals(self) -> np.ndarray:
        """Log probability of each text with its end, `[texts]`."""
        return np.add.reduceat(self.words, self.offsets[:-1])


class TrigramModel:
    """Interpolated absolute discounting (Ney et al. 1994) over words and shapes of rare words.

    Args:
        texts: tokens of each text.
    """

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        lists = [list(text) for text in texts]
        counts = collections.Counter(token for text in lists for token in text)
        known = sorted(token for token, count in counts.items() if count >= MIN_COUNT)
        shapes = sorted({shape_of(token) for token in counts.keys() - set(known)})
        self._ids = {token: _SPECIAL + number for number, token in enumerate(known)}
        self._shape_ids = {
            shape: _SPECIAL + len(known) + number for number, shape in enumerate(shapes)}
        self._size = _SPECIAL + len(known) + len(shapes)
        before, last, token = self._grams([self.ids(text) for text in lists])[:3]
        self._pairs = _Table.tally(last * self._size + token)
        self._triples = _Table.tally((before * self._size + last) * self._size + token)
        contexts = _Table.tally(before * self._size + last)
        kinds = _Table.tally(self._triples.keys // self._size)
        self._contexts, self._context_kinds = contexts, kinds
        self._totals = np.bincount(last, minlength=self._size).astype(np.float64)
        self._kinds = np.bincount(
            self._pairs.keys // self._size, minlength=self._size).astype(np.float64)
        alone = np.bincount(token, minlength=self._size).astype(np.float64)
        seen = np.count_nonzero(alone)
        self._alone = (np.maximum(alone - DISCOUNT, 0) + DISCOUNT * seen / self._size) / max(
            1, len(token)) if len(token) else np.full(self._size, 1.0 / self._size)

    def logs(self, texts: Sequence[Sequence[str]]) -> Logs:
        """Log probabilities of the tokens of texts."""
        return self.logs_of_ids([self.ids(text) for text in texts])

    def ids(self, text: Sequence[str]) -> list[int]:
        """Numbers of a text's tokens, those of their shapes for rare ones."""
        return [self._id(token) for token in text]

    def logs_of_ids(self, texts: Sequence[Sequence[int]]) -> Logs:
        """Log probabilities of the tokens of texts that are given by numbers."""
        before, last, token, offsets = self._grams(texts)
        alone = self._alone[token]
        pair = _interpolate(
            self._pairs.of(last * self._size + token), self._totals[last], self._kinds[last], alone)
        context = before * self._size + last
        triple = _interpolate(
            self._triples.of(context * self._size + token), self._contexts.of(context),
            self._context_kinds.of(context), pair)
        return Logs(np.log(triple), np.log(alone), offsets)

    def knows(self, token: str) -> bool:
        """Whether a word is known by itself."""
        return token in self._ids

    def _id(self, token: str) -> int:
        known = self._ids.get(token)
        return known if known is not None else self._shape_ids.get(shape_of(token), _UNKNOWN)

    @staticmethod
    def _grams(
        texts: Sequence[Sequence[int]],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Two tokens before, one before, token: of every token and end; and texts' offsets."""
        flat: list[int] = []
        for text in texts:
            flat += (_START, _START)
            flat += text
            flat.append(_END)
        tokens = np.array(flat, np.int64)
        offsets = np.cumsum([0, *(len(text) + 1 for text in texts)])
        places = np.flatnonzero(tokens != _START)
        return tokens[places - 2], tokens[places - 1], tokens[places], offsets


class _Table(NamedTuple):
    """Counts by key, in sorted arrays: a fraction of a dict's memory, looked up many at a time."""

    keys: np.ndarray
    counts: np.ndarray

    @classmethod
    def tally(cls, keys: np.ndarray) -> _Table:
        return cls(*np.unique(keys, return_counts=True))

    def of(self, keys: np.ndarray) -> np.ndarray:
        if not len(self.keys):
            return np.zeros(len(keys))
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.counts[places], 0).astype(np.float64)


def _interpolate(
    counts: np.ndarray, totals: np.ndarray, kinds: np.ndarray, shorter: np.ndarray,
) -> np.ndarray:
    """Probability by what followed a context, with the rest given to the shorter context."""
    seen = np.maximum(totals, 1)
    return np.where(
        totals > 0, (np.maximum(counts - DISCOUNT, 0) + DISCOUNT * kinds * shorter) / seen, shorter)
