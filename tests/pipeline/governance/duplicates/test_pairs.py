"""Entries of a bucket to pairs, and pairs to families."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.banding import ENTRY, PRICELESS, Banding, product_key
from pipeline.governance.duplicates.families import connect
from pipeline.governance.duplicates.pairs import (
    MAX_BAND,
    MAX_OTHER_WORDS,
    NEIGHBOURS,
    PAIR,
    add_pairs,
    pair_entries,
)
from tests.pipeline.governance.duplicates.rows import product


def entries(*rows):
    """Entries (band, key), with words and text of their own where given."""
    array = np.zeros(len(rows), ENTRY)
    for place, row in enumerate(rows):
        for name, value in zip(("band", "key", "words", "mark"), row, strict=False):
            array[place][name] = value
    return array


def pair_up(array, tolerance=0.025):
    return pair_entries(array, tolerance)


def pairs(*rows):
    return np.array(list(rows), PAIR)


def test_products_of_a_band_are_paired_and_met_twice_counted_twice():
    found, large = pair_up(entries((7, 1), (8, 2), (7, 3), (7, 2), (8, 1), (9, 4)))
    assert found.tolist() == [(1, 2, 2), (1, 3, 1), (2, 3, 1)]
    assert large == 0


def test_titles_that_differ_in_many_words_are_not_paired():
    other = (1 << MAX_OTHER_WORDS) - 1
    found, _ = pair_up(entries((7, 1, 0), (7, 2, other), (7, 3, (other << 1) + 1)))
    assert found.tolist() == [(1, 2, 1), (2, 3, 1)]


def test_a_large_band_pairs_neighbours_only_and_is_counted():
    size = MAX_BAND + 8
    # Beside one another stand those whose descriptions begin alike.
    rows = [(7, key, 0, PRICELESS + key % 2) for key in range(1, size + 1)]
    found, large = pair_up(entries(*rows))
    assert large == 1
    assert len(found) == sum(min(NEIGHBOURS, size - 1 - place) for place in range(size))
    assert [1, 3] in found[["first", "second"]].tolist() or (1, 3) in [
        tuple(pair)[:2] for pair in found.tolist()]
    assert (1, 2) not in [tuple(pair)[:2] for pair in found.tolist()]


def test_products_whose_prices_differ_are_not_paired():
    rows = [product(str(price), "Oak desk", price=price) for price in (10.0, 10.2, 10.3, 1e-9)]
    rows += [product("none", "Oak desk"), product("free", "Oak desk", price=0.0)]
    key_of = {product_key(row["product_id"]): row["product_id"] for row in rows}
    found = set()
    for _, part in Banding()(rows):
        for first, second, _ in pair_up(np.frombuffer(part, ENTRY))[0].tolist():
            found.add(frozenset((key_of[first], key_of[second])))
    priced = {frozenset(("10.0", "10.2")), frozenset(("10.2", "10.3"))}  # 2% and 1%; 2.9% is more
    unpriced = {frozenset((one, other)) for one in key_of.values() for other in ("none", "free")
                if one != other}
    assert found == priced | unpriced


def test_nothing_comes_of_nothing():
    found, large = pair_up(np.zeros(0, ENTRY))
    assert (len(found), large) == (0, 0)
    assert len(connect(np.zeros(0, PAIR)).keys) == 0


_ENTRIES = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), max_size=20)


@given(_ENTRIES)
def test_pairs_are_those_of_two_products_in_a_band(rows):
    found, _ = pair_up(entries(*rows))
    expected = {
        tuple(sorted((one[1], other[1])))
        for one, other in itertools.combinations(rows, 2)
        if one[0] == other[0] and one[1] != other[1]}
    assert [tuple(pair)[:2] for pair in found.tolist()] == sorted(expected)


def test_pairs_of_several_buckets_are_added_up():
    added = add_pairs(pairs((1, 3, 2), (1, 2, 1), (1, 3, 1)))
    assert added.tolist() == [(1, 2, 1), (1, 3, 3)]


def family_of(families):
    return dict(zip(families.keys.tolist(), families.numbers.tolist(), strict=True))


def test_pairs_connect_to_families():
    families = connect(pairs((1, 2, 1), (2, 3, 1), (5, 9, 1)))
    found = family_of(families)
    assert found[1] == found[2] == found[3] != found[5] == found[9]
    assert families.left_out == 0
    assert families.find(np.array([9, 4, 1], np.uint64)).tolist() == [found[9], -1, found[1]]


def test_a_family_that_is_too_large_falls_apart_where_it_is_weakest():
    families = connect(pairs((1, 2, 9), (2, 3, 1), (3, 4, 9)), max_size=2)
    found = family_of(families)
    assert found[1] == found[2] != found[3] == found[4]
    assert families.left_out == 1


def test_what_holds_together_to_the_last_is_cut_up():
    chain = pairs(*((key, key + 1, 16) for key in range(1, 10)))
    families = connect(chain, max_size=4)
    assert sorted(np.bincount(families.numbers).tolist()) == [2, 4, 4]
    assert families.left_out == 2  # Neighbours stay together.


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4)), max_size=30),
       st.integers(2, 5))
def test_families_are_never_too_large_and_join_none_but_connected(rows, max_size):
    rows = add_pairs(pairs(*(
        (min(a, b), max(a, b), n) for a, b, n in rows if a != b)) if rows else np.zeros(0, PAIR))
    families = connect(rows, max_size)
    sizes = np.bincount(families.numbers) if len(families.numbers) else np.zeros(1, int)
    assert sizes.max() <= max_size
    found = family_of(families)
    apart = sum(found.get(a, -1) != found.get(b, -2) for a, b, _ in rows.tolist())
    assert families.left_out == apart


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_entries_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    array = np.zeros(300, ENTRY)
    array["band"], array["key"] = rng.integers(0, 6, 300), rng.integers(1, 80, 300)
    array["mark"] = PRICELESS + array["key"] % 5
    found, _ = pair_up(array)
    again, _ = pair_up(rng.permutation(array))
    np.testing.assert_array_equal(found, again)
