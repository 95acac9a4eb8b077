"""Confidence, by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.compare import Evidence
from pipeline.governance.duplicates.confidence import (
    MAX_DESCRIBED,
    UNTOLD,
    confidence,
    contributions,
)

NOTHING = Evidence(
    words=0, same_title=False, coded=False, other_words=0, described=0, attributes=0,
    lone_attributes=0, same_price=False, usual_price=False, near_price=False, identified=False)


def test_nothing_is_the_bias():
    assert confidence(NOTHING) == pytest.approx(1 / (1 + math.exp(0.91)))


def test_parts_add_up():
    evidence = NOTHING._replace(
        words=6, coded=True, described=100, attributes=3, lone_attributes=1, near_price=True)
    parts = {name: value for name, value in contributions(evidence).items() if value}
    assert parts == pytest.approx({
        "bias": -0.91, "words": 0.4 * math.log(7), "coded": 1.4,
        "described": 0.075 * MAX_DESCRIBED, "attributes": 0.41 * math.log(4),
        "lone_attributes": -0.5, "near_price": 1.89})
    assert confidence(evidence) == pytest.approx(1 / (1 + math.exp(-sum(parts.values()))))


def test_one_title_and_a_price_are_no_more_than_even():
    evidence = NOTHING._replace(words=8, same_title=True, same_price=True)
    assert confidence(evidence) == UNTOLD
    assert confidence(evidence._replace(same_title=False)) > 0.9
    for told in ({"coded": True}, {"described": 1}, {"attributes": 1}):
        assert confidence(evidence._replace(**told)) > 0.9


@given(
    st.builds(
        Evidence, st.integers(0, 50), st.booleans(), st.booleans(), st.integers(0, 9),
        st.integers(0, 500), st.integers(0, 99), st.integers(0, 99), st.booleans(), st.booleans(),
        st.booleans(), st.booleans()),
    st.sampled_from(["words", "described", "attributes"]))
def test_it_is_a_share_and_more_evidence_is_never_less(evidence, name):
    sure = confidence(evidence)
    assert 0 <= sure <= 1
    more = evidence._replace(**{name: getattr(evidence, name) + 1})
    assert confidence(more) >= sure - 1e-12
