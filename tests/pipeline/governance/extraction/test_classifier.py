"""Words tell values that they do not name."""

import numpy as np
import pytest

from pipeline.governance.extraction.applicability import Applicability
from pipeline.governance.extraction.classifier import ValueClassifier, WordFeatures

TEXTS = ["espresso machine with grinder", "espresso machine", "garden hose reel", "garden hose"]


@pytest.fixture(scope="module")
def words():
    return WordFeatures(TEXTS * 5)


def test_values_are_told_by_words(words):
    places = ["kitchen", "kitchen", "outdoor", "outdoor"] * 5
    classifier = ValueClassifier(words(TEXTS * 5), places, 0)
    [told] = classifier(words(["a long garden hose"]), top=2)
    assert max(told, key=told.get) == "outdoor"
    assert sum(told.values()) == pytest.approx(1.0)
    assert len(classifier(words(TEXTS), top=1)[0]) == 1


def test_rare_values_are_not_told(words):
    classifier = ValueClassifier(
        words(TEXTS * 5), ["kitchen"] * 9 + ["rare"] + ["outdoor"] * 10, 0)
    assert set(classifier(words(TEXTS), top=9)[0]) == {"kitchen", "outdoor"}


def test_one_value_alone_is_nothing_to_tell(words):
    classifier = ValueClassifier(words(TEXTS), ["one"] * 4, 0)
    assert classifier(words(TEXTS), top=3) == [{}, {}, {}, {}]


def test_words_of_a_script_without_spaces():
    words = WordFeatures(["黑色手机壳", "黑色手机", "白色手机壳"])
    assert words(["黑色"]).nnz == 1


def test_kinds_of_products_are_told(words):
    features = words(TEXTS * 40)
    known = np.array([True, True, False, False] * 40)
    held_out = known & (np.arange(160) < 40)
    applies = Applicability(features, known, held_out, 0)
    assert applies(words(["espresso machine", "garden hose", "hose"])).tolist() == [
        True, False, False]
