from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import decision_id
from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.shoppers import RETURNED, judge_shopper

SECONDS = ShopFacts(clock_step=1)
MINUTES = ShopFacts(clock_step=60)


def event(position, kind="purchase", product="a", time=None, **values):
    row = {"user_id": "u", "product_id": product, "event": kind, "position": position, **values}
    return row if time is None else {**row, "timestamp": time}


def found(events, facts=SECONDS):
    return {
        events[place]["position"]: [(f.rule, f.column, f.action, f.after) for f in findings]
        for place, findings in judge_shopper(events, facts).items() if findings}


def test_an_event_told_twice_is_set_aside_once():
    events = [event(2, "view", time=100), event(1, "view", time=100), event(3, "view", time=101)]
    assert found(events) == {
        2: [("duplicate_event", WHOLE_ROW, Action.SET_ASIDE, None)]}


def test_two_lines_of_an_order_stay_where_the_clock_tells_no_seconds():
    events = [event(1, time=60, value=1.0), event(2, time=60, value=1.0)]
    assert found(events, MINUTES) == {}
    assert list(found(events, SECONDS)) == [2]


def test_events_without_a_time_are_never_told_twice():
    assert found([event(1, "view"), event(2, "view")]) == {}


def test_a_return_is_matched_with_the_latest_purchases_before_it():
    # 5 and 4 pieces bought, 6 come back: 4 of the later purchase, 2 of the earlier one.
    events = [event(1, time=1, value=5.0), event(2, time=2, value=4.0),
              event(3, time=3, value=-6.0), event(4, time=4, value=9.0)]
    assert found(events) == {
        1: [("return", RETURNED, Action.FILLED, 2.0)],
        2: [("return", RETURNED, Action.FILLED, 4.0)],
        3: [("return", WHOLE_ROW, Action.MATCHED, None)]}
    [found_return] = judge_shopper(events, SECONDS)[2]
    assert found_return.note == "of line 2, line 1"
    # What its purchases say of it goes with it.
    cause = decision_id("events", events[2], found_return)
    assert [judge_shopper(events, SECONDS)[place][0].because for place in (0, 1)] == [cause, cause]


def test_a_return_follows_from_those_of_the_same_purchases():
    events = [event(1, time=1, value=5.0), event(2, time=2, value=-2.0),
              event(3, time=3, value=4.0), event(4, time=4, value=-1.0),
              event(5, time=5, value=-5.0)]
    findings = judge_shopper(events, SECONDS)
    first, second, third = (
        decision_id("events", events[place], findings[place][0]) for place in (1, 3, 4))
    assert [(f.action, f.after, f.because) for f in findings[0]] == [
        (Action.FILLED, 2.0, first), (Action.REPAIRED, 4.0, third)]
    assert [(f.action, f.after, f.because) for f in findings[2]] == [
        (Action.FILLED, 1.0, second), (Action.REPAIRED, 4.0, third)]
    assert findings[1][0].because == findings[3][0].because == ""
    assert findings[4][0].because == " ".join(sorted((first, second)))
    # Released, the first is matched with nothing, and the third as if it were not there.
    released = judge_shopper(events, SECONDS, {first})
    assert not released[1]
    assert [(f.after, f.because) for f in released[0]] == [(2.0, third)]


def test_what_an_earlier_governance_matched_is_no_longer_there_to_be_returned():
    events = [event(1, time=1, value=5.0, attributes={"returned": 4}),
              event(2, time=2, value=-3.0)]
    assert found(events)[1] == [("return", RETURNED, Action.REPAIRED, 5.0)]


def test_a_purchase_of_nothing_is_no_return():
    assert found([event(1, time=1, value=2.0), event(2, time=2, value=0.0)]) == {}


def test_a_return_of_what_was_never_bought_is_set_aside():
    events = [event(1, product="b", time=1, value=5.0), event(2, time=2, value=-1.0)]
    assert found(events) == {2: [("return", WHOLE_ROW, Action.SET_ASIDE, None)]}


def test_what_is_returned_twice_is_matched_as_far_as_it_was_bought():
    events = [event(1, time=1, value=2.0), event(2, time=2, value=-2.0),
              event(3, time=3, value=-2.0)]
    assert found(events)[2][0][2] is Action.MATCHED
    assert found(events)[3][0][2] is Action.SET_ASIDE
    assert found(events)[1] == [("return", RETURNED, Action.FILLED, 2.0)]


def test_a_machine_clicks_faster_than_a_person():
    fast = [event(i, "view", product=str(i), time=i // 2) for i in range(200)]
    assert {tuple(f[0][:3]) for f in found(fast).values()} == {
        ("machine_traffic", WHOLE_ROW, Action.SET_ASIDE)}
    assert len(found(fast)) == 200
    slow = [event(i, "view", product=str(i), time=30 * i) for i in range(200)]
    assert found(slow) == {}


def test_a_machine_clicks_more_than_a_person():
    day = [event(i, "click", product=str(i), time=80 * i) for i in range(1_000)]
    assert len(found(day, MINUTES)) == 1_000
    assert found(day[1:], MINUTES) == {}


def test_a_machine_takes_no_purchase_and_no_other_day_with_it():
    # 1,000 clicks on the first day; a cart of that day is the machine's, the rest is not.
    day = [event(i, "click", product=str(i), time=80 * i) for i in range(1_000)]
    others = [event(1_000, "cart", time=500), event(1_001, "purchase", time=600),
              event(1_002, "view", time=86_400), event(1_003, "purchase", time=40 * 86_400),
              event(1_004, "view"), event(1_005, time=41 * 86_400, value=-1.0)]
    findings = found(day + others, MINUTES)
    machine = ("machine_traffic", WHOLE_ROW, Action.SET_ASIDE, None)
    assert {place for place, of in findings.items() if machine in of} == set(range(1_001))
    assert findings[1_005] == [("return", WHOLE_ROW, Action.MATCHED, None)]


def test_clicks_that_are_fast_on_one_day_tell_nothing_about_another():
    fast = [event(i, "view", product=str(i), time=i // 2) for i in range(200)]
    later = [event(200 + i, "view", product=str(i), time=86_400 + 30 * i) for i in range(100)]
    assert set(found(fast + later)) == set(range(200))


def test_who_buys_by_the_hundred_is_noted_once():
    facts = ShopFacts(clock_step=60, usual_quantity=100.0)
    events = [event(i, product=str(i), time=60 * i, value=100.0) for i in range(20)]
    assert found(events, facts) == {0: [("wholesale", WHOLE_ROW, Action.NOTED, None)]}


@given(st.lists(st.tuples(
    st.sampled_from("ab"), st.integers(-4, 4), st.integers(0, 5)), max_size=12))
def test_no_more_comes_back_than_was_bought(lines):
    events = [event(i, product=product, time=time, value=float(value))
              for i, (product, value, time) in enumerate(lines)]
    findings = judge_shopper(events, MINUTES)
    for place, row in enumerate(events):
        returned = [f.after for f in findings.get(place, ()) if f.column == RETURNED]
        assert returned == sorted(returned)
        assert max(returned, default=0) <= max(row["value"], 0)
        removed = any(f.action.removes_row for f in findings.get(place, ()))
        assert removed == (row["value"] < 0)
