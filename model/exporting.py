"""Writes the trained towers as a SavedModel of plain functions, without an index yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from model import acceleration
from model.presets import Preset
from model.retrieval import ContextRetrieval
from model.settings import Text
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer

_STRINGS = tf.TensorSpec([None], tf.string)


class TowersModule(tf.Module):
    """The towers as functions of strings and tokens.

    Keras layers stay out of the object's attributes: only their variables are tracked, which makes
    the export several times faster and the graph half the size.

    Args:
        encoder: the text encoder, float32.
        model: holds the product and the context tower.
        tokenizer: of the same vocabulary as the training tokens.
        text: token limits.
    """

    def __init__(
        self, encoder: TextEncoder, model: ContextRetrieval, tokenizer: Tokenizer, text: Text,
    ) -> None:
        super().__init__(name="towers")
        products, contexts = model.products, model.contexts
        self.tracked = [*encoder.variables, *products.variables, *contexts.variables]
        dimension = encoder.dimension

        # One traced graph of the encoder, called from each function below.
        encode = _function(lambda tokens: encoder(tokens), tf.TensorSpec([None, None], tf.int64))

        def unknown(texts: tf.Tensor) -> tf.Tensor:
            return tf.fill(tf.shape(texts), tf.constant(-1, tf.int64))

        def text_vectors(texts: tf.Tensor, limit: int) -> tf.Tensor:
            tokens = tokenizer(texts, limit)
            # Most contexts have no profile, many no query: no encoder for a batch of nothing.
            return tf.cond(
                tf.size(tokens.flat_values) > 0,
                lambda: encode(tokens.to_tensor()),
                lambda: tf.zeros([tf.size(texts), dimension]))

        def embed_product_tokens(tokens: tf.Tensor, product: tf.Tensor) -> tf.Tensor:
            return products(encode(tokens), product)

        def embed_product_text(texts: tf.Tensor) -> tf.Tensor:
            return products(text_vectors(texts, text.product_tokens), unknown(texts))

        def embed_query(query: tf.Tensor) -> tf.Tensor:
            vectors = products.adapter(text_vectors(query, text.query_tokens))
            return tf.math.l2_normalize(vectors, axis=-1)

        def embed_context(
            query: tf.Tensor, profile: tf.Tensor, history: tf.Tensor, mask: tf.Tensor,
            events: tf.Tensor, ages: tf.Tensor,
        ) -> tf.Tensor:
            return contexts(
                text_vectors(query, text.query_tokens),
                text_vectors(profile, text.profile_tokens), history, mask, events, ages)

        self.embed_product_tokens = _function(
            embed_product_tokens, tf.TensorSpec([None, None], tf.int64),
            tf.TensorSpec([None], tf.int64))
        self.embed_product_text = _function(embed_product_text, _STRINGS)
        self.embed_query = _function(embed_query, _STRINGS)
        self.embed_context = _function(
            embed_context, _STRINGS, _STRINGS, tf.TensorSpec([None, None, dimension], tf.float32),
            tf.TensorSpec([None, None], tf.bool), tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.float32))


def _function(function: Callable[..., tf.Tensor], *signature: tf.TypeSpec) -> Any:
    return tf.function(function, input_signature=signature, autograph=False)


def export_towers(
    encoder: TextEncoder, model: ContextRetrieval, preset: Preset, text: Text, folder: str,
) -> None:
    """Saves the towers into `folder`, which must not exist or be empty."""
    tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
    with acceleration.libraries_not_converted():
        tf.saved_model.save(TowersModule(encoder, model, tokenizer, text), folder)
