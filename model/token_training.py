"""Trains a token classifier, and asks it, on many texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from model.fitting import adam
from model.token_classifier import IGNORED, TAGS, TagLoss, TokenClassifier

_SORTED_BATCHES = 16
"""Batches whose texts are sorted by length together: little padding, and still random orders."""


def train(
    model: TokenClassifier, tokens: Sequence[np.ndarray], tags: Sequence[np.ndarray], *,
    batch_size: int, epochs: int, rate: float, seed: int,
) -> float:
    """Trains in place.

    Args:
        model: changed.
        tokens: of each text, with special tokens, int `[tokens]`.
        tags: of each text, int `[tokens, heads]`; `IGNORED` where nobody knows.
        batch_size: texts in a batch.
        epochs: passes over the texts.
        rate: peak learning rate.
        seed: of the order.

    Returns:
        Mean loss of the last pass.

    Raises:
        ValueError: there is no text.
    """
    if not len(tokens):
        raise ValueError("train should get at least one text. Received none")
    steps = -(-len(tokens) // batch_size)
    optimizer, loss = adam(rate, steps * epochs), TagLoss()
    optimizer.build(model.trainable_variables)
    step = tf.function(
        lambda rows, known: _step(model, optimizer, loss, rows, known), autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None, None], tf.int32)])
    generator = np.random.default_rng(seed)
    losses: list[float] = []
    for _ in range(epochs):
        losses = [
            float(step(pad([tokens[row] for row in batch], 0),
                       pad([tags[row] for row in batch], IGNORED)))
            for batch in _batches([len(row) for row in tokens], batch_size, generator)]
    return float(np.mean(losses))


class TagReader:
    """Probabilities of the tags of many texts; the graph is traced once.

    Args:
        model: trained.
        batch_size: texts a batch.
    """

    def __init__(self, model: TokenClassifier, batch_size: int = 64) -> None:
        self._heads = model.heads
        self._batch_size = batch_size
        self._read = tf.function(
            lambda rows: tf.nn.softmax(model(rows, training=False)), autograph=False,
            input_signature=[tf.TensorSpec([None, None], tf.int32)])

    def __call__(self, tokens: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Probabilities of each text, float32 `[tokens, heads, 3]`, in order."""
        read = [np.zeros((0, self._heads, TAGS), np.float32)] * len(tokens)
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        some = [row for row in order if len(tokens[row])]
        for start in range(0, len(some), self._batch_size):
            batch = some[start:start + self._batch_size]
            probabilities = self._read(pad([tokens[row] for row in batch], 0)).numpy()
            for row, of_text in zip(batch, probabilities, strict=True):
                read[row] = of_text[:len(tokens[row])]
        return read


def pad(rows: Sequence[np.ndarray], value: int) -> np.ndarray:
    """Rows of different lengths as one array, int32 `[rows, longest, ...]`."""
    longest = max(len(row) for row in rows)
    padded = np.full((len(rows), longest, *rows[0].shape[1:]), value, np.int32)
    for place, row in enumerate(rows):
        padded[place, :len(row)] = row
    return padded


def _step(
    model: TokenClassifier, optimizer: tf.keras.optimizers.Optimizer, loss: TagLoss,
    tokens: tf.Tensor, tags: tf.Tensor,
) -> tf.Tensor:
    with tf.GradientTape() as tape:
        value = loss(tags, model(tokens, training=True))
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))
    return value


def _batches(
    lengths: Sequence[int], batch_size: int, generator: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Numbers of texts in batches of like length, in random order."""
    order = generator.permutation(len(lengths))
    chunk = batch_size * _SORTED_BATCHES
    batches = []
    for start in range(0, len(order), chunk):
        some = sorted(order[start:start + chunk], key=lambda row: lengths[row])
        batches += [some[at:at + batch_size] for at in range(0, len(some), batch_size)]
    for place in generator.permutation(len(batches)):
        yield np.array(batches[place])
