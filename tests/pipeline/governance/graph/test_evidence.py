"""From counts to edges."""

import math

import numpy as np
import pytest

from pipeline.governance.graph.evidence import (
    ALIKE,
    ANSWERED,
    BOUGHT,
    EDGE,
    SEEN,
    Totals,
    strongest,
    weigh,
)
from pipeline.governance.graph.pairs import Counts
from pipeline.governance.graph.settings import GraphSettings

_SIZE = 10


def _counts(amounts):
    keys = sorted(low * _SIZE + high for low, high in amounts)
    return Counts(np.array(keys, np.int64), np.array(
        [amounts[key // _SIZE, key % _SIZE] for key in keys], np.float32))


def _totals(amounts, total):
    return Totals(np.array([amounts.get(row, 0) for row in range(_SIZE)], np.float32), total)


def _weigh(evidence, totals, categories=None, **settings):
    edges = weigh(
        {kind: _counts(amounts) for kind, amounts in evidence.items()}, totals,
        np.zeros(_SIZE, np.uint64) if categories is None else np.array(categories, np.uint64),
        GraphSettings(**settings))
    return {(int(edge["kind"]), int(edge["head"]), int(edge["tail"])): float(edge["weight"])
            for edge in edges}


def test_the_weight_is_a_smoothed_cosine_in_both_directions():
    found = _weigh({BOUGHT: {(1, 2): 3}}, {BOUGHT: _totals({1: 4, 2: 11}, 100)})
    weight = pytest.approx(3 / math.sqrt((4 + 5) * (11 + 5)))  # 3 / 12
    assert found == {(BOUGHT, 1, 2): weight, (BOUGHT, 2, 1): weight}


@pytest.mark.parametrize(("shoppers", "one", "other", "total", "why"), [
    (1, 1, 1, 100, "one shopper alone"),
    (3, 30, 10, 100, "as many as chance would have")])
def test_pairs_of_one_shopper_and_of_chance_are_no_edges(shoppers, one, other, total, why):
    for kind in (BOUGHT, SEEN):
        assert _weigh({kind: {(1, 2): shoppers}},
                      {kind: _totals({1: one, 2: other}, total)}) == {}, why


def test_what_is_bought_together_is_no_substitute():
    totals = {kind: _totals({1: 4, 2: 4, 3: 4}, 100) for kind in (BOUGHT, SEEN, ANSWERED)}
    found = _weigh(
        {BOUGHT: {(1, 2): 2, (2, 3): 1}, SEEN: {(1, 2): 4, (2, 3): 4},
         ANSWERED: {(1, 2): 1.0}, ALIKE: {(1, 2): 0.9, (1, 3): 0.5}}, totals)
    assert set(found) == {
        (BOUGHT, 1, 2), (BOUGHT, 2, 1), (SEEN, 2, 3), (SEEN, 3, 2), (ALIKE, 1, 3), (ALIKE, 3, 1)}
    assert found[ALIKE, 1, 3] == 0.5


def test_substitutes_of_visits_and_queries_are_of_one_category_where_it_is_known():
    totals = {kind: _totals(dict.fromkeys(range(5), 4), 100) for kind in (SEEN, ANSWERED)}
    pairs = {(1, 2): 3, (1, 3): 3, (2, 4): 3}
    for kind in (SEEN, ANSWERED):
        found = _weigh({kind: pairs}, totals, [0, 7, 7, 8, 0, 0, 0, 0, 0, 0])
        assert {key[1:] for key in found} == {(1, 2), (2, 1), (2, 4), (4, 2)}


def test_the_strongest_of_each_kind_and_head_stay():
    edges = np.array([
        (0, 1, 2, 0.1), (0, 1, 3, 0.3), (0, 1, 4, 0.3), (0, 2, 9, 0.1), (1, 1, 5, 0.2)], EDGE)
    kept = strongest(edges[::-1], 2)
    assert [tuple(edge)[:3] for edge in kept.tolist()] == [
        (0, 1, 3), (0, 1, 4), (0, 2, 9), (1, 1, 5)]
    assert len(strongest(edges[:0], 2)) == 0


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="min_shoppers should be at least 1. Received: 0"):
        GraphSettings(min_shoppers=0)
    with pytest.raises(ValueError, match="min_likeness should be above 0"):
        GraphSettings(min_likeness=0.0)
