import dataclasses

import numpy as np
import pytest

from benchmarks.quality.results import (
    Result,
    Topics,
    check_topics,
    load_results,
    load_topics,
    save_result,
)

RESULT = Result(
    task="shop", system="bm25", seed=1, commit="abc", options=[], minutes=0.5, resumed=False,
    peak_gb=None, status=0, slices={"all": {"nDCG@10": 0.5, "n": 2}},
    topics={"nDCG@10": np.array([1.0, 0.63093])})


def test_a_result_comes_back_with_four_digits_a_topic(tmp_path):
    save_result(RESULT, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["shop-bm25-1.json"]
    [kept] = load_results(tmp_path)
    assert kept.topics["nDCG@10"].tolist() == [1.0, 0.6309]
    assert dataclasses.replace(kept, topics={}) == dataclasses.replace(RESULT, topics={})


def test_results_of_other_topics_are_refused(tmp_path):
    members = {"all": np.array([True] * 9), "tail": np.array([False, True] * 4 + [True])}
    check_topics("shop", Topics("d1", members), tmp_path)
    check_topics("shop", Topics("d1", members), tmp_path)
    kept = load_topics("shop", tmp_path)
    assert {n: m.tolist() for n, m in kept.slices.items()} == {
        n: m.tolist() for n, m in members.items()}
    assert load_results(tmp_path) == []  # What topics there are is no result.
    with pytest.raises(ValueError, match="other topics .digest d1. .*scored .d2.*delete"):
        check_topics("shop", Topics("d2", members), tmp_path)
