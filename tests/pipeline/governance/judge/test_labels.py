import numpy as np
import pytest

from pipeline.governance.judge.labels import MIN_PRODUCTS, LabelModel


def test_the_label_that_vectors_suggest_is_the_likelier():
    vectors = np.repeat([[1.0, 0.0], [0.0, 1.0]], 20, axis=0)
    model = LabelModel(["a"] * 20 + ["b"] * 20, vectors)
    assert model.names == ["a", "b"]
    own, other = model.compare(["a", "b", "new", ""], vectors[[0, 0, 0, 0]])
    shares = model.probabilities(vectors[:1])[0]
    assert shares.sum() == pytest.approx(1)
    assert own[:2] == pytest.approx(np.log(shares), abs=1e-6)
    assert other[:2] == pytest.approx(np.log(shares[::-1]), abs=1e-6)
    assert np.isnan(own[2:]).all()
    # Of a label that is not known, the likeliest of all.
    assert other[2:] == pytest.approx(np.log(shares.max()), abs=1e-6)


def test_rare_labels_and_a_single_one_are_not_learned():
    vectors = np.eye(12)
    labels = ["a"] * 8 + ["b"] * (MIN_PRODUCTS - 1) + [""]
    model = LabelModel(labels, vectors)
    assert model.names == []
    assert model.probabilities(vectors).shape == (12, 0)
    assert np.isnan(model.compare(labels, vectors)).all()
