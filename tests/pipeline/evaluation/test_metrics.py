import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from pipeline.evaluation.metrics import (
    NOTHING,
    Relevance,
    coverage,
    first_relevant_ranks,
    per_context_metrics,
    recall_curve,
)


def _rankings(*rows, depth=50):
    return np.array([[*row, *[NOTHING] * (depth - len(row))] for row in rows], np.int64)


def test_ndcg_of_three_items_by_hand():
    # Gains 3 and 1 for products 7 and 5; the ranking is 5, 9, 7.
    # DCG   = (2^1 - 1) / log2(2) + 0 + (2^3 - 1) / log2(4) = 1 + 7 / 2            = 4.5
    # ideal = (2^3 - 1) / log2(2) + (2^1 - 1) / log2(3)     = 7 + 1 / 1.5849625    = 7.6309298
    metrics = per_context_metrics(_rankings([5, 9, 7]), Relevance.of([{7: 3.0, 5: 1.0}]))
    assert metrics["ndcg@10"][0] == pytest.approx(4.5 / 7.6309298, abs=1e-7)


def test_a_perfect_ranking_scores_one_and_an_empty_one_zero():
    relevance = Relevance.of([{1: 2.0, 2: 1.0}, {1: 2.0, 2: 1.0}])
    metrics = per_context_metrics(_rankings([1, 2, 0], []), relevance)
    for name, values in metrics.items():
        assert values.tolist() == [1.0, 0.0], name


def test_ideal_dcg_counts_only_the_best_ten():
    # Eleven products of gain 1 and one of gain 2, which alone is returned, at rank 1.
    # ideal = 3 / log2(2) + sum over ranks 2..10 of 1 / log2(rank + 1)
    ideal = 3 + sum(1 / math.log2(rank + 1) for rank in range(2, 11))
    relevance = Relevance.of([{**dict.fromkeys(range(11), 1.0), 11: 2.0}])
    metrics = per_context_metrics(_rankings([11]), relevance)
    assert metrics["ndcg@10"][0] == pytest.approx(3 / ideal)


def test_recall_divides_by_what_could_have_been_found():
    # 20 relevant products, of which ranks 1..10 hold 4 and ranks 11..50 hold 6 more:
    # recall@10 = 4 / min(20, 10), recall@50 = 10 / min(20, 50).
    row = [0, 1, 2, 3, *range(100, 106), *range(4, 10), *range(106, 140)]
    metrics = per_context_metrics(_rankings(row), Relevance.of([dict.fromkeys(range(20), 1.0)]))
    assert metrics["recall@10"][0] == pytest.approx(0.4)
    assert metrics["recall@50"][0] == pytest.approx(0.5)


def test_mrr_is_the_first_relevant_rank_within_ten():
    # First hits at rank 3 and at rank 11.
    relevance = Relevance.of([{2: 1.0, 3: 5.0}, {10: 1.0}])
    metrics = per_context_metrics(_rankings([0, 1, 2, 3], range(20)), relevance)
    assert metrics["mrr@10"].tolist() == [pytest.approx(1 / 3), 0.0]
    assert first_relevant_ranks(_rankings([0, 1, 2, 3], range(20)), relevance).tolist() == [3, 11]


def test_a_gap_takes_up_its_rank():
    relevance = Relevance.of([{4: 1.0}])
    assert first_relevant_ranks(_rankings([NOTHING, 4]), relevance).tolist() == [2]


def test_gains_are_looked_up_in_their_own_context():
    # Product 1 is relevant to the second context only, product 2 to the first only.
    relevance = Relevance.of([{2: 3.0}, {1: 2.0}])
    gains = relevance.gains_of(np.array([[1, 2], [1, 2]]))
    assert gains.tolist() == [[0.0, 3.0], [2.0, 0.0]]


def test_gain_zero_is_not_relevant():
    metrics = per_context_metrics(_rankings([1]), Relevance.of([{1: 0.0, 2: 1.0}]))
    assert metrics["recall@10"][0] == 0.0


def test_a_context_without_relevant_products_is_refused():
    with pytest.raises(ValueError, match="context number 1"):
        Relevance.of([{1: 1.0}, {2: 0.0}])


def test_coverage_counts_distinct_products_of_the_first_ten():
    # First ten of both: 0..9 and 0, 1; product 10 is at rank 11. 10 of 40 products.
    assert coverage(_rankings(range(11), [0, 1]), catalogue_size=40) == 0.25


def test_recall_curve_by_hand():
    # Context 1: both relevant products at ranks 1 and 3: recall@1 1/1, @2 1/2, @3 2/2.
    # Context 2: nothing found. The mean halves it.
    relevance = Relevance.of([{0: 1.0, 2: 1.0}, {9: 1.0}])
    curve = recall_curve(np.array([[0, 1, 2], [3, 4, 5]]), relevance)
    assert curve.tolist() == [0.5, 0.25, 0.5]


def test_no_contexts_make_no_metrics():
    metrics = per_context_metrics(np.zeros((0, 10), np.int64), Relevance.of([]))
    assert all(values.shape == (0,) for values in metrics.values())


def _slow_ndcg(ranking, gains):
    dcg = sum((2 ** gains.get(p, 0) - 1) / math.log2(i + 2) for i, p in enumerate(ranking[:10]))
    best = sorted(gains.values(), reverse=True)[:10]
    return dcg / sum((2**g - 1) / math.log2(i + 2) for i, g in enumerate(best))


@hypothesis.given(st.lists(
    st.tuples(
        st.permutations(range(15)),
        st.dictionaries(st.integers(0, 20), st.integers(1, 4), min_size=1)),
    min_size=1, max_size=5))
def test_vectorised_ndcg_agrees_with_a_loop(contexts):
    rankings = np.array([ranking for ranking, _ in contexts])
    metrics = per_context_metrics(rankings, Relevance.of([gains for _, gains in contexts]))
    expected = [_slow_ndcg(ranking, gains) for ranking, gains in contexts]
    np.testing.assert_allclose(metrics["ndcg@10"], expected)
    assert (metrics["ndcg@10"] <= 1 + 1e-12).all()
