"""Groups: which row is kept, what it takes, and why likeness is no chain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import apply_findings, decision_id
from pipeline.governance.duplicates.groups import (
    Group,
    Member,
    group_products,
    merge_group,
    preference,
)
from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from tests.pipeline.governance.duplicates.rows import product

ROWS = [product(name) for name in "abcde"]


def grouped(threshold=0.9, **sure):
    """Groups by names of pairs; products of which no pair is named contradict each other."""
    table = {tuple(sorted(map("abcde".index, pair))): value for pair, value in sure.items()}
    groups = group_products(
        ROWS, table, lambda one, other: (min(one, other), max(one, other)) not in table, threshold)
    return [["abcde"[member.number] for member in members] for members in groups]


def test_every_member_agrees_with_the_one_that_is_kept():
    assert grouped(ab=0.95, ac=0.99, bc=0.2) == [["a", "c", "b"]]


def test_likeness_is_no_chain():
    # b is like a and c like b, but c is not like a.
    assert grouped(ab=0.95, bc=0.95, ac=0.5) == [["a", "b"]]


def test_of_two_that_contradict_each_other_none_joins():
    assert grouped(ab=0.99, ac=0.99) == []
    assert grouped(ab=0.99, ac=0.99, ad=0.99, bd=0.5, cd=0.5) == [["a", "d"]]


def test_what_is_left_forms_groups_of_its_own():
    assert grouped(ab=0.95, ce=0.95) == [["a", "b"], ["c", "e"]]


def test_the_threshold_belongs_to_those_that_are_merged():
    assert grouped(ab=0.9) == [["a", "b"]]
    assert grouped(ab=0.89) == []


@pytest.mark.parametrize(("kept", "other"), [
    (product("z", description="Solid oak"), product("a")),
    (product("z", attributes={"a": 1, "b": 2}), product("a", price=1.0)),
    (product("z", description="Solid oak, oiled"), product("a", description="Solid oak")),
    (product("z", created_at=5), product("a", created_at=9)),
    (product("9"), product("10")),
    (product("a"), product("b")),
])
def test_the_most_complete_then_the_oldest_is_kept(kept, other):
    assert preference(kept) < preference(other)


def test_the_kept_row_takes_what_it_lacks():
    kept = product("k", brand="Acme", attributes={"colour": "Oak"})
    first = product("f", price=9.0, attributes={"depth": 60, "colour": "Oak"})
    second = product("s", price=9.1, description="Solid", attributes={"depth": 61})
    group, findings = merge_group(
        [kept, first, second], [Member(0, 1.0), Member(1, 0.97), Member(2, 0.93)])
    assert group == Group("k", ("f", "s"), 0.93)
    causes = [decision_id("products", row, findings[row["product_id"]][0])
              for row in (first, second)]
    assert findings == {
        "f": [Finding("near_duplicate", WHOLE_ROW, Action.MERGED, None, 0.97, "k")],
        "s": [Finding("near_duplicate", WHOLE_ROW, Action.MERGED, None, 0.93, "k")],
        "k": [
            Finding("near_duplicate", "price", Action.FILLED, 9.0, 0.97, "f", causes[0]),
            Finding("near_duplicate", "attributes.depth", Action.FILLED, 60, 0.97, "f", causes[0]),
            Finding(
                "near_duplicate", "description", Action.FILLED, "Solid", 0.93, "s", causes[1]),
            Finding("near_duplicate", "price", Action.FILLED, 9.1, 0.93, "s", causes[1]),
            Finding("near_duplicate", "attributes.depth", Action.FILLED, 61, 0.93, "s", causes[1])],
    }
    assert apply_findings("products", kept, findings["k"]).row == product(
        "k", brand="Acme", price=9.0, description="Solid",
        attributes={"colour": "Oak", "depth": 60})
    assert apply_findings("products", first, findings["f"]).row is None
    # Where the first merge is released, what is missing comes from the second.
    assert apply_findings("products", kept, findings["k"], {causes[0]}).row == product(
        "k", brand="Acme", price=9.1, description="Solid",
        attributes={"colour": "Oak", "depth": 61})


@given(st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(0, 1)), st.randoms())
def test_groups_hold_whatever_the_confidence(sure, rng):
    def contradicts(one, other):
        return (min(one, other), max(one, other)) not in sure

    groups = group_products(ROWS, sure, contradicts, 0.5)
    numbers = [member.number for members in groups for member in members]
    assert len(numbers) == len(set(numbers))
    for kept, *members in groups:
        assert members
        for member in members:
            pair = tuple(sorted((kept.number, member.number)))
            assert sure[pair] == member.confidence >= 0.5
            assert not any(
                contradicts(member.number, other.number)
                for other in members if other is not member)
    # Which place a row has in the family does not matter.
    order = list(range(5))
    rng.shuffle(order)
    again = group_products(
        [ROWS[number] for number in order],
        {tuple(sorted(map(order.index, pair))): value for pair, value in sure.items()},
        lambda one, other: contradicts(order[one], order[other]), 0.5)
    assert [[order[m.number] for m in members] for members in again] == [
        [m.number for m in members] for members in groups]
