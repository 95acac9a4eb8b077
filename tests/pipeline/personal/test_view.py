import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.personal.view import normalise


@pytest.mark.parametrize(("text", "seen"), [
    ("plain 1-2", "plain 1-2"),
    ("ａ＠ｂ．ｃｏｍ", "a@b.com"),
    ("٠١٢ १२", "012 12"),
    ("0\u00a01\u202f2\u20093", "0 1 2 3"),
    ("0\u20111\u20132\u22123", "0-1-2-3"),
    ("an\u200bna\u00ad@x", "anna@x"),
    ("müller 中 ² ①", "müller 中 2 1"),
])
def test_look_alikes_are_one_character(text, seen):
    assert normalise(text).text == seen


def test_a_part_of_the_view_is_found_again_in_the_text():
    text = "\u200bx \u00ad1\u200b2\u00a03!"
    view = normalise(text)
    assert view.text == "x 12 3!"
    start, end = view.original(2, 6)
    assert text[start:end] == "1\u200b2\u00a03"
    assert view.original(7, 7) == (len(text), len(text))


@given(st.text())
def test_every_part_of_the_view_has_its_place(text):
    view = normalise(text)
    for place, character in enumerate(view.text):
        start, end = view.original(place, place + 1)
        assert end == start + 1
        assert normalise(text[start:end]).text == character
