"""Item-to-item evidence and popularity by hand."""

import math

import numpy as np
import pytest
import scipy.sparse

from model.fusion import HALF_LIVES
from pipeline.examples.sequences import Sequence
from pipeline.indexing import behaviour
from pipeline.indexing.behaviour import count_behaviour, count_pairs, lend, spread_evidence

IDS = ["a", "b", "c"]


def _shopper(rows, visits, days=()):
    return tuple(np.array(values, np.int64) for values in (rows, visits, days))


def _pairs(*shoppers, size=3, today=0):
    return count_pairs(shoppers, size, today).toarray()


def test_a_pair_counts_by_the_visits_between_and_by_its_order():
    # a and b in one visit, c two visits later; three products.
    expected = np.array([[0, 1, 0.8], [1, 0, 0.8], [0.4, 0.4, 0]]) / math.sqrt(3)
    np.testing.assert_allclose(_pairs(_shopper([0, 1, 2], [0, 0, 2])), expected, rtol=1e-6)


def test_what_was_wanted_in_the_next_visit_counts_in_full():
    expected = np.array([[0, 1, 0], [0.5, 0, 0], [0, 0, 0]]) / math.sqrt(2)
    np.testing.assert_allclose(_pairs(_shopper([0, 1], [4, 5])), expected, rtol=1e-6)


def test_a_product_wanted_again_counts_where_it_was_wanted_last():
    found = _pairs(_shopper([0, 1, 0], [0, 1, 2]))
    np.testing.assert_allclose(found, _pairs(_shopper([1, 0], [1, 2])))


def test_one_product_makes_no_pair():
    assert not _pairs(_shopper([1], [0])).any()


def test_a_pair_is_as_old_as_its_newer_want():
    # 180 and 90 days ago: a half, not a quarter.
    found = _pairs(_shopper([0, 1], [0, 0], [0, 90]), today=180)
    np.testing.assert_allclose(found[:2, :2], [[0, 0.5 / math.sqrt(2)], [0.5 / math.sqrt(2), 0]])


def test_shoppers_add_up_however_they_are_gathered(monkeypatch):
    shoppers = [_shopper([0, 1], [0, 0]), _shopper([0, 1, 2], [0, 0, 0]), _shopper([2, 1], [0, 1])]
    found = _pairs(*shoppers)
    assert found[0, 1] == pytest.approx(1 / math.sqrt(2) + 1 / math.sqrt(3))
    assert found[2, 1] == pytest.approx(1 / math.sqrt(3) + 1 / math.sqrt(2))
    monkeypatch.setattr(behaviour, "_PAIRS", 5)
    np.testing.assert_allclose(_pairs(*shoppers), found)


# Cosines with the first: 1, 0.95 and 0.
LIKE = np.array([[1, 0, 0], [1, 0, 0], [0.95, math.sqrt(1 - 0.95**2), 0], [0, 0, 1]], np.float32)


def test_the_nearest_that_are_wanted_lend_by_their_likeness():
    found = lend(LIKE, np.array([0, 1, 3, 2])).toarray()
    # Three lend, of whom each borrows from the other two and the first from the nearest two.
    # A cosine that is lower by 0.05 divides by e. A product that n want borrows 1/2 + 1/(n + 1).
    near = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(found[0], [0, 1.5 * near, 1.5 * (1 - near), 0], atol=1e-6)
    np.testing.assert_allclose(found[1, 2], 1.0, atol=1e-6)  # c is 0.95 further
    np.testing.assert_allclose(found[3], [0, 5 / 12, 5 / 12, 0], atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), [3 / 2, 1, 3 / 4, 5 / 6], rtol=1e-6)


def test_products_are_looked_at_in_chunks(monkeypatch):
    counts = np.array([0, 1, 3, 2])
    whole = lend(LIKE, counts).toarray()
    monkeypatch.setattr(behaviour, "_CHUNK", 3)
    np.testing.assert_allclose(lend(LIKE, counts).toarray(), whole)


def test_the_most_wanted_lend_where_many_could(monkeypatch):
    monkeypatch.setattr(behaviour, "_MOST_LENDERS", 2)
    found = lend(LIKE, np.array([1, 0, 3, 2])).toarray()
    assert np.flatnonzero(found.any(axis=0)).tolist() == [2, 3]


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [0, 5, 0, 0]])
def test_without_a_second_wanted_product_nothing_is_lent(counts):
    assert not lend(LIKE, np.array(counts)).toarray().any()


EVIDENCE = scipy.sparse.csr_matrix(np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]], np.float32))
LENDING = scipy.sparse.csr_matrix(np.array([[0, 0, 0], [0, 0, 0], [0.3, 0.2, 0]], np.float32))
# a speaks for b. c borrows 0.3 of a and 0.2 of b: it speaks for b, a speaks for it, it for itself.
SPREAD = [[0, 1, 0.2], [0, 0, 0], [0, 0.3, 0.06]]


