"""What a request says of a history's events, as the numbers that the towers read."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from model import features

_WEIGHTS = (0.0, *(
    features.EVENT_WEIGHTS[name]
    for name in sorted(features.EVENT_NUMBERS, key=features.EVENT_NUMBERS.__getitem__)))
"""Weight of each event by its number; nothing is as weak as an unknown one."""


class History(NamedTuple):
    """Histories as the context tower takes them, newest first, `[batch, history]`, history >= 1.

    Attributes:
        products: rows of products, int64, padded with -1.
        events: numbers of `model.features.EVENT_NUMBERS`, int32.
        ages: days, float32; negative for unknown.
    """

    products: tf.Tensor
    events: tf.Tensor
    ages: tf.Tensor


def event_numbers(names: tf.Tensor) -> tf.Tensor:
    """Number of each event by its name, int32 of the same shape; `UNKNOWN_EVENT` for any other."""
    # No lookup table: five comparisons need no state that a SavedModel would have to track.
    return tf.add_n([
        tf.cast(names == name, tf.int32) * number
        for name, number in features.EVENT_NUMBERS.items()])


def unknown_events(history: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """What a request that knows ids alone says of events: names and ages of none, `[batch, 0]`."""
    batch = tf.shape(history)[0]
    return tf.zeros([batch, 0], tf.string), tf.zeros([batch, 0])


def newest_first(products: tf.Tensor, events: tf.Tensor, ages: tf.Tensor) -> History:
    """Histories as a request lists them, without what is unknown.

    Args:
        products: rows of products, oldest first, integer `[batch, history]`; -1 for an unknown
            one, anywhere.
        events: their names, string `[batch, events]`; where fewer than products, the rest is
            unknown, and what is too many counts for nothing.
        ages: in days, float32 `[batch, ages]`, likewise.
    """
    known = products >= 0

    def compact(values: tf.Tensor, padding: float) -> tf.Tensor:
        return _dense(tf.ragged.boolean_mask(values, known)[:, ::-1], padding)

    width = tf.shape(products)[1]
    return History(
        compact(products, -1),
        compact(_fitted(event_numbers(events), width, features.UNKNOWN_EVENT),
                features.UNKNOWN_EVENT),
        compact(_fitted(ages, width, features.UNKNOWN_AGE), features.UNKNOWN_AGE))


def each_once(history: History) -> History:
    """Histories in which each product stands once: where it was wanted last, with its strongest
    event, the latest of equal ones, as in training.

    Args:
        history: newest first; its square is held in memory.
    """
    products = history.products
    places = tf.range(tf.shape(products)[1])
    same = products[:, :, tf.newaxis] == products[:, tf.newaxis, :]
    newer = places[tf.newaxis, :] < places[:, tf.newaxis]
    kept = (products >= 0) & ~tf.reduce_any(same & newer, axis=2)
    weights = tf.gather(_WEIGHTS, history.events)
    # Of equal ones `argmax` takes the first, which is the newest.
    place = tf.argmax(tf.where(same, weights[:, tf.newaxis, :], -1.0), axis=2)
    strongest = tf.gather(history.events, place, batch_dims=1)

    def compact(values: tf.Tensor, padding: float) -> tf.Tensor:
        return _dense(tf.ragged.boolean_mask(values, kept), padding)

    return History(
        compact(products, -1), compact(strongest, features.UNKNOWN_EVENT),
        compact(history.ages, features.UNKNOWN_AGE))


def _dense(rows: tf.RaggedTensor, padding: float) -> tf.Tensor:
    """Rows padded to the longest, and to one column at the least."""
    values = rows.to_tensor(default_value=padding)
    return tf.pad(
        values, [[0, 0], [0, tf.cast(tf.shape(values)[1] == 0, tf.int32)]],
        constant_values=padding)


def _fitted(values: tf.Tensor, width: tf.Tensor, padding: float) -> tf.Tensor:
    """Columns cut or padded to a width."""
    missing = tf.maximum(width - tf.shape(values)[1], 0)
    return tf.pad(values[:, :width], [[0, 0], [0, missing]], constant_values=padding)
