"""Slips and abbreviations against other words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.spelling import is_abbreviation, is_near, is_typo

KNOWN = {"plate", "plant", "silver", "black", "tape", "wireless", "left", "lift"}.__contains__


@pytest.mark.parametrize(("first", "second"), [
    ("silver", "slver"), ("silver", "sliver"), ("silver", "silvver"), ("silver", "silber"),
    ("wireless", "wirless"), ("tape", "ape"), ("zephyr", "zephir")])
def test_slips(first, second):
    assert is_typo(first, second, KNOWN)
    assert is_typo(second, first, KNOWN)


@pytest.mark.parametrize(("first", "second"), [
    ("plate", "plant"),  # both are words of the shop
    ("left", "lift"),
    ("red", "rad"),  # too short to tell
    ("cyan", "magenta"),
    ("silver", "slvr")])
def test_other_words(first, second):
    assert not is_typo(first, second, KNOWN)


@pytest.mark.parametrize(("short", "word", "dotted", "expected"), [
    ("blk", "black", False, True), ("cbl", "cable", False, True),
    ("ntwrkng", "networking", False, True), ("cart", "cartridge", True, True),
    ("cart", "cartridge", False, False), ("hand", "handle", False, False),
    ("bk", "book", False, True), ("b", "black", False, False), ("wht", "black", False, False),
    ("black", "black", False, False), ("blue", "bluetooth", False, False)])
def test_abbreviations(short, word, dotted, expected):
    assert is_abbreviation(short, word, dotted) is expected


_WORDS = st.text("abc", max_size=5)


@given(_WORDS, _WORDS, st.integers(1, 2))
def test_nearness_is_symmetric_and_bounded_by_length(first, second, edits):
    near = is_near(first, second, edits)
    assert near == is_near(second, first, edits)
    if near:
        assert abs(len(first) - len(second)) <= edits
    assert is_near(first, first, edits)


@given(st.text("abcd", min_size=2, max_size=6), st.data())
def test_one_edit_is_near(word, data):
    place = data.draw(st.integers(0, len(word) - 2))
    assert is_near(word, word[:place] + word[place + 1:], 1)
    assert is_near(word, word[:place] + "x" + word[place:], 1)
    assert is_near(word, word[:place] + word[place + 1] + word[place] + word[place + 2:], 1)
