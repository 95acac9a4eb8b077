"""Descriptions that are the same, cut short, or of something else."""

import pytest

from pipeline.governance.duplicates.descriptions import compare_descriptions
from pipeline.governance.duplicates.reading import Reading
from tests.pipeline.governance.duplicates.rows import product

LONG = "Made of solid oak with four drawers on brass rails, 120 cm wide, oiled twice by hand"


def compared(first, second, **columns):
    rows = (product("p1", "Lamp", description=first),
            product("p2", "Lamp", description=second, **columns))
    found = [compare_descriptions(Reading(one), Reading(other), lambda _: False)
             for one, other in (rows, rows[::-1])]
    assert found[0].shared == found[1].shared
    assert sorted(found[0].apart.split()) == sorted(found[1].apart.split())
    return found[0]


@pytest.mark.parametrize(("other", "shared"), [
    (LONG, 14), (LONG.upper(), 14), (LONG.replace("solid", "sloid"), 13),
    (LONG[:48], 6),  # ... on brass rai: within a word, so that it was cut
    (LONG[:61], 8),  # ... 120 cm: long enough to have been cut
    (LONG[:26], 4),  # Made of solid oak with four: too short to be cut, but it lacks no name
])
def test_the_same_and_cut_ones(other, shared):
    found = compared(LONG, other)
    assert (found.apart, found.same) == ("", True)
    assert found.shared == pytest.approx(shared, abs=1)


@pytest.mark.parametrize(("first", "second"), [
    (LONG, LONG.replace("oak", "pine")),
    (LONG, LONG.replace("120", "140")),
    (LONG, LONG.replace("four", "four red")),
    (LONG, LONG[:61] + " deep"),  # no longer the same when it ends
    (LONG, LONG[:50]),  # ... on brass rails: it may have been meant so, and lacks a number
    ("USB cable", "USB cable 5 m"),  # short, and what it lacks is a name
    ("Toner, yellow", "Toner, cyan"),
])
def test_those_of_two_products(first, second):
    assert compared(first, second).apart


def test_what_another_column_says_is_not_apart():
    assert compared("USB cable", "USB cable 5 m").apart
    rows = (product("p1", "Lamp", description="USB cable", attributes={"length": "5 m"}),
            product("p2", "Lamp", description="USB cable 5 m"))
    assert not compare_descriptions(*map(Reading, rows), lambda _: False).apart


def test_a_text_that_ends_within_its_last_word_is_cut():
    assert compared("HP 14 yellow printhead", "HP 14 yellow prin") == ("", 3, True)


@pytest.mark.parametrize("other", ["", "?!"])
def test_none_says_nothing(other):
    assert compared(LONG, other) == ("", 0, False)