def test_evidence_reaches_the_neighbours_of_both():
    np.testing.assert_allclose(spread_evidence(EVIDENCE, LENDING).toarray(), SPREAD, rtol=1e-6)


def test_evidence_is_spread_in_chunks(monkeypatch):
    monkeypatch.setattr(behaviour, "_SPREAD", 2)
    np.testing.assert_allclose(spread_evidence(EVIDENCE, LENDING).toarray(), SPREAD, rtol=1e-6)


def test_the_largest_weights_of_a_product_stay(monkeypatch):
    monkeypatch.setattr(behaviour, "KEPT", 1)
    np.testing.assert_allclose(
        spread_evidence(EVIDENCE, LENDING).toarray(), [[0, 1, 0], [0, 0, 0], [0, 0.3, 0]],
        rtol=1e-6)


APART = np.eye(3, dtype=np.float32)


def _count(*sequences, vectors=APART, wanted=None):
    return count_behaviour(sequences, IDS, vectors, wanted or {})


def test_evidence_is_counted_against_how_often_products_are_wanted():
    found = _count(
        Sequence(("a", "b"), (0, 0), (), 0), Sequence(("a",), (0,), (), 0),
        Sequence(("a",), (0,), (), 0), Sequence(("a", "a"), (0, 1), (), 0))
    # One pair of a, which four shoppers want, with b, which one does: e. a borrows 0.7 of b, and b
    # as much as a has: what each says of itself comes twice, by either way, and 0.7 e by both.
    evidence = 1 / math.sqrt(2) / math.sqrt(4)
    np.testing.assert_allclose(
        found.item_to_item.toarray()[:2, :2],
        np.array([[1.4, 1.7], [1.7, 2.0]]) * evidence, rtol=1e-6)


def test_popularity_counts_shoppers_and_without_times_none_of_late():
    found = _count(Sequence(("a", "a", "b"), (0, 1, 2), (), 0), Sequence(("a",), (0,), (), 0))
    np.testing.assert_allclose(found.popularity[:2, 0], [math.log(3), math.log(2)], rtol=1e-6)
    np.testing.assert_array_equal(found.popularity[:, 1:], 0.0)


def test_popularity_of_late_halves_with_age():
    found = _count(
        Sequence(("a",), (0,), (100,), 0), Sequence(("b", "b"), (0, 1), (10, 70), 0),
        Sequence(("b",), (0,), (100,), 0))
    for column, days in enumerate(HALF_LIVES, start=1):
        b = 10 * (0.5 ** (30 / days) + 1)
        np.testing.assert_allclose(
            found.popularity[:2, column], [math.log(1 + 10), math.log(1 + b)], rtol=1e-6)


def test_what_nobody_wanted_is_half_as_popular_as_what_is_like_it():
    found = _count(
        Sequence(("a",), (0,), (), 0), Sequence(("a", "b"), (0, 1), (), 0),
        vectors=np.array([[1, 0], [0, 1], [1, 0]], np.float32))
    # Two are wanted, so each borrows from its nearest one: c from a.
    np.testing.assert_allclose(
        found.popularity[:, 0], [math.log(3), math.log(2), math.log(3) / 2], rtol=1e-6)


def test_what_nobody_wanted_sells_lately_as_what_is_like_it():
    found = _count(
        Sequence(("a",), (0,), (100,), 0), Sequence(("a", "b"), (0, 1), (100, 100), 0),
        vectors=np.array([[1, 0], [0, 1], [1, 0]], np.float32))
    np.testing.assert_allclose(found.popularity[2, 1:], found.popularity[0, 1:], rtol=1e-6)


def test_what_nobody_wanted_is_recommended_where_its_neighbour_would_be():
    near = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    found = _count(Sequence(("a", "b"), (0, 1), (), 0), vectors=near).item_to_item.toarray()
    # After a comes b, by 1 / sqrt 2, and before b a, by half of it; c has half more than b's own.
    assert found[0, 2] == pytest.approx(1.5 / math.sqrt(2))
    assert found[2, 0] == pytest.approx(0.75 / math.sqrt(2))


def test_products_that_left_the_catalogue_are_passed_over():
    found = _count(
        Sequence(("gone", "a", "gone", "b"), (0, 1, 2, 3), (1, 2, 3, 4), 0),
        Sequence(("gone",), (0,), (9_000,), 0))
    expected = _count(Sequence(("a", "b"), (1, 3), (2, 4), 0))
    np.testing.assert_allclose(found.item_to_item.toarray(), expected.item_to_item.toarray())
    np.testing.assert_allclose(found.popularity, expected.popularity)


def test_a_shop_without_events_is_as_popular_as_its_judgments_say():
    found = _count(wanted={"b": 3, "gone": 7})
    assert found.item_to_item is None
    np.testing.assert_allclose(found.popularity[:, 0], [0, math.log(4), 0], rtol=1e-6)
    np.testing.assert_array_equal(found.popularity[:, 1:], 0.0)
