"""The names and shapes of a transformed training example, shared by writer and reader."""

from __future__ import annotations

import enum

import tensorflow as tf

KIND = "kind"
QUERY_TOKENS = "query_tokens"
PROFILE_TOKENS = "profile_tokens"
PRODUCT_TOKENS = "product_tokens"
PRODUCT = "product"
HISTORY = "history"
HISTORY_EVENT = "history_event"
HISTORY_AGE = "history_age"
POSITIVES = "positives"
NEGATIVES = "negatives"
NEGATIVE_GRADES = "negative_grades"
WEIGHT = "weight"
SAMPLING_PROBABILITY = "sampling_probability"

KNOWN = "known"
"""Products of a context that are no plain negatives of it; batches of contexts add it."""

ROW = "row"
"""Number of a training pair in the order of the files; batches add it."""

DRAWS = "draws"
"""Two random numbers of a row of a batch, int64, at least 0; batches add them."""

PRODUCT_VOCABULARY = "product_id"
"""Name of the tf.Transform vocabulary that numbers the catalogue's products."""


class Kind(enum.IntEnum):
    """What a context is made of."""

    SEARCH = 0
    RECOMMEND = 1
    CATALOGUE = 2


UNKNOWN_EVENT = 0
UNKNOWN_AGE = -1.0
"""Days are never negative."""

EVENT_NUMBERS = {"view": 1, "click": 2, "cart": 3, "purchase": 4, "rating": 5}
"""Number of each event that wishes for a product; any other name is `UNKNOWN_EVENT`."""

EVENT_WEIGHTS = {"view": 0.3, "click": 0.5, "cart": 0.8, "purchase": 1.0, "rating": 1.0}
"""Weight of an event as a wish for its product, by how much it cost the shopper; impressions are
the shop's choice, not the shopper's, and wish for nothing."""

KIND_NAMES = {"search": Kind.SEARCH, "recommend": Kind.RECOMMEND, "catalogue": Kind.CATALOGUE}

_RAGGED = (
    QUERY_TOKENS, PROFILE_TOKENS, PRODUCT_TOKENS, HISTORY, HISTORY_EVENT, POSITIVES, NEGATIVES)


def parse_spec() -> dict[str, tf.io.FixedLenFeature | tf.io.RaggedFeature]:
    """Spec that parses a batch of serialized examples: scalars `[batch]`, the rest ragged."""
    spec: dict[str, tf.io.FixedLenFeature | tf.io.RaggedFeature] = {
        name: tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64) for name in _RAGGED
    }
    spec[HISTORY_AGE] = tf.io.RaggedFeature(tf.float32, row_splits_dtype=tf.int64)
    spec[NEGATIVE_GRADES] = tf.io.RaggedFeature(tf.float32, row_splits_dtype=tf.int64)
    spec[KIND] = tf.io.FixedLenFeature([], tf.int64)
    spec[PRODUCT] = tf.io.FixedLenFeature([], tf.int64)
    spec[WEIGHT] = tf.io.FixedLenFeature([], tf.float32)
    spec[SAMPLING_PROBABILITY] = tf.io.FixedLenFeature([], tf.float32)
    return spec
