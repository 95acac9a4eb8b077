import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.labels.suspects import (
    FOLDS,
    MIN_JUDGMENTS,
    Scale,
    estimate_wrong_share,
    fit_detector,
)

ROWS = 2_000


def judgments(flipped, seed=0, rows=ROWS):
    """A feature that tells the grade of 0..3 up to one step, and grades of which some are wrong."""
    generator = np.random.default_rng(seed)
    true = generator.integers(0, 4, rows)
    feature = (true + generator.integers(-1, 2, rows)).astype(np.float32)[:, None]
    wrong = generator.random(rows) < flipped
    grade = np.where(wrong, 3 - true, true).astype(np.float32)
    query = np.arange(rows) // 10
    return feature, grade, query, query % FOLDS, wrong


def test_grades_are_mirrored_in_the_middle_of_the_scale():
    scale = Scale.of(np.array([1, 5, 2, 3, 4, 4], np.float32))
    np.testing.assert_array_equal(scale.mirror(scale.grades), [5, 4, 3, 2, 1])


def test_a_mirrored_grade_is_one_that_the_table_gives():
    # 5 becomes 0, 3 and 2 each other; 1 would be 4, which is nobody's grade and as near to 3 as
    # to 5: the lower.
    scale = Scale.of(np.array([0, 1, 2, 3, 5], np.float32))
    np.testing.assert_array_equal(scale.mirror(scale.grades), [5, 3, 3, 2, 0])


def test_a_grade_of_another_scale_does_not_stretch_it():
    scale = Scale.of(np.array([0, 1, 2, 3] * 100 + [100], np.float32))
    np.testing.assert_array_equal(scale.mirror(scale.grades), [3, 2, 1, 0, 0])


@given(st.lists(st.floats(0, 100, width=32), min_size=2, max_size=20, unique=True))
def test_mirrored_grades_are_of_the_scale(grades):  # So few that none is beyond it.
    scale = Scale.of(np.array(grades, np.float32))
    mirrored = scale.mirror(scale.grades)
    assert set(mirrored) <= set(scale.grades)
    assert mirrored[0] == scale.grades[-1]
    assert mirrored[-1] == scale.grades[0]


def test_the_share_of_wrong_grades_is_bounded_by_what_looks_wrong():
    # Of a table's grades a fifth is wrong, half of which look like it; no right one does.
    wrong = np.repeat([0.0, 1.0], 500)
    kept = np.concatenate([np.repeat([0.0, 1.0], 100), np.zeros(800)])
    # At 1 are 0.1 of the table, 0.01 more with the standard error, and 0.5 of the wrong.
    assert estimate_wrong_share(kept, wrong) == pytest.approx(0.22)
    assert estimate_wrong_share(np.zeros(1000), wrong) == 0.0
    assert estimate_wrong_share(wrong, wrong) == 1.0


def test_wrong_grades_are_found_and_how_many_they_are():
    feature, grade, query, fold, wrong = judgments(0.1)
    detector = fit_detector(feature, grade, query, fold)
    assert detector.wrong_share == pytest.approx(0.1, abs=0.03)
    probability = detector.probability(feature, grade, fold)
    found = probability >= 0.5
    # 0 for 3 and 3 for 0 is beyond what the feature leaves open, 1 for 2 is not: half at the most.
    assert wrong[found].mean() > 0.9
    assert found[wrong].mean() > 0.4
    assert probability[found].mean() < wrong[found].mean() + 0.05
    again = fit_detector(feature, grade, query, fold)
    np.testing.assert_array_equal(probability, again.probability(feature, grade, fold))


def test_right_grades_are_left_alone():
    feature, grade, query, fold, _ = judgments(0.0)
    detector = fit_detector(feature, grade, query, fold)
    assert detector.wrong_share < 0.02
    assert (detector.probability(feature, grade, fold) < 0.3).all()


def test_too_little_to_learn_from_is_not_learned_from():
    feature, grade, query, fold, _ = judgments(0.1)
    few = slice(MIN_JUDGMENTS - 1)
    assert fit_detector(feature[few], grade[few], query[few], fold[few]) is None
    assert fit_detector(feature, grade, query % 20, fold) is None
    assert fit_detector(feature, np.ones_like(grade), query, fold) is None
    few_others = np.where(np.arange(len(grade)) % 20, 1.0, 0.0).astype(np.float32)
    assert fit_detector(feature, few_others, query, np.zeros_like(fold)) is None
