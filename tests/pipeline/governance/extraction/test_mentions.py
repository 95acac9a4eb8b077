"""Values and numbers are found however they are spelt, and nowhere else."""

import hypothesis
import pytest
from hypothesis import strategies as st

from pipeline.governance.extraction.mentions import CompactText, compact, find_numbers


def found(text, value):
    return [text[start:end] for start, end in CompactText(text).find(compact(value))]


@pytest.mark.parametrize(("text", "value", "expected"), [
    ("Cable RJ45, black", "RJ-45", ["RJ45"]),
    ("rj 45 cable", "RJ-45", ["rj 45"]),
    ("StarTech.com cable by STARTECH.COM", "StarTech.com", ["StarTech.com", "STARTECH.COM"]),
    ("Café crème", "cafe creme", ["Café crème"]),
    ("two cables", "Cable", ["cables"]),
    ("boxes", "box", ["boxes"]),
    ("HPE server", "HP", []),  # Not a whole word.
    ("a blackboard", "black", []),
    ("3COM", "COM", []),
    ("黑色手机壳", "黑色", ["黑色"]),  # Words without spaces.
    ("", "black", []),
])
def test_words(text, value, expected):
    assert found(text, value) == expected


def test_a_value_without_letters_is_no_word():
    assert compact(" +/- ") == "+/-"
    assert found("plus +/- minus", "+/-") == []


@pytest.mark.parametrize(("text", "expected"), [
    ("43.2 cm (17\")", [(43.2, "cm"), (17, '"')]),
    ("15-ft and 15ft", [(15, "ft"), (15, "ft")]),
    ("4,57 m, 1,000 sheets", [(4.57, "m"), (1000, "sheets")]),
    ("2 Duo P7450 7.2.1 006R90321", [(2, "duo")]),
    ("800/1066", []),
    ("6 pc(s)", [(6, "pc")]),
    ("1440 x 900 pixels", [(1440, "x"), (900, "pixels")]),
    ("长3米的线,10cm宽", [(3, "米"), (10, "cm")]),
    ("5 incomprehensibilities", [(5, "")]),  # Too long for a unit.
    ("24", [(24, "")]),
])
def test_numbers(text, expected):
    assert [(mention.number, mention.unit) for mention in find_numbers(text)] == expected


def test_the_span_of_a_number_holds_its_unit():
    [mention] = find_numbers("a 15-ft cable")
    assert "a 15-ft cable"[slice(*mention.span)] == "15-ft"


@hypothesis.given(st.text(), st.text())
def test_any_text_is_searched(text, value):
    for start, end in CompactText(text).find(compact(value)):
        assert 0 <= start < end <= len(text)
        assert compact(text[start:end]).startswith(compact(value))
    for mention in find_numbers(text):
        assert 0 <= mention.span.start < mention.span.end <= len(text)


@hypothesis.given(
    st.lists(st.sampled_from(["red", "Blue", "USB-C", "18V"]), min_size=1), st.integers(0, 3))
def test_a_word_among_words_is_found(words, place):
    word = words[place % len(words)]
    assert word in found(" ".join(words), word)
