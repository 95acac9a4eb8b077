"""Which index is taken, and what ScaNN's recall must be."""

import sys

import numpy as np
import pytest
import tensorflow as tf

from pipeline.config import Index
from pipeline.indexing.search import RecallError, ScannError, build_index


def vectors(count, dimension=16):
    rows = np.random.default_rng(0).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_auto_takes_brute_force_below_the_limit_and_scann_from_it_on():
    some = vectors(300)
    assert build_index(some, Index(brute_force_below=301), some).kind == "brute_force"
    index = build_index(some, Index(brute_force_below=300, min_recall=0.5), some)
    assert index.kind == "scann"
    assert index.recall >= 0.5


def test_brute_force_is_exact():
    some = vectors(50)
    index = build_index(some, Index(kind="brute_force"), some)
    scores, rows = index.search(tf.constant(some[:3]), tf.constant(5))
    expected = np.argsort(-some[:3] @ some.T, axis=1)[:, :5]
    np.testing.assert_array_equal(rows, expected)
    np.testing.assert_allclose(scores[:, 0], 1.0, rtol=1e-5)
    assert index.recall == 1.0


def test_more_leaves_are_searched_for_more_recall():
    some = vectors(2_000)
    fast = build_index(some, Index(kind="scann", min_recall=0.1), some[:200])
    thorough = build_index(some, Index(kind="scann", min_recall=0.9), some[:200])
    assert thorough.leaves_searched > fast.leaves_searched
    assert thorough.recall >= 0.9


def test_a_recall_out_of_reach_stops_with_what_was_reached(monkeypatch):
    monkeypatch.setattr("pipeline.indexing.search._EFFORTS", (0.05,))
    some = vectors(2_000)
    with pytest.raises(RecallError, match=r"at least 1.0. Received 0\.\d+ at the most"):
        build_index(some, Index(kind="scann", min_recall=1.0), some)


def test_a_scann_that_is_not_installed_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "scann", None)  # Its import fails as if it were absent.
    some = vectors(20)
    with pytest.raises(ScannError, match=r"pip install scann==1.3.2, or set index.kind=brute"):
        build_index(some, Index(kind="scann"), some)
