"""A product's text, and whole words of it."""

import pytest

from pipeline.governance.extraction.mentions import Span
from pipeline.governance.extraction.texts import MAX_TEXT_CHARS, ProductText


def text(title, description=None):
    return ProductText({"title": title, **({"description": description} if description else {})})


def test_a_description_that_repeats_the_title_is_read_once():
    assert text("Red mug", "Red mug - 300 ml").text == "Red mug | 300 ml"
    assert text("Red mug", "Red mug").text == "Red mug"
    assert ProductText({"title": "Mug"}).text == "Mug"
    assert text("Red mug").title_end == 7


def test_a_long_text_is_cut():
    assert len(text("mug " * 999, "red " * 999).text) == MAX_TEXT_CHARS


@pytest.mark.parametrize(("start", "end", "words"), [
    (0, 4, "Xerox"), (2, 5, "Xerox"), (6, 8, "15ft"), (6, 12, "15ft red"), (5, 6, " "),
    (14, 15, "红")])
def test_whole_words(start, end, words):
    assert text("Xerox 15ft red红色").whole_words(Span(start, end)) == words
