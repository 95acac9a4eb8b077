"""Which tokens of a text are a value: a BERT encoder with a tag for every token and head."""

from __future__ import annotations

import tensorflow as tf
import tf_keras as keras

from model.presets import Preset
from model.text_encoder import build_backbone

OUTSIDE, BEGIN, INSIDE = range(3)
"""Tags of a token: of no value, the first of a value, a later one."""

TAGS = 3

IGNORED = -1
"""In the place of a tag: nobody knows."""


class TokenClassifier(keras.Model):
    """Tags every token once for each head, such as a brand or an attribute.

    Heads know nothing of each other: a token may be part of a brand and of a model's name.

    Args:
        preset: of the encoder.
        heads: number of them.
        layers: of the encoder that are read, from the first; all where it has fewer.
        trained_layers: of these, the last that are trained; the rest and the embeddings stay as
            they are, which costs no gradients. None trains all.
        dtype: Keras dtype or mixed-precision policy of the transformer; logits are float32.

    Raises:
        ValueError: there is no layer, or no head.
    """

    def __init__(
        self, preset: Preset, heads: int, layers: int, trained_layers: int | None = None,
        dtype: str = "float32", name: str = "token_classifier",
    ) -> None:
        super().__init__(name=name)
        if layers < 1 or heads < 1:
            raise ValueError(
                f"layers and heads should be 1 or more. Received: layers={layers}, heads={heads}")
        backbone = build_backbone(preset, dtype)
        blocks = backbone.transformer_layers[:layers]
        self.encoder = keras.Model(backbone.input, blocks[-1].output, name="encoder")
        if trained_layers is not None:
            for layer in self.encoder.layers:
                layer.trainable = layer in blocks[-trained_layers:]
        self.heads = heads
        self.tagger = keras.layers.Dense(heads * TAGS, dtype="float32", name="tagger")
        self.tagger.build([None, None, int(backbone.hidden_dim)])
        self.built = True

    def call(self, tokens: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits of the tags.

        Args:
            tokens: ids with special tokens, integer `[batch, tokens]`, padded with 0.
            training: whether dropout is on.

        Returns:
            float32 `[batch, tokens, heads, 3]`, the tags in the order of `OUTSIDE`, `BEGIN`,
            `INSIDE`.
        """
        tokens = tf.cast(tokens, tf.int32)
        hidden = self.encoder(
            {"token_ids": tokens, "segment_ids": tf.zeros_like(tokens),
             "padding_mask": tf.cast(tokens != 0, tf.int32)}, training=training)
        logits = self.tagger(tf.cast(hidden, tf.float32))
        shape = tf.shape(tokens)
        return tf.reshape(logits, [shape[0], shape[1], self.heads, TAGS])


class TagLoss(keras.losses.Loss):
    """Mean cross-entropy of the tags that are known."""

    def __init__(self, name: str = "tag_loss") -> None:
        super().__init__(reduction=keras.losses.Reduction.NONE, name=name)

    def call(self, tags: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        """The loss of a batch.

        Args:
            tags: integer `[batch, tokens, heads]`, `IGNORED` where nothing is known.
            logits: `[batch, tokens, heads, 3]`.

        Returns:
            A scalar; 0 where nothing is known.
        """
        known = tf.cast(tags != IGNORED, tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.maximum(tags, 0), logits)
        return tf.math.divide_no_nan(tf.reduce_sum(losses * known), tf.reduce_sum(known))
