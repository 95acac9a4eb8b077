"""preprocessing_fn: a joined example -> token ids, product numbers, weights.

The graph made here tokenises in training and, through the product tokens of the split
`catalogue`, for the index; it holds the same tokenizer that the towers export for serving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import tensorflow as tf
import tensorflow_transform as tft

from model import features
from model.presets import load_preset
from model.shopper_events import event_numbers
from model.tokenizer import Tokenizer
from pipeline.config import Text

PRODUCT_TEXTS = ("title", "brand", "category", "description", "attributes")
"""Texts of a product in the order in which they are read: a cut loses the last ones first.

An encoder of sentences makes less of lists of keys and values than of prose: with attributes before
descriptions, on a shop of electronics, its vectors lose a sixth of their nDCG@10."""

_LISTS = (
    "history", "history_event", "history_age", "positives", "negatives", "negative_grades")

_Tensor: TypeAlias = "tf.Tensor | tf.SparseTensor"


def preprocessing_fn(
    inputs: Mapping[str, _Tensor], custom_config: Mapping[str, Any]
) -> dict[str, _Tensor]:
    """Transforms a batch of joined examples.

    Args:
        inputs: by feature name; one-valued features string or float `[batch]`, `[batch, 1]` or
            sparse; `history`, `positives` and `negatives` sparse strings `[batch, (products)]`;
            `history_event` (strings) and `history_age` (float days) as long as `history`,
            `negative_grades` (float) as `negatives`.
        custom_config: `{"text": the section text as JSON}`.

    Returns:
        The features of `model.features`: int64 and float `[batch]`, and int64 sparse
        `[batch, (tokens)]` or `[batch, (products)]`. A product is its index in the vocabulary
        `product_id`; ids that no product has are dropped from lists, with what is said of them.
    """
    text = Text.model_validate_json(custom_config["text"])
    preset = load_preset(text.preset)
    with tf.init_scope():  # tf.Transform traces five times; in a graph, megabytes build slowly.
        tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
    one = {name: _one_value(inputs[name]) for name in inputs if name not in _LISTS}

    product = one["product_id"]
    vocabulary = tft.vocabulary(product, vocab_filename=features.PRODUCT_VOCABULARY)

    def numbers(ids: _Tensor) -> _Tensor:
        return tft.apply_vocabulary(ids, vocabulary, default_value=-1)

    history, negatives = numbers(inputs["history"]), numbers(inputs["negatives"])
    known = history.values >= 0
    events = inputs["history_event"].with_values(
        tf.cast(event_numbers(inputs["history_event"].values), tf.int64))
    product_text = tf.strings.join([one[name] for name in PRODUCT_TEXTS], separator=" ")
    return {
        features.KIND: _kind_number(one["kind"]),
        features.QUERY_TOKENS: tokenizer(one["query"], text.query_tokens).to_sparse(),
        features.PROFILE_TOKENS: tokenizer(one["profile"], text.profile_tokens).to_sparse(),
        features.PRODUCT_TOKENS: tokenizer(product_text, text.product_tokens).to_sparse(),
        features.PRODUCT: numbers(product),
        features.HISTORY: _kept(history, known),
        features.HISTORY_EVENT: _kept(events, known),
        features.HISTORY_AGE: _kept(inputs["history_age"], known),
        features.POSITIVES: _known(numbers(inputs["positives"])),
        features.NEGATIVES: _known(negatives),
        features.NEGATIVE_GRADES: _kept(inputs["negative_grades"], negatives.values >= 0),
        features.WEIGHT: one["weight"],
        features.SAMPLING_PROBABILITY: one["sampling_probability"],
    }


def _one_value(values: _Tensor) -> tf.Tensor:
    """A one-valued feature as `[batch]`, however the schema declares it."""
    if isinstance(values, tf.SparseTensor):
        shape = [values.dense_shape[0], 1]
        default = "" if values.dtype == tf.string else 0
        values = tf.sparse.to_dense(
            tf.SparseTensor(values.indices, values.values, shape), default_value=default)
    return tf.reshape(values, [-1])


def _kind_number(kinds: tf.Tensor) -> tf.Tensor:
    """`Kind` of each name, int64 `[batch]`."""
    names, numbers = zip(*features.KIND_NAMES.items(), strict=True)
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            list(names), [int(number) for number in numbers], tf.string, tf.int64),
        default_value=-1)
    return table.lookup(kinds)


def _known(numbers: tf.SparseTensor) -> tf.SparseTensor:
    """The values that are not -1, moved up so that each row stays dense."""
    return _kept(numbers, numbers.values >= 0)


def _kept(values: tf.SparseTensor, keep: tf.Tensor) -> tf.SparseTensor:
    """The values that a mask, bool `[values]`, keeps, moved up so that each row stays dense."""
    kept = tf.sparse.retain(values, keep)
    rows = tf.RaggedTensor.from_value_rowids(
        kept.values, kept.indices[:, 0], nrows=values.dense_shape[0], validate=False)
    return rows.to_sparse()
