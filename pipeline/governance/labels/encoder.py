"""Vectors of texts by a preset as it comes, for what compares meanings before any training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from model.encoding import BatchEncoder
from model.presets import load_preset
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer

MAX_TOKENS = 64
"""Tokens of a text that are read, as many as the product tower reads by default."""

_TEXTS_AT_ONCE = 8_192


class TextVectors:
    """Unit vectors of texts.

    Args:
        preset: name of a preset, see `model.presets`.

    Raises:
        PresetError: the preset is unknown or incomplete.
    """

    def __init__(self, preset: str) -> None:
        found = load_preset(preset)
        self._tokenizer = Tokenizer(found.vocabulary, found.lowercase)
        self._encode = BatchEncoder(TextEncoder(found))

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors float32 `[texts, dim]`."""
        vectors = np.zeros((len(texts), self._encode.dimension), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = slice(start, start + _TEXTS_AT_ONCE)
            vectors[some] = self._encode(
                self._tokenizer(tf.constant(texts[some], tf.string), MAX_TOKENS))
        return vectors
