import numpy as np
import pytest

from pipeline.evaluation.metrics import Relevance
from pipeline.evaluation.results import measure_slices


def test_means_differences_and_coverage_by_hand():
    # Two contexts, product 0 relevant to both. The candidate finds it at ranks 1 and 2, the
    # baseline never: MRR (1 + 1/2) / 2 = 0.75 against 0. Of 4 products the candidate shows 0, 1.
    rankings = {
        "candidate": np.array([[0, 1], [1, 0]]), "popularity": np.array([[2, 3], [2, 3]])}
    members = {"all": np.array([True, True]), "second": np.array([False, True])}
    slices = measure_slices(
        rankings, Relevance.of([{0: 1.0}, {0: 1.0}]), members, 4, samples=200, seed=1)
    overall, second = slices["all"], slices["second"]
    assert overall.contexts == 2
    assert overall.metrics["candidate"]["mrr@10"].value == 0.75
    assert overall.metrics["popularity"]["mrr@10"].value == 0.0
    assert overall.differences["popularity"]["mrr@10"].value == 0.75
    # Two contexts resample to (1, 1), (1, 2) or (2, 2): means 1, 0.75 and 0.5.
    assert overall.differences["popularity"]["mrr@10"].low == pytest.approx(0.5)
    assert overall.differences["popularity"]["mrr@10"].high == pytest.approx(1.0)
    assert overall.coverage == {"candidate": 0.5, "popularity": 0.5}
    assert second.contexts == 1
    assert second.metrics["candidate"]["mrr@10"].value == 0.5


def test_identical_systems_differ_by_exactly_nothing():
    rankings = {name: np.random.default_rng(0).permuted(np.tile(np.arange(9), (40, 1)), axis=1)
                for name in ("candidate", "live")}
    relevance = Relevance.of([{n % 9: 1.0} for n in range(40)])
    result = measure_slices(rankings, relevance, {"all": np.ones(40, bool)}, 9, 100, 1)["all"]
    difference = result.differences["live"]["ndcg@10"]
    assert (difference.value, difference.low, difference.high) == (0.0, 0.0, 0.0)
