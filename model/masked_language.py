"""A masked language model of a catalogue: how likely each token is, given all others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import keras_nlp
import numpy as np
import tensorflow as tf
import tf_keras as keras

from model.acceleration import libraries_not_converted
from model.fitting import adam

MASKED = 0.2
"""Share of tokens that are masked in training: about what a pass masks when a text is scored."""

_BATCH_TOKENS = 4_096
_ROUND_TO = 8
"""Widths are multiples of it."""


@dataclasses.dataclass(frozen=True)
class MaskedLanguageSettings:
    """Size and training of a masked language model.

    Attributes:
        layers: of the transformer.
        heads: of attention.
        width: of hidden states.
        epochs: passes over the texts.
        learning_rate: the highest, of Adam, reached after a tenth of the steps.
        seed: of weights, masks and order.
    """

    layers: int = 2
    heads: int = 4
    width: int = 128
    epochs: int = 6
    learning_rate: float = 2e-3
    seed: int = 0


class MaskedLanguageModel:
    """BERT of a few layers with a head whose weights are those of its token embeddings.

    Args:
        vocabulary_size: number of tokens; 0 is padding.
        mask: token that hides another.
        separator: token after each part of a text; parts have their own segment.
        parts: how many there are.
        max_tokens: of the longest text.
        settings: size and training.
    """

    def __init__(
        self, vocabulary_size: int, mask: int, separator: int, parts: int, max_tokens: int,
        settings: MaskedLanguageSettings,
    ) -> None:
        self._mask, self._separator, self._parts = mask, separator, parts
        self._settings = settings
        keras.utils.set_random_seed(settings.seed)
        with libraries_not_converted():
            self._backbone = keras_nlp.models.BertBackbone(
                vocabulary_size=vocabulary_size, num_layers=settings.layers,
                num_heads=settings.heads, hidden_dim=settings.width,
                intermediate_dim=4 * settings.width, dropout=0.0, num_segments=parts,
                max_sequence_length=_width(max_tokens))
            self._backbone.pooled_dense.trainable = False  # Of the [CLS] state, which is not read.
            self._head = keras_nlp.layers.MaskedLMHead(
                token_embedding=self._backbone.token_embedding)
            self._head.build((None, None, settings.width))
        rows = tf.TensorSpec([None, None], tf.int32)
        self._score = tf.function(self._losses, autograph=False, input_signature=[rows, rows])

    @property
    def _variables(self) -> list[tf.Variable]:
        return [*self._backbone.trainable_variables, *self._head.trainable_variables]

    def train(self, texts: Sequence[np.ndarray]) -> None:
        """Learns texts.

        Args:
            texts: tokens of each, int32.
        """
        rng = np.random.default_rng(self._settings.seed)
        batches = list(_batches([len(text) for text in texts]))
        steps = max(1, self._settings.epochs * len(batches))
        optimizer = adam(self._settings.learning_rate, steps)
        variables = self._variables
        optimizer.build(variables)
        rows = tf.TensorSpec([None, None], tf.int32)

        def step(tokens: tf.Tensor, places: tf.Tensor) -> None:
            with tf.GradientTape() as tape:
                losses = self._losses(tokens, places)
                counted = tf.cast(tf.gather(tokens, places, batch_dims=1) != 0, tf.float32)
                loss = tf.reduce_sum(losses * counted) / tf.reduce_sum(counted)
            optimizer.apply_gradients(
                zip(tape.gradient(loss, variables), variables, strict=True))

        step = tf.function(step, autograph=False, input_signature=[rows, rows])
        for _ in range(self._settings.epochs):
            for number in rng.permutation(len(batches)):
                tokens = _padded([texts[row] for row in batches[number]])
                masked = max(1, round(MASKED * tokens.shape[1]))
                keys = rng.random(tokens.shape)
                keys[:, 0] = 2  # [CLS] is never asked for.
                step(tokens, np.argsort(keys, axis=1)[:, :masked].astype(np.int32))

    def log_probabilities(self, texts: Sequence[np.ndarray], passes: int = 4) -> list[np.ndarray]:
        """Natural log probability of each token but the first, given the others of its text.

        Every token is masked once, together with those `passes` apart, so that the cost of a text
        is that of so many passes however long it is.

        Args:
            texts: tokens of each, int32.
            passes: over each text.

        Returns:
            For each text float32 `[tokens - 1]`.
        """
        found: list[np.ndarray] = [np.zeros(0, np.float32)] * len(texts)
        for rows in _batches([len(text) for text in texts]):
            tokens = _padded([texts[row] for row in rows])
            logs = np.zeros(tokens.shape, np.float32)
            for first in range(1, 1 + min(passes, tokens.shape[1] - 1)):
                places = np.arange(first, tokens.shape[1], passes, dtype=np.int32)
                places = np.broadcast_to(places, (len(rows), len(places)))
                np.put_along_axis(logs, places, -self._score(tokens, places).numpy(), axis=1)
            for row, values in zip(rows, logs, strict=True):
                found[row] = values[1:len(texts[row])]
        return found

    def _losses(self, tokens: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Cross-entropy of the tokens at some places, which are masked, float32 `[batch, places]`.

        Args:
            tokens: int32 `[batch, tokens]`.
            places: of the tokens that are asked for, int32 `[batch, places]`.
        """
        rows = tf.broadcast_to(tf.range(tf.shape(places)[0])[:, tf.newaxis], tf.shape(places))
        hidden = tf.tensor_scatter_nd_update(
            tokens, tf.stack([rows, places], axis=-1), tf.fill(tf.shape(places), self._mask))
        ends = tf.cast(tokens == self._separator, tf.int32)
        states = self._backbone({
            "token_ids": hidden,
            "segment_ids": tf.minimum(tf.cumsum(ends, axis=1, exclusive=True), self._parts - 1),
            "padding_mask": tf.cast(tokens != 0, tf.int32)})["sequence_output"]
        return tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.gather(tokens, places, batch_dims=1), logits=self._head(states, places))


def _batches(lengths: Sequence[int]) -> Iterator[np.ndarray]:
    """Numbers of texts of like length, `_BATCH_TOKENS` tokens with padding."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = order[start:start + max(1, _BATCH_TOKENS // _width(lengths[order[start]]))]
        count = max(1, _BATCH_TOKENS // _width(lengths[rows[-1]]))
        yield order[start:start + count]
        start += count


def _width(length: int) -> int:
    return max(_ROUND_TO, -(-length // _ROUND_TO) * _ROUND_TO)


def _padded(texts: Sequence[np.ndarray]) -> np.ndarray:
    padded = np.zeros((len(texts), _width(max(len(text) for text in texts))), np.int32)
    for row, text in zip(padded, texts, strict=True):
        row[:len(text)] = text
    return padded
