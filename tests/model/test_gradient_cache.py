"""Gradients in chunks are those of one pass."""

import numpy as np
import pytest
import tensorflow as tf

from model.gradient_cache import cached_gradients


class Encoder(tf.Module):
    """Mean of word vectors, through a layer that is not linear, at unit length."""

    def __init__(self):
        super().__init__()
        generator = tf.random.Generator.from_seed(1)
        self.words = tf.Variable(generator.normal([20, 4]))
        self.kernel = tf.Variable(generator.normal([4, 3]))
        self.unused = tf.Variable(generator.normal([2]))
        self.weights = [self.words, self.kernel, self.unused]

    def __call__(self, tokens):
        mask = tf.cast(tokens != 0, tf.float32)[:, :, tf.newaxis]
        hidden = tf.reduce_sum(tf.gather(self.words, tokens) * mask, axis=1)
        return tf.math.l2_normalize(tf.tanh(hidden @ self.kernel), axis=1)


def batches():
    generator = np.random.default_rng(0)
    return [tf.constant(generator.integers(1, 20, shape)) for shape in ((5, 3), (5, 6), (2, 4))]


def loss_of(vectors):
    """Every vector matters to the gradient of every other, as in a softmax over the batch."""
    queries, products, others = vectors
    scores = queries @ tf.transpose(tf.concat([products, others], axis=0)) / 0.1
    labels = tf.range(tf.shape(queries)[0])
    return tf.reduce_sum(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores))


@pytest.mark.parametrize(("chunk_size", "compiled"), [
    (1, False), (2, True), (100, False)])  # 2 leaves a rest, 100 is one chunk
def test_the_loss_and_its_gradients_are_those_of_one_pass(chunk_size, compiled):
    encoder, texts = Encoder(), batches()
    with tf.GradientTape() as tape:
        wanted = loss_of([encoder(tokens) for tokens in texts])
    exact = tape.gradient(wanted, encoder.weights)

    @tf.function(autograph=False, jit_compile=compiled)
    def cached():
        return cached_gradients(encoder, texts, loss_of, encoder.weights, chunk_size)

    loss, gradients = cached()
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    for found, right in zip(gradients[:2], exact[:2], strict=True):
        np.testing.assert_allclose(found, tf.convert_to_tensor(right), rtol=1e-4, atol=1e-5)
    assert exact[2] is None
    np.testing.assert_array_equal(gradients[2], [0.0, 0.0])


def test_the_scale_is_in_the_gradients_not_in_the_loss():
    encoder, texts = Encoder(), batches()
    loss, gradients = cached_gradients(encoder, texts, loss_of, encoder.weights, 2)
    same, scaled = cached_gradients(
        encoder, texts, loss_of, encoder.weights, 2, scale=lambda value: 8.0 * value)
    np.testing.assert_allclose(same, loss)
    np.testing.assert_allclose(scaled[1], 8.0 * gradients[1], rtol=1e-4)


def test_no_more_than_a_chunk_is_encoded_at_once():
    encoder, seen = Encoder(), []

    def watched(tokens):
        seen.append(tokens.shape[0])
        return encoder(tokens)

    cached_gradients(watched, batches(), loss_of, encoder.weights, 2)
    # Three chunks of five rows twice, one of two rows, forth and back again.
    assert seen == [2] * 14
