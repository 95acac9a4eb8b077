"""What speaks for a candidate."""

import math

import pytest

from pipeline.governance.extraction.candidates import EVIDENCE, find_candidates
from pipeline.governance.extraction.mentions import Span
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.tokens import TaggedSpan
from pipeline.governance.extraction.values import TextValues

BRANDS = TextValues(["HP", "HP", "HP", "Epson"])
TEXT = ProductText({"title": "Ink for HP", "description": "Acme ink, hp or epson"})


def by_value(spans, classes):
    return {candidate.value: candidate.evidence.tolist()
            for candidate in find_candidates(BRANDS, TEXT, spans, classes)}


def test_every_source_proposes():
    start = TEXT.text.index("Acme")
    spans = [TaggedSpan(0, Span(start, start + 4), 0.8), TaggedSpan(0, Span(start, start + 4), 0.5),
             TaggedSpan(0, Span(8, 10), 0.5)]
    found = by_value(spans, {"HP": 0.9})
    floor = pytest.approx(math.log(1e-4 / (1 - 1e-4)), rel=1e-5)
    close = lambda value: pytest.approx(value, rel=1e-5)  # noqa: E731
    # Tagged, classified, looked up; mentions in the title and anywhere; rows: log(1 + count).
    assert found == {
        "HP": [close(0), 1, close(math.log(9)), 1, 1, close(math.log(2)), close(math.log(3)),
               close(math.log(4))],
        "Epson": [floor, 0, floor, 0, 0, 0, close(math.log(2)), close(math.log(2))],
        "Acme": [close(math.log(4)), 1, floor, 0, 0, 0, 0, 0],
    }
    assert all(len(evidence) == EVIDENCE for evidence in found.values())


def test_what_the_text_does_not_say_is_told():
    text = ProductText({"title": "Epson ink"})
    found = find_candidates(BRANDS, text, [], {"HP": 0.9, "Epson": 0.1})
    assert {candidate.value: candidate.said for candidate in found} == {"HP": False, "Epson": True}


def test_a_certain_source_stays_finite():
    found = by_value([TaggedSpan(0, Span(8, 10), 1.0)], {"HP": 1.0})
    assert max(found["HP"]) == pytest.approx(math.log((1 - 1e-4) / 1e-4), rel=1e-3)


def test_nothing_is_proposed_where_nothing_is_said():
    assert find_candidates(BRANDS, ProductText({"title": "Ink"}), [], {}) == []
