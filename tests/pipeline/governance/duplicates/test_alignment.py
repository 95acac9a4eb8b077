"""Titles beside each other: what is left over, and what stands in another place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.alignment import align, keeps_order
from pipeline.governance.duplicates.words import read_words


def known(word):
    return word in {"desk", "lamp", "oak", "black", "book", "case"}


def aligned(first, second):
    found = align(read_words(first), read_words(second), known)
    return found.first, found.second, found.rewritten


@pytest.mark.parametrize(("first", "second", "expected"), [
    ("oak desk", "desk, oak", ([], [], 0)),
    ("oak desk", "oak dsek", ([], [], 1)),
    ("oak desk", "oak lamp", (["desk"], ["lamp"], 0)),
    ("oak bookcase", "oak book case", ([], [], 1)),
    ("book case oak", "bookcase oak", ([], [], 2)),
    ("black desk", "blk desk", ([], [], 1)),
    ("black desk", "blue desk", (["black"], ["blue"], 0)),
    ("cartridge", "cart. toner", ([], ["toner"], 1)),
    ("desk size M", "desk size MM", (["m"], ["mm"], 0)),
    ("desk desk", "desk", (["desk"], [], 0)),
    ("", "desk", ([], ["desk"], 0)),
])
def test_what_is_left_over(first, second, expected):
    assert aligned(first, second) == expected


def test_texts_that_share_little_are_not_looked_at_closely():
    words = [f"word{letter}" for letter in "abcdefghi"]
    slips = [f"wrod{letter}" for letter in "abcdefghi"]
    assert aligned(" ".join(words), " ".join(slips))[2] == 0
    assert aligned(" ".join(words[:8]), " ".join(slips[:8]))[2] == 8


@pytest.mark.parametrize(("first", "second", "expected"), [
    ("Mirror 24 in. x 36 in. oak", "Oak mirror 24 in. x 36 in.", True),
    ("Mirror 24 in. x 36 in. oak", "Mirror 36 in. x 24 in. oak", False),
    ("Cable 2 m with 3 pack ties", "3 pack ties, cable 2 m", True),  # turned round
    ("Sealant 10 oz Flex 230 grey", "Flex 230 sealant grey 10 oz", True),  # not of one unit
    ("Plug M to socket F", "Plug F to socket M", False),
    ("Shirt M, red on white", "Shirt M, white on red", False),
    ("Acme AX 20 lamp", "AX 20 lamp Acme", True),
    ("", "lamp", True),
])
def test_what_names_a_thing_keeps_its_place(first, second, expected):
    assert keeps_order(read_words(first), read_words(second), ()) is expected
    assert keeps_order(read_words(second), read_words(first), ()) is expected


_TITLES = st.lists(
    st.sampled_from(["oak", "desk", "lamp", "2", "m", "3", "inch", "red", "x"]), max_size=8)


@given(_TITLES, st.integers(0, 8))
def test_a_turned_text_keeps_its_order_and_all_words(words, place):
    first = read_words(" , ".join(words))
    second = first._replace(tokens=first.tokens[place:] + first.tokens[:place])
    assert keeps_order(first, second, ())
    assert align(first, second, known) == ([], [], 0)
