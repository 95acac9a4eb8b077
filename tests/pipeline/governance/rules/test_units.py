"""Units and currencies in one form an attribute."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import apply_findings
from pipeline.governance.findings import Action, Finding
from pipeline.governance.quantities import read_number, read_quantity
from pipeline.governance.rules.units import (
    UnitUsage,
    choose_forms,
    find_currency_forms,
    find_unit_forms,
)


def _rows(values, name="weight"):
    return [{"product_id": str(number), "title": "x", "attributes": {name: value}}
            for number, value in enumerate(values)]


def _forms(rows):
    usage = UnitUsage()
    for row in rows:
        usage.add(row)
    return choose_forms(usage)


def _repaired(values, find=find_unit_forms):
    """What becomes of the values of one attribute."""
    rows = _rows(values)
    forms = _forms(rows)
    return [apply_findings("products", row, find(row, forms)).row["attributes"]["weight"]
            for row in rows]


def test_the_unit_that_most_values_have_is_the_unit_of_all():
    assert _repaired(["1500 g", "200 g", "75 g", "1,5 kg", "1500 GR", "2kg", "0.3 kg"]) == [
        "1500 g", "200 g", "75 g", "1500 g", "1500 g", "2000 g", "300 g"]


def test_the_form_is_the_one_that_the_shop_writes_most():
    assert _repaired(['17"', '15.6"', '13"', "14 inch", "33.02 cm", "30 cm"]) == [
        '17"', '15.6"', '13"', '14"', '13"', "30 cm"]  # 30 cm are no exact number of inches.
    assert _repaired(["1,5 kg", "2,25 kg", "3 kg", "1.75 kg", "500 g"]) == [
        "1,5 kg", "2,25 kg", "3 kg", "1,75 kg", "0,5 kg"]


def test_what_may_be_two_numbers_is_read_as_the_others_of_the_attribute_are():
    assert _repaired(["1,5 kg", "2,25 kg", "3 kg", "1.500 kg", "1,500 kg"]) == [
        "1,5 kg", "2,25 kg", "3 kg", "1500 kg", "1,500 kg"]
    assert _repaired(["500 g", "250 g", "100 g", "1,500 g", "1.500 g"]) == [
        "500 g", "250 g", "100 g", "1,500 g", "1.500 g"]


def test_how_sure_a_repair_is_depends_on_the_number():
    forms = _forms(_rows(["1,5 kg", "2,25 kg", "3 kg"]))
    found = [list(find_unit_forms(row, forms)) for row in _rows(["500 g", "1.500 g"])]
    assert found == [
        [Finding("unit_form", "attributes.weight", Action.REPAIRED, "0,5 kg", 1.0)],
        [Finding("unit_form", "attributes.weight", Action.REPAIRED, "1,5 kg", 0.9)]]


@pytest.mark.parametrize("values", [
    ["1500 g", "1.5 kg"],  # Too few to have a habit.
    ["5 g", "5 g", "5 g", "5 V", "6 V", "7 V", "5 W", "6 W", "7 W", "8GB"],  # Different things.
    ["5 g", "6 g", "7 g", "4G"[:1], "10 x 20 cm", "about 5 kg", 1500, True, None, ["5 kg"]],
    ["1500 g"] * 3 + ["5 cm", "1.5 kg of rice"],
])
def test_without_a_habit_or_a_plain_amount_nothing_changes(values):
    assert _repaired(values) == values


def test_what_differs_in_case_alone_may_be_another_thing():
    for values in (["12 M", "18 M", "6 M", "9 M", "0.5 m"], ["0.5 m", "3 m", "5 m", "12 M"],
                   ["30 cm", "40 cm", "50 cm", "12 M"], ["5 MB", "8 MB", "9 MB", "10 Mb", "20 mb"]):
        assert _repaired(values) == values


def test_what_nobody_could_read_again_is_not_written():
    # 1125 g would be 1.125 kg, which is also 1125 kg, and no other value shows a decimal mark.
    assert _repaired(["1 kg", "2 kg", "3 kg", "1125 g", "1500 g"]) == [
        "1 kg", "2 kg", "3 kg", "1125 g", "1.5 kg"]


def test_one_and_several_are_both_right():
    assert _repaired(["2 years", "3 years", "5 years", "1 year", "1 inch"]) == [
        "2 years", "3 years", "5 years", "1 year", "1 inch"]
    assert _repaired(["1 inch", "1 inch", "1 inch", "5 inches", "2in"]) == [
        "1 inch", "1 inch", "1 inch", "5 inches", "2 inch"]


def test_decimals_stay_as_they_are_where_the_unit_does():
    assert _repaired(["1.50 kg", "2.50 kg", "3.00kg"]) == ["1.50 kg", "2.50 kg", "3.00 kg"]


def test_prices_become_a_number_and_a_code():
    values = ["€ 12,50", "12.50 EUR", "1.234,50 €", "EUR 5", "9,- €", "5 EUR/kg", "INR18650", 12.5]
    assert _repaired(values, find_currency_forms) == [
        "12.50 EUR", "12.50 EUR", "1234.50 EUR", "5 EUR", "9 EUR", "5 EUR/kg", "INR18650", 12.5]


def test_a_sign_of_several_currencies_is_the_one_that_the_shop_names():
    assert _repaired(["$5", "7.50 CAD", "8 CAD", "9 USD"], find_currency_forms)[0] == "5 CAD"
    assert _repaired(["$5", "$6", "7 kr"], find_currency_forms) == ["$5", "$6", "7 kr"]


def test_prices_are_certain_where_sign_and_number_are():
    forms = _forms(_rows(["5 USD", "7,5 EUR"]))
    found = [next(find_currency_forms(row, forms)) for row in _rows(["€5", "$5", "€ 1.500"])]
    assert [(finding.rule, finding.after, finding.confidence) for finding in found] == [
        ("currency_form", "5 EUR", 1.0), ("currency_form", "5 USD", 0.9),
        ("currency_form", "1500 EUR", 0.9)]


def test_a_product_without_attributes_has_none():
    forms = _forms([{"product_id": "a", "title": "x"}])
    assert list(find_unit_forms({"product_id": "a", "title": "x"}, forms)) == []
    assert list(find_currency_forms({"product_id": "a", "title": "x"}, forms)) == []


_AMOUNTS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-", "1"]),
    st.sampled_from(["5", "1,5", "1.5", "1,500", "1.500", "0,25", "1 500", "1,500.5", "12.50"]),
    st.sampled_from(["", " "]),
    st.sampled_from(["g", "kg", "KG", "GR", "lb", "cm", '"', "inch", "€", "EUR", "$", "USD", "kr"]))
_VALUES = st.lists(st.one_of(_AMOUNTS, st.text(max_size=6), st.integers(0, 9)), max_size=15)


@given(_VALUES)
def test_repairing_twice_changes_nothing(values):
    rows = _rows(values)
    forms = _forms(rows)
    for row in rows:
        for find in (find_unit_forms, find_currency_forms):
            row = apply_findings("products", row, find(row, forms)).row
        assert list(find_unit_forms(row, forms)) == []
        assert list(find_currency_forms(row, forms)) == []


@given(_VALUES)
def test_no_amount_is_lost(values):
    rows = _rows(values)
    forms = _forms(rows)
    for row in rows:
        for finding in find_unit_forms(row, forms):
            mark = forms.marks.get("weight", "")
            before, after = (read_quantity(text) for text in (
                row["attributes"]["weight"], finding.after))
            amounts = [Fraction(read_number(one.number, mark)) * one.unit.size
                       for one in (before, after)]
            assert amounts[0] == amounts[1]
            assert before.unit.dimension == after.unit.dimension
        for finding in find_currency_forms(row, forms):
            kept = [char for char in row["attributes"]["weight"] if char.isdigit()]
            assert [char for char in finding.after if char.isdigit()] == kept


@given(_VALUES, st.integers(0, 15), st.randoms(use_true_random=False))
def test_counting_in_parts_and_in_any_order_gives_the_same(values, cut, rng):
    rows = _rows(values)
    shuffled = rows[:]
    rng.shuffle(shuffled)
    parts = [UnitUsage(), UnitUsage()]
    for place, row in enumerate(shuffled):
        parts[place < cut].add(row)
    parts[0].merge(parts[1])
    assert choose_forms(parts[0]) == _forms(rows)
