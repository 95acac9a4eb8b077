"""Texts as word pieces, and stretches of text as tags of word pieces and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from model.presets import Preset
from model.token_classifier import BEGIN, IGNORED, INSIDE, OUTSIDE
from model.tokenizer import Tokenizer
from pipeline.governance.extraction.mentions import Span

_LEAST = 0.05
"""Probability from which a token may be the first of a value."""


class Pieces(NamedTuple):
    """A text's word pieces.

    Attributes:
        tokens: ids, special tokens first and last, int32 `[tokens]`.
        starts: their first characters, int32 `[tokens]`; of special tokens 0.
        ends: the characters behind their last, likewise.
    """

    tokens: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class TaggedSpan(NamedTuple):
    """A stretch of text that is said to be a value.

    Attributes:
        head: which column's value.
        span: where.
        score: probability of its tags.
    """

    head: int
    span: Span
    score: float


class TextTokenizer:
    """Word pieces of texts with their places.

    Args:
        preset: of the encoder.
        max_tokens: of a text, special tokens included; the front is kept.
    """

    def __init__(self, preset: Preset, max_tokens: int) -> None:
        self._tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
        self._first = preset.vocabulary.index("[CLS]")
        self._last = preset.vocabulary.index("[SEP]")
        self._max_pieces = max_tokens - 2

    def __call__(self, texts: Sequence[str]) -> list[Pieces]:
        """Pieces of each text."""
        encoded = [text.encode("utf-8", errors="replace") for text in texts]
        ragged = self._tokenizer.pieces_with_offsets(tf.constant(encoded, tf.string))
        splits = ragged[0].row_splits.numpy()
        tokens, starts, ends = (part.flat_values.numpy() for part in ragged)
        found = []
        for row, text in enumerate(texts):
            some = slice(splits[row], min(splits[row + 1], splits[row] + self._max_pieces))
            first, last = starts[some], ends[some]
            if len(encoded[row]) != len(text):
                character = _characters(encoded[row])
                first, last = character[first], character[last]
            found.append(Pieces(
                _framed(tokens[some], self._first, self._last), _framed(first, 0, 0),
                _framed(last, 0, 0)))
        return found


def tag(pieces: Pieces, spans: Sequence[Sequence[Span] | None]) -> np.ndarray:
    """Tags of a text's tokens.

    Args:
        pieces: of the text.
        spans: values in it, for each head; None where nobody knows.

    Returns:
        int8 `[tokens, heads]`.
    """
    tags = np.full((len(pieces.tokens), len(spans)), IGNORED, np.int8)
    for head, of_head in enumerate(spans):
        if of_head is None:
            continue
        tags[:, head] = OUTSIDE
        for span in of_head:
            inside = np.flatnonzero((pieces.starts < span.end) & (pieces.ends > span.start))
            tags[inside, head] = INSIDE
            tags[inside[:1], head] = BEGIN
    return tags


def read_spans(pieces: Pieces, probabilities: np.ndarray) -> Iterator[TaggedSpan]:
    """Stretches that may be values.

    Args:
        pieces: of the text.
        probabilities: of the tags, float `[tokens, heads, 3]`.
    """
    for first, head in zip(*np.nonzero(probabilities[:, :, BEGIN] >= _LEAST), strict=True):
        score, last = float(probabilities[first, head, BEGIN]), first
        while (last + 1 < len(probabilities)
               and probabilities[last + 1, head].argmax() == INSIDE):
            last += 1
            score *= float(probabilities[last, head, INSIDE])
        span = Span(int(pieces.starts[first]), int(pieces.ends[last]))
        if span.end > span.start:
            yield TaggedSpan(int(head), span, score)


def _framed(values: np.ndarray, first: int, last: int) -> np.ndarray:
    return np.concatenate([[first], values, [last]]).astype(np.int32)


def _characters(encoded: bytes) -> np.ndarray:
    """The character that each byte is of, and at the end their number."""
    begins = (np.frombuffer(encoded, np.uint8) & 0xC0) != 0x80
    return np.append(np.cumsum(begins) - 1, begins.sum())
