"""Products that shoppers had in one visit."""

import collections
import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.graph.pairs import (
    EVENT,
    Counts,
    add_counts,
    as_counts,
    count_pairs,
    count_products,
    pair_keys,
)

_DAY = 24 * 3600
_MONDAY = 20_000 * _DAY
_SIZE = 10


def _events(*rows):
    """Rows are (user, session, time, product), in the order of the log."""
    events = np.zeros(len(rows), EVENT)
    for place, (user, session, time, product) in enumerate(rows):
        events[place] = (user, session, 0, time, place, product, True)
    return events


def _pairs(events, reach=20, ordered_reach=3):
    counts = count_pairs(events, _SIZE, reach, ordered_reach)
    return {(int(key // _SIZE), int(key % _SIZE)): int(amount)
            for key, amount in zip(*counts, strict=True)}


def test_products_of_a_session_are_pairs():
    events = _events((1, 7, _MONDAY, 3), (1, 8, _MONDAY, 5), (1, 7, _MONDAY + 9 * _DAY, 2))
    assert _pairs(events) == {(2, 3): 1}


def test_products_of_a_day_are_pairs_where_there_are_no_sessions():
    events = _events((1, 0, _MONDAY, 3), (1, 0, _MONDAY + 60, 5), (1, 0, _MONDAY + _DAY, 2))
    assert _pairs(events) == {(3, 5): 1}


def test_near_products_are_pairs_where_there_is_only_an_order():
    events = _events((1, 0, 0, 1), (1, 0, 1, 2), (1, 0, 2, 3), (2, 0, 0, 1), (2, 0, 1, 2))
    assert _pairs(events, ordered_reach=1) == {(1, 2): 2, (2, 3): 1}
    assert _pairs(events, ordered_reach=2) == {(1, 2): 2, (2, 3): 1, (1, 3): 1}


def test_without_any_time_the_log_is_the_order():
    events = _events((1, 0, -1, 4), (2, 0, -1, 8), (1, 0, -1, 6), (1, 0, -1, 5))
    assert _pairs(events, ordered_reach=1) == {(4, 6): 1, (5, 6): 1}


def test_a_shopper_counts_once_a_pair_and_a_product_once_a_visit():
    events = _events(
        (1, 7, _MONDAY, 3), (1, 7, _MONDAY, 5), (1, 7, _MONDAY, 3),
        (1, 8, _MONDAY, 5), (1, 8, _MONDAY, 3), (2, 9, _MONDAY, 5), (2, 9, _MONDAY, 3))
    assert _pairs(events) == {(3, 5): 2}
    assert count_products(events, _SIZE) == _counts({3: 2, 5: 2})


def test_of_a_huge_basket_only_near_products_are_pairs():
    events = _events(*((1, 7, _MONDAY + place, place) for place in range(6)))
    assert _pairs(events, reach=2) == {
        (low, high): 1 for low, high in itertools.combinations(range(6), 2) if high - low <= 2}


def test_no_events_are_no_pairs():
    assert _pairs(_events()) == {}
    assert len(count_products(_events(), _SIZE).keys) == 0


def test_counts_are_added_by_key():
    added = add_counts([_counts({1: 2, 5: 1}), _counts({}), _counts({5: 3, 0: 1})])
    assert added == _counts({0: 1, 1: 2, 5: 4})
    assert len(add_counts([]).keys) == 0
    assert as_counts(np.array([4, 4, 2])) == _counts({2: 1, 4: 2})


class _Equal(Counts):
    def __eq__(self, other):
        return all(map(np.array_equal, self, other))

    __hash__ = None


def _counts(amounts):
    return _Equal(np.array(sorted(amounts), np.int64),
                  np.array([amounts[key] for key in sorted(amounts)], np.float32))


_LOG = st.lists(st.tuples(
    st.integers(1, 3), st.integers(0, 2), st.sampled_from([-1, 3, _MONDAY, _MONDAY + _DAY]),
    st.integers(0, _SIZE - 1)), max_size=30)


@given(_LOG, st.integers(1, 30))
def test_pairs_of_sessions_are_those_of_their_sets(log, cut):
    # Whatever is far apart in a session is near enough with a reach of 30.
    log = [(user, session + 1, time, product) for user, session, time, product in log]
    visits = collections.defaultdict(set)
    for user, session, _, product in log:
        visits[user, session].add(product)
    shoppers = collections.defaultdict(set)
    for (user, _), products in visits.items():
        for pair in itertools.combinations(sorted(products), 2):
            shoppers[pair].add(user)
    expected = {pair: len(users) for pair, users in shoppers.items()}
    assert _pairs(_events(*log), reach=30) == expected


@given(_LOG, st.randoms(use_true_random=False))
def test_the_order_in_which_events_arrive_does_not_matter(log, rng):
    events = _events(*log)
    shuffled = events.copy()
    rng.shuffle(order := list(range(len(events))))
    shuffled = events[order]
    assert _pairs(shuffled, reach=2, ordered_reach=1) == _pairs(events, reach=2, ordered_reach=1)


@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 2**20)), max_size=9))
def test_a_pair_has_one_number_in_either_order(pairs):
    one, other = np.array(pairs, np.int32).reshape(-1, 2).T
    size = 2**20 + 1
    keys = pair_keys(one, other, size)
    assert np.array_equal(keys, pair_keys(other, one, size))
    assert np.array_equal(keys // size, np.minimum(one, other))
    assert np.array_equal(keys % size, np.maximum(one, other))
