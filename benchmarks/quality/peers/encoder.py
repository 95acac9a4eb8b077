"""The text encoder as published, without any training on the shop."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Sequence

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # Before TensorFlow is imported.

import numpy as np
import tensorflow as tf

from benchmarks.quality.peers.rankings import Floats
from benchmarks.quality.tasks import Task
from model.encoding import BatchEncoder
from model.presets import load_preset
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer

MAX_TOKENS = 64
"""Tokens of a text, as many as Emporium reads of a product."""

_TEXTS_AT_ONCE = 8192


def encode_task(task: Task, cache: pathlib.Path) -> tuple[Floats, Floats]:
    """Vectors of a task's products, all their texts, and queries by MiniLM as published.

    Args:
        task: what is encoded.
        cache: file that keeps them, or that they are read from.

    Returns:
        `[products, dim]` and `[queries, dim]`.
    """
    if not cache.exists():
        encode = MiniLM()
        part = cache.with_suffix(".part.npz")
        np.savez(part, products=encode(task.texts()), queries=encode(task.queries))
        part.rename(cache)
    with np.load(cache) as vectors:
        return vectors["products"], vectors["queries"]


class MiniLM:
    """The preset minilm with the weights that it comes with."""

    def __init__(self) -> None:
        preset = load_preset("minilm")
        self._tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
        encoder = TextEncoder(preset)
        self._dimension = encoder.dimension
        self._encode = BatchEncoder(encoder)

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Unit vectors `[texts, dim]`."""
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = slice(start, start + _TEXTS_AT_ONCE)
            vectors[some] = self._encode(self._tokenizer(tf.constant(texts[some]), MAX_TOKENS))
        return vectors
