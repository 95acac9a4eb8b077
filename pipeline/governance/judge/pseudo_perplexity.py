"""Evidence from a masked language model: is each token likely, given the rest of the product.

The mean of these log probabilities is a text's pseudo-perplexity (Salazar et al. 2020).
"""

from __future__ import annotations

import collections
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from model.masked_language import MaskedLanguageModel, MaskedLanguageSettings
from model.presets import load_preset
from model.tokenizer import Tokenizer
from pipeline.governance.judge.measures import Measures
from pipeline.governance.judge.texts import Texts

MAX_PIECES = {"title": 40, "description": 48, "attributes": 32}
"""Word pieces of each column that are read."""

MIN_COUNT = 3
"""Occurrences from which a word piece is known; others are one."""

_START, _END, _MASK, _UNKNOWN = 1, 2, 3, 4
_SPECIAL = 5

_MEASURED = ("title", "description")
NAMES = tuple(
    f"{column} pseudo {what}" for column in _MEASURED for what in ("log", "least", "end"))


class PseudoPerplexity:
    """A small masked language model that reads a product as title, description, attributes.

    Args:
        texts: products that it learns.
        settings: size and training.
    """

    def __init__(self, texts: Texts, settings: MaskedLanguageSettings) -> None:
        preset = load_preset("minilm")
        self._tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
        columns = self._pieces(texts)
        counts = collections.Counter(
            piece for column in columns for pieces in column for piece in pieces.tolist())
        known = sorted(piece for piece, count in counts.items() if count >= MIN_COUNT)
        self._number = np.full(len(preset.vocabulary), _UNKNOWN, np.int32)
        self._number[known] = np.arange(_SPECIAL, _SPECIAL + len(known))
        self._model = MaskedLanguageModel(
            _SPECIAL + len(known), _MASK, _END, len(MAX_PIECES),
            sum(MAX_PIECES.values()) + len(MAX_PIECES) + 1, settings)
        self._model.train(self._join(columns))

    def measure(self, texts: Texts) -> Measures:
        """Of titles and descriptions the mean and the least log probability of a word piece.

        Also that of the end, which is low where a text stops in the middle.
        """
        columns = self._pieces(texts)
        logs = self._model.log_probabilities(self._join(columns))
        found: list[np.ndarray] = []
        starts = np.zeros(len(texts), np.int64)
        for pieces in columns[:len(_MEASURED)]:
            ends = starts + [len(row) for row in pieces]
            parts = [log[start:end] for log, start, end in zip(logs, starts, ends, strict=True)]
            found += [
                np.array([part.mean() if len(part) else np.nan for part in parts], float),
                np.array([part.min() if len(part) else np.nan for part in parts], float),
                np.array([log[end] for log, end in zip(logs, ends, strict=True)], float)]
            starts = ends + 1
        return dict(zip(NAMES, found, strict=True))

    def _pieces(self, texts: Texts) -> list[list[np.ndarray]]:
        """Word pieces of each column of each product."""
        columns = (
            [row["title"] for row in texts.rows],
            [row.get("description", "") for row in texts.rows],
            [" ".join(token for token in tokens if not token.startswith("@"))
             for tokens in texts.attributes])
        found = []
        for column, limit in zip(columns, MAX_PIECES.values(), strict=True):
            pieces = self._tokenizer.pieces(tf.constant(column, tf.string))[:, :limit]
            found.append(np.split(pieces.values.numpy(), pieces.row_splits.numpy()[1:-1]))
        return found

    def _join(self, columns: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
        """Each product as one row of tokens: a start, then each column with an end."""
        return [
            np.array([_START, *(
                token for pieces in row for token in (*self._number[pieces], _END))], np.int32)
            for row in zip(*columns, strict=True)]
