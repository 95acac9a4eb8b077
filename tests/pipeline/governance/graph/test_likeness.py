"""Products with like titles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.graph import likeness
from pipeline.governance.graph.directory import hash_texts
from pipeline.governance.graph.likeness import (
    Titles,
    join_titles,
    pair_titles,
    title_words,
    word_groups,
)

_SIZE = 10


def _titles(*rows):
    """Rows are (category, product, price, title)."""
    words = [sorted(title_words({"title": title})) for *_, title in rows]
    return Titles(
        np.array([row[0] for row in rows], np.uint64),
        np.array([row[1] for row in rows], np.int32),
        np.array([row[2] for row in rows], np.float32),
        hash_texts([word for title in words for word in title]),
        np.array([len(title) for title in words], np.int64))


def _pairs(titles, min_likeness=0.01, neighbours=_SIZE):
    counts = pair_titles(titles, _SIZE, min_likeness, 1.5, neighbours)
    return {(int(key // _SIZE), int(key % _SIZE)): float(amount)
            for key, amount in zip(*counts, strict=True)}


def test_likeness_is_the_cosine_of_rare_words():
    # Of three titles "oak" and "desk" are in two each, the others in one: ln(1 + 3/2), ln 4.
    often, once = math.log(2.5) ** 2, math.log(4) ** 2
    pairs = _pairs(_titles(
        (1, 2, 5, "Oak desk"), (1, 4, 5, "oak DESK small"), (1, 6, 5, "lamp")))
    assert pairs == {(2, 4): pytest.approx(
        2 * often / math.sqrt(2 * often * (2 * often + once)))}


def test_titles_are_compared_within_a_category():
    assert _pairs(_titles(
        (1, 2, 5, "oak desk"), (2, 4, 5, "oak desk"), (1, 6, 5, "oak desk"))) == {
            (2, 6): pytest.approx(1.0)}


@pytest.mark.parametrize(("price", "is_near"), [
    (15.0, True), (15.1, False), (6.7, True), (6.6, False), (math.nan, True)])
def test_prices_are_near_or_not_known(price, is_near):
    pairs = _pairs(_titles((1, 0, 10, "oak desk"), (1, 1, price, "oak desk")))
    assert bool(pairs) == is_near


def test_what_is_too_common_brings_no_two_together(monkeypatch):
    monkeypatch.setattr(likeness, "MAX_WORD_PRODUCTS", 2)
    assert _pairs(_titles(
        (1, 0, 5, "desk"), (1, 1, 5, "desk"), (1, 2, 5, "desk"))) == {}


def test_a_pair_stays_where_one_is_among_the_strongest_of_the_other(monkeypatch):
    monkeypatch.setattr(likeness, "_CHUNK", 2)
    # 0 and 1 say the same, and 2 and 3 are each other's most like: "small" is the rarest word. Of
    # two as like, the first stays.
    titles = _titles((1, 0, 5, "oak desk"), (1, 1, 5, "oak desk"), (1, 2, 5, "oak desk small"),
                     (1, 3, 5, "desk small"))
    assert set(_pairs(titles)) == {(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)}
    assert set(_pairs(titles, neighbours=1)) == {(0, 1), (2, 3)}
    assert set(_pairs(titles, neighbours=2)) == {(0, 1), (0, 2), (1, 2), (2, 3), (0, 3)}


def test_groups_are_of_a_word_that_is_no_code():
    one, code, same, number = word_groups([["desk", "oak"], ["desk", "x12"], ["desk"], ["12"]])
    assert code == same
    assert one in (same, *word_groups([["oak"]]))
    assert number not in (same, one)
    assert len(word_groups([[]])) == 1


def test_the_brand_is_no_word_of_a_title():
    assert title_words({"title": "Acme Oak-Desk (Acme)", "brand": "ACME"}) == {"oak", "desk"}
    assert title_words({"title": "台灯 LED"}) == {"台灯", "led"}


def test_a_title_without_a_word_is_like_nothing():
    assert _pairs(_titles((1, 0, 5, "?"), (1, 1, 5, "!"), (1, 2, 5, "desk"))) == {}


_ROWS = st.lists(st.tuples(
    st.integers(0, 2), st.just(5.0),
    st.lists(st.sampled_from(["oak", "desk", "lamp", "tall"]), max_size=4).map(" ".join)),
    max_size=_SIZE)


@given(_ROWS, st.randoms(use_true_random=False))
def test_the_order_and_the_parts_do_not_matter(rows, rng):
    rows = [(category, place, price, title)
            for place, (category, price, title) in enumerate(rows)]
    expected = _pairs(_titles(*rows))
    rng.shuffle(rows)
    cut = rng.randint(0, len(rows))
    joined = join_titles([_titles(*rows[:cut]), _titles(*rows[cut:])])
    assert _pairs(joined) == pytest.approx(expected)
    places = np.array(rng.sample(range(len(rows)), len(rows)), int)
    assert _pairs(joined.take(places)) == pytest.approx(expected)
    assert all(0 < value <= 1 for value in expected.values())
