"""Numbers and units as shops write them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.quantities import (
    convert,
    decimal_mark,
    find_unit,
    read_number,
    read_quantity,
    write_number,
)


@pytest.mark.parametrize(("text", "number"), [
    ("12", "12"), ("007", "7"), ("-3", "-3"), ("−3", "-3"), ("+3", "3"), ("５", "5"),
    ("1.5", "1.5"), ("1,5", "1.5"), ("1,50", "1.50"), ("0,125", "0.125"), ("0.125", "0.125"),
    ("1234,567", "1234.567"), ("1,234.5", "1234.5"), ("1.234,5", "1234.5"),
    ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("1 234 567", "1234567"),
    ("1\u202f234,5", "1234.5"), ("1'234.50", "1234.50"), ("1’234", "1234"),
])
def test_a_number_that_can_be_read_in_one_way_is_read(text, number):
    assert read_number(text) == Decimal(number)
    for mark in ".,":
        assert read_number(text, mark) == Decimal(number)


@pytest.mark.parametrize("text", ["1,500", "1.500", "-12,345"])
def test_a_number_that_may_be_two_is_read_by_the_known_mark_alone(text):
    assert read_number(text) is None
    own = "," if "," in text else "."
    assert read_number(text, own) == Decimal(text.replace(",", "."))
    other = "." if own == "," else ","
    assert read_number(text, other) == Decimal(text.replace(own, ""))


@pytest.mark.parametrize("text", [
    "", "x", "1 2", "1.2.3", "1,23,456", "1.", ".5", "1e3", "1/2", "1 2345", "1,234,5",
    "1.234,567.8",
    "1,234 567", "12345678901234567890", "５ ５", "½"])
def test_what_is_no_number_is_not_read(text):
    assert read_number(text) is None


@pytest.mark.parametrize(("text", "mark"), [
    ("12", ""), ("1,500", ""), ("1,5", ","), ("1.5", "."), ("0.125", "."), ("1,234.5", "."),
    ("1,234,567", "."), ("1.234.567", ","), ("x", "")])
def test_a_number_may_show_its_decimal_mark(text, mark):
    assert decimal_mark(text) == mark


@pytest.mark.parametrize(("text", "number", "unit", "spelling", "spaced"), [
    ("1,5 kg", "1,5", "kg", "kg", True), ("1500 GR", "1500", "g", "GR", True),
    ("500g", "500", "g", "g", False), ('17"', "17", "in", '"', False),
    ("5 ㎏", "5", "kg", "㎏", True),
    ("2.4GHZ", "2.4", "GHz", "GHZ", False), (" 20  °C ", "20", "°C", "°C", True),
    ("20℃", "20", "°C", "℃", False), ("3 m²", "3", "m²", "m²", True),
    ("5 µm", "5", "µm", "µm", True),
    ("1.5千克", "1.5", "kg", "千克", False), ("12 Stück", "12", "pcs", "Stück", True),
    ("3 mW", "3", "mW", "mW", True), ("3 MW", "3", "MW", "MW", True),
    ("5 Nm", "5", "Nm", "Nm", True),
    ("10 Mb", "10", "Mb", "Mb", True), ("10 MB", "10", "MB", "MB", True),
    ("100 MBps", "100", "MB/s", "MBps", True), ("100 mbps", "100", "Mbit/s", "mbps", True),
    ("1.5 L", "1.5", "l", "L", True), ("60w", "60", "W", "w", False),
    ("5 nm", "5", "nm", "nm", True), ("5 pcs.", "5", "pcs", "pcs.", True),
])
def test_a_quantity_is_a_number_and_a_unit(text, number, unit, spelling, spaced):
    quantity = read_quantity(text)
    assert quantity.unit.symbol == unit
    assert (quantity.number, quantity.spelling, quantity.spaced) == (number, spelling, spaced)


@pytest.mark.parametrize("text", [
    "", "5", "kg", "5 x 3 cm", "0 - 40 °C", "1/2 in", "5 blue", "3 mw", "about 5 kg", "5 kg each",
    "v1.5 kg", "1 kg 500 g",
    # Sizes and codes, and what may be bits or bytes.
    "12 M", "32 D", "5G", "14 k", "20 mb", "1 gb"])
def test_what_is_more_or_less_is_no_quantity(text):
    assert read_quantity(text) is None


@pytest.mark.parametrize(("number", "unit", "target", "converted"), [
    ("1.5", "kg", "g", "1500"), ("1500", "g", "kg", "1.5"), ("17", "in", "cm", "43.18"),
    ("1", "lb", "g", "453.59237"), ("1", "cm", "in", None), ("90", "min", "h", "1.5"),
    ("1", "min", "h", None), ("1.50", "kg", "kg", "1.50"), ("0", "km", "mm", "0")])
def test_conversion_is_exact_or_there_is_none(number, unit, target, converted):
    found = convert(Decimal(number), find_unit(unit), find_unit(target))
    assert (None if found is None else write_number(found)) == converted


_NUMBERS = st.decimals(-10**6, 10**6, places=3, allow_nan=False, allow_infinity=False)


@given(_NUMBERS, st.sampled_from(".,"))
def test_what_is_written_is_read_again(number, mark):
    assert read_number(write_number(number, mark), mark) == number


@given(_NUMBERS, st.sampled_from(["mg", "g", "kg", "lb", "oz"]),
       st.sampled_from(["mg", "g", "kg", "t", "lb", "oz"]))
def test_a_conversion_keeps_the_amount(number, unit, target):
    one, other = find_unit(unit), find_unit(target)
    found = convert(number, one, other)
    if found is not None:
        assert Fraction(found) * other.size == Fraction(number) * one.size


@given(st.text(max_size=40))
def test_any_text_can_be_asked(text):
    number, quantity = read_number(text), read_quantity(text)
    assert number is None or number.is_finite()
    assert decimal_mark(text) in ("", ".", ",")
    assert quantity is None or quantity.spelling in " ".join(text.split())
