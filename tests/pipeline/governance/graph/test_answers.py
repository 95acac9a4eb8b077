"""Products that answer the same query."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.graph import answers
from pipeline.governance.graph.answers import EDGE, good_answers, pair_answers

_SIZE = 100


def _edges(*rows):
    """Rows are (query, product, strength, judged)."""
    return np.array(list(rows), EDGE)


def _good(*rows, min_shoppers=2):
    return [(int(edge["query"]), int(edge["product"]))
            for edge in good_answers(_edges(*rows), min_shoppers)]


def test_what_was_judged_at_least_half_as_good_as_the_best_answers():
    assert _good((1, 5, 3.0, True), (1, 6, 1.5, True), (1, 7, 1.0, True), (2, 7, 1.0, True)) == [
        (1, 5), (1, 6), (2, 7)]


def test_a_query_of_which_all_is_bad_has_no_answer():
    assert _good((1, 5, 0.0, True), (1, 6, 0.0, True)) == []


def test_what_shoppers_enough_wanted_answers():
    assert _good((1, 5, 1.0, False), (1, 6, 1.0, False), (1, 5, 1.0, False)) == [(1, 5)]


def test_raters_come_before_shoppers_and_a_product_answers_once():
    assert _good((1, 5, 9.0, False), (1, 6, 8.0, False), (1, 6, 1.0, True)) == [(1, 6), (1, 5)]


def test_of_several_grades_the_mean_counts():
    assert _good((1, 5, 4.0, True), (1, 6, 3.0, True), (1, 6, 0.0, True)) == [(1, 5)]


def test_the_strongest_answers_stay(monkeypatch):
    monkeypatch.setattr(answers, "MAX_ANSWERS", 2)
    assert _good((1, 5, 2.0, True), (1, 6, 4.0, True), (1, 7, 3.0, True)) == [(1, 6), (1, 7)]


def test_a_query_with_few_answers_says_more_of_each_pair():
    # Query 1 has three answers, so that each pair gets 1/2; query 2 adds 1 to one of them.
    counts = pair_answers(_edges(
        (1, 5, 1, True), (1, 7, 1, True), (1, 6, 1, True), (2, 7, 1, True), (2, 6, 1, True),
        (3, 9, 1, True)), _SIZE)
    assert {(key // _SIZE, key % _SIZE): amount for key, amount in zip(*counts, strict=True)} == {
        (5, 6): 0.5, (5, 7): 0.5, (6, 7): 1.5}


@pytest.mark.parametrize("function", [
    lambda edges: good_answers(edges, 2), lambda edges: pair_answers(edges, _SIZE).keys])
def test_nothing_gives_nothing(function):
    assert len(function(_edges())) == 0


@given(st.lists(st.tuples(
    st.integers(1, 3), st.integers(0, 5), st.sampled_from([0.0, 1.0, 2.0, 3.0]), st.booleans()),
    max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_the_edges_does_not_matter(rows, rng):
    good = _good(*rows)
    assert len(set(good)) == len(good)
    rng.shuffle(rows)
    assert _good(*rows) == good
