"""What a request says of events, as numbers that stay beside their products."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from model.features import EVENT_NUMBERS, EVENT_WEIGHTS, UNKNOWN_AGE, UNKNOWN_EVENT
from model.shopper_events import History, each_once, event_numbers, newest_first, unknown_events

_ROWS = st.lists(st.lists(st.tuples(
    st.integers(-1, 5), st.sampled_from(["", "gaze", *EVENT_NUMBERS]),
    st.floats(-10, 1000, width=32)), max_size=6), min_size=1, max_size=4)


def test_events_have_their_numbers_and_other_names_none():
    names = tf.constant([["view", "purchase"], ["Purchase", ""], ["impression", b"\xff"]])
    assert event_numbers(names).numpy().tolist() == [[1, 4], [0, 0], [0, 0]]


def _columns(rows, place, padding):
    width = max(map(len, rows))
    return [[*(item[place] for item in row), *[padding] * (width - len(row))] for row in rows]


@given(rows=_ROWS)
def test_events_and_ages_stay_beside_their_products(rows):
    history = newest_first(
        tf.constant(_columns(rows, 0, -1), tf.int64, [len(rows), max(map(len, rows))]),
        tf.constant(_columns(rows, 1, ""), tf.string, [len(rows), max(map(len, rows))]),
        tf.constant(_columns(rows, 2, -1.0), tf.float32, [len(rows), max(map(len, rows))]))
    known = [[item for item in reversed(row) if item[0] >= 0] for row in rows]
    width = max(1, *map(len, known))
    for found, place, padding in (
            (history.products, 0, -1), (history.events, 1, ""), (history.ages, 2, UNKNOWN_AGE)):
        assert found.shape == (len(rows), width)
        for values, row in zip(found.numpy(), known, strict=True):
            expected = [*(item[place] for item in row), *[padding] * (width - len(row))]
            if place == 1:
                expected = [EVENT_NUMBERS.get(name, UNKNOWN_EVENT) for name in expected]
            np.testing.assert_array_equal(values, np.array(expected, values.dtype))


def test_what_is_too_little_is_unknown_and_what_is_too_much_counts_for_nothing():
    products = tf.constant([[7, -1, 8]], tf.int64)
    history = newest_first(products, tf.constant([["cart"]]), tf.constant([[1.0, 2.0, 3.0, 4.0]]))
    assert history.products.numpy().tolist() == [[8, 7]]
    assert history.events.numpy().tolist() == [[UNKNOWN_EVENT, EVENT_NUMBERS["cart"]]]
    assert history.ages.numpy().tolist() == [[3.0, 1.0]]
    history = newest_first(products, *unknown_events(products))
    assert history.events.numpy().tolist() == [[UNKNOWN_EVENT] * 2]
    assert history.ages.numpy().tolist() == [[UNKNOWN_AGE] * 2]


def test_a_product_stands_once_where_it_was_wanted_last_with_its_strongest_event():
    history = each_once(History(
        tf.constant([[7, 8, 7, -1], [5, 5, 5, 6]], tf.int64),
        tf.constant([[1, 2, 4, 0], [0, 3, 1, 0]]),
        tf.constant([[0.5, 1.0, 9.0, -1.0], [-1.0, 2.0, 3.0, 4.0]])))
    assert history.products.numpy().tolist() == [[7, 8], [5, 6]]
    assert history.events.numpy().tolist() == [[4, 2], [3, 0]]
    assert history.ages.numpy().tolist() == [[0.5, 1.0], [-1.0, 4.0]]


def test_of_equally_strong_events_a_product_has_the_latest():
    purchase, rating, cart = (EVENT_NUMBERS[name] for name in ("purchase", "rating", "cart"))
    history = each_once(History(
        tf.constant([[7, 7, 7], [7, 7, 7]], tf.int64),
        tf.constant([[cart, purchase, rating], [rating, cart, purchase]]),
        tf.constant([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])))
    assert history.events.numpy().tolist() == [[purchase], [rating]]


def test_every_event_that_wishes_for_a_product_has_a_number_and_a_weight():
    assert set(EVENT_NUMBERS) == set(EVENT_WEIGHTS)
    assert sorted(EVENT_NUMBERS.values()) == list(range(1, len(EVENT_WEIGHTS) + 1))


@given(rows=_ROWS)
def test_histories_without_repetitions_stay_as_they_are(rows):
    history = newest_first(
        tf.constant(_columns(rows, 0, -1), tf.int64, [len(rows), max(map(len, rows))]),
        tf.constant(_columns(rows, 1, ""), tf.string, [len(rows), max(map(len, rows))]),
        tf.constant(_columns(rows, 2, -1.0), tf.float32, [len(rows), max(map(len, rows))]))
    once = each_once(history)
    for found, listed in zip(once.products.numpy(), history.products.numpy(), strict=True):
        wanted = list(dict.fromkeys(listed[listed >= 0].tolist()))
        assert found.tolist() == [*wanted, *[-1] * (len(found) - len(wanted))]
    again = each_once(once)
    for first, second in zip(once, again, strict=True):
        np.testing.assert_array_equal(first, second)
