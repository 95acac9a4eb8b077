"""The best candidate is chosen, and its confidence is how often such are right."""

import numpy as np
import pytest

from pipeline.governance.extraction.candidates import EVIDENCE, Candidate
from pipeline.governance.extraction.choice import Chooser


def candidate(value, strength):
    evidence = np.array([strength, *[0.0] * (EVIDENCE - 1)], np.float32)
    return Candidate(value, evidence, said=value == "strong")


def make(rows, generator):
    """Two candidates a row; the stronger one is right in nine of ten rows."""
    made, right = [], []
    for _ in range(rows):
        made.append([candidate("weak", generator.normal()), candidate("strong", 5.0)])
        hit = generator.random() < 0.9
        right.append([not hit, bool(hit)])
    return made, right


@pytest.fixture(scope="module")
def chooser():
    return Chooser(*make(500, np.random.default_rng(1)))


def test_the_stronger_candidate_is_chosen_and_confidence_is_its_share(chooser):
    rows, right = make(500, np.random.default_rng(2))
    choices = chooser(rows)
    assert {(choice.value, choice.said) for choice in choices} == {("strong", True)}
    share = np.mean([flags[1] for flags in right])
    assert np.mean([choice.confidence for choice in choices]) == pytest.approx(share, abs=0.05)


def test_rows_that_taught_are_judged_as_others(chooser):
    assert chooser.hits.mean() == pytest.approx(0.9, abs=0.05)
    assert chooser.confidence.mean() == pytest.approx(chooser.hits.mean(), abs=0.05)


def test_a_row_without_candidates_has_no_choice(chooser):
    assert chooser([[], [candidate("only", 5.0)]])[0] is None
    assert chooser([]) == []
    rows, right = make(20, np.random.default_rng(3))
    with_none = Chooser([*rows, []], [*right, []])
    assert with_none.confidence[-1] == 0.0
    assert not with_none.hits[-1]


def test_what_was_always_right_is_not_quite_sure():
    always = Chooser([[candidate("a", 1.0)]] * 30, [[True]] * 30)
    [choice] = always([[candidate("a", 1.0)]])
    assert 0.9 < choice.confidence < 1.0


def test_rows_without_any_candidate_teach_nothing():
    nothing = Chooser([[]] * 9, [[]] * 9)
    assert not nothing.confidence.any()
    [choice] = nothing([[candidate("a", 1.0)]])
    assert choice.confidence == pytest.approx(0.5)
