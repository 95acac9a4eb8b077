import numpy as np
import pytest

from pipeline.config import Index
from pipeline.indexing import meaning
from pipeline.indexing.meaning import alike_in_meaning


@pytest.fixture(name="vectors")
def _vectors():
    """Two topics of three products, and one without a text."""
    topics = np.eye(4)[[0, 0, 0, 1, 1, 1]] + 0.1 * np.random.default_rng(1).normal(size=(6, 4))
    return np.concatenate([topics, np.zeros((1, 4))]).astype(np.float32)


def test_products_of_a_topic_are_alike_and_none_is_like_itself_or_like_nothing(vectors):
    found = alike_in_meaning(vectors, Index()).toarray()
    np.testing.assert_array_equal(np.diag(found), np.zeros(7))
    for number in range(6):
        topic = {other for other in range(6) if other // 3 == number // 3}
        assert set(np.argsort(-found[number])[:2]) == topic - {number}
    assert not found[6].any()
    assert not found[:, 6].any()
    assert 0.0 <= found.min() < found.max() <= 1.0 + 1e-6


def test_likeness_is_the_cosine_behind_the_map(vectors, monkeypatch):
    monkeypatch.setattr(meaning, "half_whitening", lambda _: np.diag([1.0, 2.0, 1.0, 1.0]))
    found = alike_in_meaning(vectors, Index()).toarray()
    first, second = vectors[3] * [1, 2, 1, 1], vectors[4] * [1, 2, 1, 1]
    assert found[3, 4] == pytest.approx(
        first @ second / np.linalg.norm(first) / np.linalg.norm(second), rel=1e-5)


def test_the_nearest_are_kept(vectors, monkeypatch):
    whole = alike_in_meaning(vectors, Index())
    monkeypatch.setattr(meaning, "KEPT_ALIKE", 1)
    found = alike_in_meaning(vectors, Index())
    assert np.diff(found.indptr).max() == 1
    np.testing.assert_allclose(found.max(axis=1).toarray(), whole.max(axis=1).toarray())


def test_a_large_catalogue_is_compared_by_scann():
    rng = np.random.default_rng(2)
    topics = np.repeat(rng.normal(size=(50, 16)), 10, axis=0)
    vectors = (topics + 0.05 * rng.normal(size=topics.shape)).astype(np.float32)
    found = alike_in_meaning(vectors, Index(kind="scann")).toarray()
    same = np.arange(500) // 10
    best = np.argsort(-found, axis=1)[:, :9]
    assert (same[best] == same[:, np.newaxis]).mean() > 0.95
    np.testing.assert_array_equal(np.diag(found), np.zeros(500))
