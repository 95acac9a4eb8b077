import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.labels.words import NAMES, Frequencies, Texts, agreement, split_words

NONE = Frequencies.of([])


def agree(query, title, brand="", other="", frequencies=NONE):
    [row] = agreement([query], [Texts(title, brand, other)], frequencies)
    return dict(zip(NAMES, row.tolist(), strict=True))


def test_words_found_and_missing():
    found = agree("red steel door", "Steel Doors for the Garage")
    assert found["query words"] == 3
    assert found["title words"] == 5
    assert found["share of words"] == pytest.approx(2 / 3)
    assert found["words missing"] == 1
    assert found["first word found"] == 0
    assert found["last word found"] == 1
    assert found["place of last word"] == pytest.approx(1 / 4)  # Second of five: 0, 1/4, ...
    assert found["share of pairs"] == pytest.approx(1 / 2)  # "steel door", not "red steel".
    assert found["share of title's start"] == 1.0


def test_letters_shared_by_words_that_differ():
    # ^do doo oor or$ against ^do doo oor orw rwa way ay$: three of both, eight of either.
    found = agree("door", "doorway")
    assert found["share of words"] == 0
    assert found["share of trigrams"] == pytest.approx(3 / 4)
    assert found["likeness of trigrams"] == pytest.approx(3 / 8)
    assert math.isnan(found["place of last word"])


def test_rare_words_count_more():
    frequencies = Frequencies.of(["steel door", "steel lamp", "steel nail"])
    steel, door = math.log1p(0.5 / 3.5), math.log1p(2.5 / 1.5)
    assert frequencies.rarity(b"steel") == pytest.approx(steel)
    assert frequencies.rarity(b"door") == pytest.approx(door)
    found = agree("steel door", "steel lamp", frequencies=frequencies)
    assert found["share of words by rarity"] == pytest.approx(steel / (steel + door))
    assert found["rarity of words found"] == pytest.approx(steel)
    assert found["rarest word missing"] == pytest.approx(door)


def test_counts_of_parts_add_up():
    parts = Frequencies.of(["a lamp"]) + Frequencies.of(["the lamp", "door"])
    whole = Frequencies.of(["a lamp", "the lamp", "door"])
    assert parts.titles == whole.titles == 3
    np.testing.assert_array_equal(parts.counts, whole.counts)


def test_numbers_and_what_they_count():
    found = agree("12 ft ladder", "Ladder 12 ft, 300 lb")
    assert (found["numbers"], found["share of numbers"]) == (1, 1)
    assert (found["share of numbers with units"], found["numbers of another value"]) == (1, 0)
    found = agree("12 ft ladder", "Ladder 8 ft, 12 steps")
    assert (found["share of numbers"], found["share of numbers with units"]) == (1, 0)
    assert found["numbers of another value"] == 1
    assert math.isnan(agree("ladder", "Ladder 8 ft")["share of numbers"])


def test_texts_beside_the_title():
    found = agree("acme outdoor lamp", "Lamp", brand="Acme", other="for outdoor use")
    assert found["share of words in all texts"] == 1
    assert found["share of brand"] == 1
    assert math.isnan(agree("lamp", "Lamp")["share of brand"])


def test_scripts_without_spaces_are_compared_by_pairs_of_characters():
    assert agree("不锈钢", "不锈钢水杯")["share of words"] == 1
    assert agree("塑料", "不锈钢水杯")["share of words"] == 0


def test_nothing_to_compare_is_unknown():
    assert np.isnan(agreement(["?!"], [Texts("Lamp")], NONE)).all()
    assert agree("lamp", "")["share of words"] == 0
    assert agreement([], [], NONE).shape == (0, len(NAMES))
    assert split_words([]) == []


@given(st.text(max_size=30), st.text(max_size=40), st.text(max_size=20))
def test_shares_are_shares(query, title, other):
    for name, value in agree(query, title, other=other).items():
        assert math.isnan(value) or value >= 0
        if "share" in name or "likeness" in name:
            assert math.isnan(value) or value <= 1 + 1e-6
