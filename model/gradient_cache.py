"""Gradients of a loss over a large batch, with the memory of a small one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

Encode = Callable[[tf.Tensor], tf.Tensor]
"""Maps tokens `[texts, tokens]` to vectors `[texts, dim]`, alike for every call."""


def cached_gradients(
    encode: Encode, batches: Sequence[tf.Tensor],
    loss_of: Callable[[Sequence[tf.Tensor]], tf.Tensor], weights: Sequence[tf.Variable],
    chunk_size: int, scale: Callable[[tf.Tensor], tf.Tensor] = tf.identity,
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """A loss and its gradients, never holding the encoder's activations of more than one chunk.

    Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"
    (GradCache): encode everything without remembering how; take the gradient of the loss with
    respect to the vectors; encode once more, chunk by chunk, and pass each chunk's vector gradients
    on to the weights. The result is that of one pass, for one more forward pass: a third of a step.

    Args:
        encode: the encoder; without dropout, since it encodes twice.
        batches: tokens, int64 `[texts, tokens]` each.
        loss_of: maps the vectors of `batches` to a scalar.
        weights: of the encoder.
        chunk_size: texts that are encoded at once.
        scale: of the loss, where float16 would lose small gradients.

    Returns:
        The loss, and the gradient of the scaled loss for each of `weights`.
    """
    chunks = [_chunks(tokens, chunk_size) for tokens in batches]
    vectors = []
    for tokens, parts in zip(batches, chunks, strict=True):
        encoded = tf.map_fn(
            encode, parts, parallel_iterations=1, fn_output_signature=tf.float32)
        flat = tf.reshape(encoded, [-1, tf.shape(encoded)[-1]])
        vectors.append(flat[: tf.shape(tokens)[0]])
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        loss = loss_of(vectors)
        target = scale(loss)
    cached = tape.gradient(target, vectors, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = [tf.zeros_like(weight) for weight in weights]
    for parts, gradient in zip(chunks, cached, strict=True):
        gradients = _add_gradients(encode, parts, _chunks(gradient, chunk_size), weights, gradients)
    return loss, gradients


def _chunks(rows: tf.Tensor, size: int) -> tf.Tensor:
    """Rows `[rows, width]` as `[chunks, size, width]`, the last chunk filled up with zeros."""
    count, width = tf.shape(rows)[0], tf.shape(rows)[1]
    chunks = (count + size - 1) // size
    filled = tf.pad(rows, [[0, chunks * size - count], [0, 0]])
    return tf.reshape(filled, [chunks, size, width])


def _add_gradients(
    encode: Encode, chunks: tf.Tensor, cached: tf.Tensor, weights: Sequence[tf.Variable],
    gradients: Sequence[tf.Tensor],
) -> list[tf.Tensor]:
    """The gradients with those of the chunks, whose vectors' gradients are given, added."""
    count = tf.shape(chunks)[0]

    def add(number: tf.Tensor, *sums: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            # The product's gradient for the vectors is what was cached.
            passed_on = tf.reduce_sum(encode(chunks[number]) * cached[number])
        parts = tape.gradient(
            passed_on, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return (number + 1, *(
            total + tf.convert_to_tensor(part) for total, part in zip(sums, parts, strict=True)))

    _, *totals = tf.while_loop(
        lambda number, *_: number < count, add, [tf.constant(0), *gradients],
        parallel_iterations=1)
    return list(totals)
