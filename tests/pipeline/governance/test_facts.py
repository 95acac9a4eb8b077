import pytest

from pipeline.governance.facts import (
    ShopFacts,
    _GatherEventFacts,
    _GatherProductFacts,
    gather_facts,
    read_facts,
    unit_price,
)


def combine(combiner, parts):
    """As a runner does it: each part in an accumulator of its own, then merged."""
    merged = []
    for part in parts:
        total = combiner.create_accumulator()
        for row in part:
            total = combiner.add_input(total, row)
        merged.append(total)
    return combiner.extract_output(combiner.merge_accumulators(merged))


def test_habits_of_a_catalogue():
    rows = [{"title": "BLUE BAG", "price": 1.0}, {"title": "Manual", "price": 0.0},
            {"title": "电动牙刷", "price": 2.0}, {"title": "RED BAG"}]
    # Of three titles whose letters have a case two are in capitals; two of four have a price.
    assert combine(_GatherProductFacts(), [rows[:1], rows[1:]]) == {
        "products": 4, "capital_share": pytest.approx(2 / 3), "priced_share": 0.5}
    assert combine(_GatherProductFacts(), [[]])["priced_share"] == 0


def event(position, time=None, kind="purchase", **values):
    row = {"event": kind, "position": position, **values}
    return row if time is None else {**row, "timestamp": time}


@pytest.mark.parametrize(("times", "step"), [
    ((86_400, 172_800), 86_400), ((60, 86_400), 60), ((61, 120), 1), ((), 1)])
def test_how_fine_the_clock_of_a_log_is(times, step):
    rows = [event(i, time) for i, time in enumerate(times)]
    assert combine(_GatherEventFacts(), [rows[:1], rows[1:]])["clock_step"] == step


def test_habits_of_a_log():
    rows = [event(i, time=100 + i, value=float(i + 1), attributes={"price": 0 if i == 3 else 2})
            for i in range(100)]
    facts = combine(_GatherEventFacts(), [rows[:50], rows[50:]])
    assert facts["charged_share"] == 0.99
    assert facts["usual_quantity"] == pytest.approx(99.01)  # 99% of the way from 1 to 100
    assert (facts["first_time"], facts["last_time"]) == (100, 198)


def test_a_few_events_are_no_habit():
    facts = combine(_GatherEventFacts(), [[event(0, time=5, value=3.0)]])
    assert (facts["first_time"], facts["usual_quantity"], facts["charged_share"]) == (
        None, None, 0.0)


def test_a_sample_does_not_depend_on_the_order_of_the_rows():
    rows = [event(i, value=float(i % 97)) for i in range(50_000)]
    forward = combine(_GatherEventFacts(), [rows[:20_000], rows[20_000:]])
    assert combine(_GatherEventFacts(), [rows[::-1]]) == forward


@pytest.mark.parametrize(("attributes", "price"), [
    ({"price": 2}, 2.0), ({"UnitPrice": "3.5"}, 3.5), ({"unit_price": "free"}, None),
    ({"colour": 2}, None), ({"price": "nan"}, None), ({"price": [1]}, None)])
def test_what_an_event_says_that_a_piece_cost(attributes, price):
    assert unit_price({"attributes": attributes}) == price
    assert unit_price({}) is None


def test_facts_go_by_a_file(tmp_path):
    import apache_beam as beam
    events = [
        {"user_id": "u", "product_id": product, "event": kind, "position": i, **values}
        for i, (product, kind, values) in enumerate([
            ("sold", "purchase", {"value": 1.0}), ("sold", "purchase", {"value": -1.0}),
            ("back", "purchase", {"value": -1.0}), ("free", "purchase", {
                "attributes": {"price": 0}}), ("seen", "view", {})])]
    path = str(tmp_path / "facts.json")
    with beam.Pipeline() as pipeline:
        gather_facts({
            "products": pipeline | "P" >> beam.Create(
                [{"product_id": "a", "title": "MUG", "price": 1.0}]),
            "events": pipeline | "E" >> beam.Create(events)}, path)
    assert read_facts(path) == ShopFacts(
        products=1, capital_share=1.0, priced_share=1.0, charged_share=0.0,
        never_sold=frozenset({"back", "free"}))


def test_what_is_usual_goes_by_a_file_where_something_is_not(tmp_path):
    import apache_beam as beam
    # 30 lamps of 10 and one of 1000; beds are as usual, and chairs too few to say.
    prices = {"Home > Lamps": [10.0] * 15, "home>LAMPS": [10.0] * 15 + [1000.0],
              "Beds": [100.0] * 40, "Chairs": [1.0] * 20 + [1000.0]}
    sales = {"a": [1.0] * 30 + [101.0], "b": [1.0] * 30 + [50.0, -500.0]}
    path = str(tmp_path / "facts.json")
    with beam.Pipeline() as pipeline:
        gather_facts({
            "products": pipeline | "P" >> beam.Create([
                {"product_id": "p", "title": "t", "category": category, "price": price}
                for category, some in prices.items() for price in some]),
            "events": pipeline | "E" >> beam.Create([
                {"user_id": "u", "product_id": product, "event": "purchase", "position": i,
                 "value": value}
                for product, values in sales.items() for i, value in enumerate(values)])}, path)
    facts = read_facts(path)
    assert facts.usual_prices == {"home > lamps": pytest.approx((10.0, 0.5, 200.0))}
    assert facts.usual_quantities == {"a": pytest.approx((1.0, 0.01, 100.0))}
