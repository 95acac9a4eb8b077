"""Text to vectors: a BERT encoder (KerasNLP), mean pooling, unit length."""

from __future__ import annotations

import keras_nlp
import tensorflow as tf
import tf_keras as keras

from model import checkpoints, keras_presets
from model.acceleration import libraries_not_converted
from model.presets import Preset


class TextEncoder(keras.layers.Layer):
    """Encodes tokens as sentence-transformers does: BERT, mean over the tokens, L2 norm.

    Args:
        preset: what to build.
        dtype: Keras dtype or mixed-precision policy of the transformer; vectors are float32.
    """

    def __init__(self, preset: Preset, dtype: str = "float32", name: str = "text_encoder") -> None:
        super().__init__(name=name)
        self.backbone = build_backbone(preset, dtype)
        self.backbone.pooled_dense.trainable = False  # Of the [CLS] state, which is not read.
        self.dimension = int(self.backbone.hidden_dim)
        self.build(None)

    def call(self, tokens: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Vectors of a batch of texts.

        Args:
            tokens: ids with special tokens, integer `[batch, tokens]`, padded with 0.
            training: whether dropout is on.

        Returns:
            float32 `[batch, dim]` of unit length; zeros for a row without tokens.
        """
        padded = tf.cast(tokens, tf.int32)
        # A batch of empty texts has width 0, which attention cannot take.
        padded = tf.pad(padded, [[0, 0], [0, tf.cast(tf.shape(padded)[1] == 0, tf.int32)]])
        mask = tf.cast(padded != 0, tf.int32)
        hidden = self.backbone(
            {"token_ids": padded, "segment_ids": tf.zeros_like(padded), "padding_mask": mask},
            training=training)["sequence_output"]
        return mean_pool(hidden, mask)


def mean_pool(hidden: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean of the hidden states that the mask keeps, at unit length.

    Args:
        hidden: `[batch, tokens, dim]`.
        mask: 1 for a token, 0 for padding, `[batch, tokens]`.

    Returns:
        float32 `[batch, dim]`; zeros where the mask keeps nothing.
    """
    weights = tf.cast(mask, tf.float32)[:, :, tf.newaxis]
    # A sum over no token is 0, and stays 0 when normalised.
    return tf.math.l2_normalize(tf.reduce_sum(tf.cast(hidden, tf.float32) * weights, axis=1), -1)


def exact_gelu(inputs: tf.Tensor) -> tf.Tensor:
    """GELU as BERT was trained with it; KerasNLP's default is the tanh approximation."""
    return tf.nn.gelu(inputs, approximate=False)


def build_backbone(preset: Preset, dtype: str = "float32") -> keras_nlp.models.BertBackbone:
    """BertBackbone of a preset, with its weights where it has any.

    Raises:
        CheckpointError: the preset's checkpoint does not fit BERT.
    """
    with libraries_not_converted():
        return _build(preset, keras.mixed_precision.Policy(dtype))


def _build(
    preset: Preset, policy: keras.mixed_precision.Policy,
) -> keras_nlp.models.BertBackbone:
    # Without dropout: a pass or two of contrastive training do not overfit, random numbers cost a
    # tenth of a step on a CPU, and the gradient cache encodes twice, which must be the same twice.
    if preset.keras_nlp is not None:
        sizes = keras_presets.read_sizes(preset.keras_nlp)
        backbone = keras_nlp.models.BertBackbone(dropout=0.0, dtype=policy, **sizes)
        keras_presets.load_weights(backbone, preset.keras_nlp)
        return backbone
    if preset.checkpoint is None:
        assert preset.sizes is not None, f"preset {preset.name} has neither weights nor sizes"
        return keras_nlp.models.BertBackbone(
            vocabulary_size=len(preset.vocabulary), max_sequence_length=512, dropout=0.0,
            dtype=policy, **preset.sizes)
    sizes = checkpoints.read_sizes(preset.checkpoint)
    backbone = keras_nlp.models.BertBackbone(dropout=0.0, dtype=policy, **sizes)
    for layer in backbone.transformer_layers:
        layer._feedforward_intermediate_dense.activation = exact_gelu
    checkpoints.load_weights(backbone, preset.checkpoint)
    return backbone
