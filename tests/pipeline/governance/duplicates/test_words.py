"""Texts in normal form: what is spelling goes, what names a product stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.words import read_words


@pytest.mark.parametrize(("text", "tokens"), [
    ("Oak DESK, 4-Drawer!", "oak desk 4 drawer"),
    ("Café® Crème™", "cafe creme"),
    ("Men's shoes &amp; socks", "men shoe sock"),
    ("<b>Glass</b> vase", "glass vase"),
    ("17\" x 10.50 in.", "17 inch 10.5 inch"),
    ("6 ft. / 6’ / 6 feet", "6 foot 6 foot 6 foot"),
    ("1,000 pages", "1000 page"),
    ("1,50 m", "1.5 meter"),
    ("1.75mm", "1.75 mm"),
    ("3 pc(s)", "3 piece"),
    ("13MHHM100-150", "13 mhhm 100 150"),
    ("007 or 7", "007 7"),
    ("lamp w/ shade", "lamp shade"),
    ("DVD+R and DVD-R", "dvd + r dvd r"),
    ("A3+ 2 + 2", "a 3 + 2 2"),
    ("红色书桌", "红色 色书 书桌"),
    ("", ""),
    ("?! ...", ""),
])
def test_normal_form(text, tokens):
    assert " ".join(read_words(text).tokens) == tokens


def test_what_names_a_thing_is_strict():
    words = read_words("Shirt size M, 100 cotton, No. TX40b, 5 mm")
    assert words.strict == {"m", "100", "no", "tx", "40", "b", "5"}


def test_full_stops_mark_abbreviations():
    assert read_words("Toner cart. for prof. use").dotted == {"cart", "prof"}


@given(st.text())
def test_any_text_has_a_normal_form_that_is_its_own(text):
    words = read_words(text)
    assert words.strict <= set(words.tokens)
    assert all(token.strip() == token and token for token in words.tokens)


@given(st.lists(st.sampled_from(["oak", "desk", "lamp", "brass"]), min_size=1), st.booleans())
def test_case_and_punctuation_do_not_matter(words, upper):
    text = ", ".join(words)
    assert read_words(text.upper() if upper else text).tokens == tuple(words)
