import pytest

from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.rules.events import find_odd_dates, find_odd_events, find_odd_quantities

DAY = 86_400
NOW = 20_000 * DAY
FACTS = ShopFacts(
    charged_share=0.99, first_time=NOW - 300 * DAY, last_time=NOW, usual_quantity=50.0)


def purchase(**values):
    return {"user_id": "u", "product_id": "a", "event": "purchase", "position": 1, **values}


@pytest.mark.parametrize(("price", "free"), [(0, True), ("0.00", True), (-2, True), (3, False)])
def test_a_purchase_that_cost_nothing(price, free):
    findings = list(find_odd_events(purchase(attributes={"Unit_Price": price}), FACTS))
    assert [f.rule for f in findings] == (["no_charge"] if free else [])


def test_a_price_of_nothing_is_no_news_in_a_shop_that_gives_away_much():
    row = purchase(attributes={"price": 0})
    assert not list(find_odd_events(row, ShopFacts(charged_share=0.5)))
    assert not list(find_odd_events({**row, "event": "view"}, FACTS))


@pytest.mark.parametrize(("days", "impossible"), [
    (-300 - 5 * 366 - 1, True), (-300 - 5 * 366, False), (0, False), (5 * 366 + 1, True)])
def test_dates_far_outside_of_the_log(days, impossible):
    findings = list(find_odd_events(purchase(timestamp=NOW + days * DAY), FACTS))
    assert [(f.rule, f.column, f.action) for f in findings] == (
        [("impossible_date", WHOLE_ROW, Action.SET_ASIDE)] if impossible else [])


def test_without_a_habit_no_date_is_odd():
    assert not list(find_odd_events(purchase(timestamp=0), ShopFacts()))


def test_quantities_a_hundred_times_the_usual():
    assert not list(find_odd_quantities(purchase(value=5_000.0), FACTS))
    [finding] = find_odd_quantities(purchase(value=5_001.0), FACTS)
    assert (finding.column, finding.action) == ("value", Action.CLEARED)
    assert not list(find_odd_quantities({**purchase(value=9_999.0), "event": "rating"}, FACTS))


def test_the_first_day_of_1970_is_no_date_of_a_product():
    [finding] = find_odd_dates({"product_id": "a", "title": "t", "created_at": 0})
    assert (finding.column, finding.after) == ("created_at", None)
    assert not list(find_odd_dates({"product_id": "a", "title": "t", "created_at": DAY}))
    assert not list(find_odd_dates({"product_id": "a", "title": "t"}))
