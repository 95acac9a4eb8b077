import pytest

from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import Action
from pipeline.governance.rules.outliers import find_unusual_prices, find_unusual_quantities
from pipeline.governance.usual import Usual

FACTS = ShopFacts(
    usual_prices={"home > lamps": Usual(10.0, 0.5, 200.0), "": Usual(1.0, 0.1, 10.0)},
    usual_quantities={"a": Usual(1.0, 0.01, 100.0)})


@pytest.mark.parametrize(("category", "price", "unusual"), [
    ("Home > Lamps", 1000.0, True), ("home|lamps", 0.1, True), ("Home > Lamps", 200.0, False),
    ("Home > Lamps", 0.5, False), ("Home", 1000.0, False), (None, 11.0, True),
    ("Home > Lamps", 0, False)])
def test_prices_out_of_the_range_of_the_category(category, price, unusual):
    row = {"product_id": "a", "title": "t", "price": price}
    found = list(find_unusual_prices(row | ({"category": category} if category else {}), FACTS))
    assert [(f.rule, f.column, f.action) for f in found] == (
        [("unusual_price", "price", Action.NOTED)] if unusual else [])


def test_the_note_says_what_is_usual():
    row = {"product_id": "a", "title": "t", "category": "Home > Lamps", "price": 1000.0}
    [finding] = find_unusual_prices(row, FACTS)
    assert finding.note == "usual: 0.5 to 200, 10 in the middle"


@pytest.mark.parametrize(("values", "unusual"), [
    ({"value": 101.0}, True), ({"value": 100.0}, False), ({"value": -500.0}, False), ({}, False),
    ({"value": 101.0, "product_id": "b"}, False), ({"value": 101.0, "event": "rating"}, False)])
def test_quantities_above_the_range_of_the_product(values, unusual):
    row = {"user_id": "u", "product_id": "a", "event": "purchase", "position": 1, **values}
    found = list(find_unusual_quantities(row, FACTS))
    assert [(f.column, f.action, f.note) for f in found] == (
        [("value", Action.NOTED, "usual: 0.01 to 100, 1 in the middle")]
        if unusual else [])


def test_a_shop_without_a_habit_has_no_outliers():
    row = {"product_id": "a", "title": "t", "price": 1e9}
    assert list(find_unusual_prices(row, ShopFacts())) == []
