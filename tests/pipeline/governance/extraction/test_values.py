"""Values are found, read and written as the shop writes them."""

import pytest

from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.values import (
    NumberValues,
    TextValues,
    as_number,
    as_value,
    learn_values,
)


def text(title, description=None):
    return ProductText({"title": title, **({"description": description} if description else {})})


@pytest.fixture(scope="module")
def colours():
    return TextValues(["Black", "black", "Black", "Red", "Black/Red", "Dark blue", "Blue"])


@pytest.fixture(scope="module")
def lengths():
    rows = [(1.83, "6 ft"), (0.91, "3ft"), (3.05, "10ft"), (4.57, "15ft"), (2.0, "2m"),
            (5.0, "5 m"), (3.0, "3 m")]
    return NumberValues([(value, text(f"cable {said}")) for value, said in rows * 2])


def test_spellings_are_one_value(colours):
    assert colours.counts == {
        "Black": 3, "Red": 1, "Black/Red": 1, "Dark blue": 1, "Blue": 1}
    assert colours.key("BLACK") == colours.key("black")
    assert colours.spelling("BLACK") == "Black"
    assert colours.spelling("Ecru") == "Ecru"


def test_of_overlapping_values_the_longer_is_mentioned(colours):
    found = colours.mentions(text("dark-blue mug, black red lid, reddish"))
    assert [mention.value for mention in found] == ["Dark blue", "Black/Red"]
    assert found[0].span == (0, 9)


@pytest.mark.parametrize(("surface", "value"), [
    ("BLACK", "Black"), ("blacks", "Black"), ("Sea  green", "Sea green"), ("  ", None)])
def test_words_are_read(colours, surface, value):
    assert colours.read(surface) == value


@pytest.mark.parametrize(("surface", "value"), [
    ("15-ft", 4.57), ("6 ft", 1.83), ("2 m", 2.0),
    ("20 ft", 6.096),  # Never said: 20 times what a foot is worth, .3048 m.
    ("5.05m", 5.0),  # As good as a known value.
    ("7 kg", None), ("long", None)])
def test_numbers_are_read(lengths, surface, value):
    read = lengths.read(surface)
    assert read == (value if value is None else pytest.approx(value, rel=0.01))
    if value in (4.57, 1.83, 2.0, 5.0):
        assert read == value


def test_numbers_are_found_in_whichever_unit(lengths):
    product = text("Cable 6ft (1.83 m) 18 V", "3 plugs")
    assert [product.text[slice(*span)] for span in lengths.spans(product, 1.83)] == [
        "6ft", "1.83 m"]
    assert [mention.value for mention in lengths.mentions(product)] == [1.83, 1.83]


def test_numbers_kept_as_text_stay_text():
    rows = [(str(size), text(f"disk {size} GB")) for size in (100, 250, 500, 750)] * 2
    values = learn_values(rows)
    assert isinstance(values, NumberValues)
    assert values.read("250gb") == "250"
    assert values.read("320 GB") == "320"
    assert values.spelling(250.0) == "250"


def test_mostly_words_are_words():
    assert isinstance(learn_values([("A4", text("")), ("5", text(""))]), TextValues)


@pytest.mark.parametrize("value", [
    True, None, "yes", "N", ["red"], {"a": 1}, "", "  ", "prose " * 20, float("nan")])
def test_what_no_text_says_is_no_value(value):
    assert as_value(value) is None


def test_numbers_of_values():
    assert as_number("2.50") == 2.5
    assert as_number(3) == 3.0
    assert as_number("3 m") is None
    assert as_number("inf") is None
