import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Examples
from pipeline.examples import histories
from pipeline.examples.histories import QueryPair, read_shopper
from pipeline.examples.records import Event
from pipeline.examples.split import EventFacts, is_want, unit_hash

_DAY = 24 * 3600
_START = 17_000 * _DAY
_CUT = _START + 10 * _DAY
_TIMED = EventFacts(wants=100, cut=_CUT, rating_midpoint=3.0)
_ORDERED = EventFacts(wants=100, cut=None, rating_midpoint=3.0)
_SETTINGS = Examples(validation_fraction=0.4)
_SEED = 7

# Users on either side of the hashed sample.
_VALIDATES = next(u for u in "abcdefghij" if unit_hash(_SEED, "shopper", u) < 0.4)
_TRAINS = next(u for u in "abcdefghij" if unit_hash(_SEED, "shopper", u) >= 0.4)


def _event(product, days, event="purchase", **more):
    return Event(product, event, more.pop("position", 0), time=_START + int(days * _DAY), **more)


def _shopper(events, user=_TRAINS, profile="", facts=_TIMED, settings=_SETTINGS):
    return read_shopper(user, profile, events, facts, settings, _SEED)


def _examples(shopper, settings=_SETTINGS):
    return {d.product_id: d for d in histories.training_drafts(shopper, settings, _SEED)}


def test_history_is_what_was_wanted_strictly_before():
    drafts = _examples(_shopper([
        _event("a", 1), _event("b", 2), _event("c", 2), _event("d", 3)]))
    assert {p: d.history for p, d in drafts.items()} == {
        "b": ("a",), "c": ("a",), "d": ("a", "b", "c")}
    assert drafts["b"].positives == ("a", "b", "c", "d")
    assert drafts["b"].kind == "recommend"
    assert drafts["b"].query == ""


def test_first_target_needs_a_profile():
    assert set(_examples(_shopper([_event("a", 1)]))) == set()
    drafts = _examples(_shopper([_event("a", 1)], profile="likes tea"))
    assert drafts["a"].profile == "likes tea"
    assert drafts["a"].history == ()


def test_a_product_is_a_target_once_with_its_strongest_weight():
    drafts = list(histories.training_drafts(_shopper([
        _event("a", 1), _event("b", 2, "view"), _event("b", 3, "cart"), _event("a", 4),
        _event("c", 5, "click")]), _SETTINGS, _SEED))
    assert [(d.product_id, d.weight, d.history) for d in drafts] == [
        ("b", 0.8, ("a",)),
        ("c", 0.5, ("b", "a")),  # "a" was wanted again after "b".
    ]


def test_what_is_no_wish_is_left_out():
    shopper = _shopper([
        _event("a", 1), _event("b", 2, "impression"), _event("c", 3, "rating", value=2.0),
        _event("d", 4, "rating", value=4.0)])
    assert [want.product_id for want in shopper.wants] == ["a", "d"]


def test_a_history_says_what_was_done_and_how_long_ago():
    drafts = _examples(_shopper([
        _event("a", 1, "purchase"), _event("b", 2, "cart"), _event("a", 3.5, "view"),
        _event("c", 4, "click"), _event("d", 5, "view")]))
    draft = drafts["d"]
    # "a" stands where it was viewed again, and remains bought.
    assert draft.history == ("b", "a", "c")
    assert draft.history_event == ("cart", "purchase", "click")
    assert draft.history_age == (3.0, 1.5, 1.0)
    assert drafts["c"].history_event == ("cart", "purchase")
    assert drafts["c"].history_age == (2.0, 0.5)
    assert drafts["b"].history_age == (1.0,)


def test_of_events_that_weigh_the_same_the_latest_counts():
    drafts = _examples(_shopper([
        _event("a", 1, "purchase"), _event("a", 2, "rating"), _event("b", 3)]))
    assert (drafts["b"].history_event, drafts["b"].history_age) == (("rating",), (1.0,))


def test_the_strongest_event_may_be_older_than_the_history_is_long():
    settings = Examples(history_length=1)
    drafts = _examples(_shopper([
        _event("a", 1, "purchase"), _event("b", 2), _event("a", 3, "view"), _event("c", 4)],
        settings=settings), settings)
    assert (drafts["c"].history, drafts["c"].history_event) == (("a",), ("purchase",))


def test_ages_of_a_context_count_to_the_moment_when_the_shopper_came_back():
    shopper = _shopper([
        _event("a", 1, "view"), _event("b", 9), _event("a", 11), _event("c", 12)])
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    assert context.history_event == ("view", "purchase")  # the purchase of "a" lies beyond the cut
    assert context.history_age == (10.0, 2.0)
    [draft] = histories.context_drafts(context, limit=5)
    assert (draft.history_event, draft.history_age) == (("view", "purchase"), (10.0, 2.0))

    someone_new = _shopper([_event("a", 10.25), _event("b", 11.5)])
    context = histories.validation_context(someone_new, _SETTINGS, _SEED)
    assert (context.history, context.history_age) == (("a",), (1.25,))


def test_what_two_sessions_held_at_once_answers_neither():
    someone_new = _shopper([
        _event("a", 10, session="s"), _event("b", 10, session="t"), _event("b", 11, session="t"),
        _event("c", 11, session="t")])
    context = histories.validation_context(someone_new, _SETTINGS, _SEED)
    assert (context.history, set(context.gains)) == (("a",), {"c"})


def test_an_order_alone_tells_no_age():
    shopper = _shopper(_ordered("abcd"), user=_VALIDATES, facts=_ORDERED)
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    assert context.history_event == ("rating",) * 3
    assert context.history_age == (-1.0,) * 3
    assert _examples(shopper)["c"].history_age == (-1.0, -1.0)


def test_history_and_targets_are_cut_to_the_latest():
    settings = Examples(history_length=2, targets_per_user=3)
    events = [_event(f"p{n}", n) for n in range(8)]
    drafts = _examples(_shopper(events, settings=settings), settings)
    assert {p: d.history for p, d in drafts.items()} == {
        "p5": ("p3", "p4"), "p6": ("p4", "p5"), "p7": ("p5", "p6")}


def test_a_timed_shop_leaves_out_events_without_a_time():
    shopper = _shopper([_event("a", 1), Event("b", "view", 1), Event("c", "view", 2, time=3)])
    assert [want.product_id for want in shopper.wants] == ["a"]


def test_context_of_a_known_shopper_is_what_lies_before_the_cut():
    shopper = _shopper([_event("a", 1), _event("b", 9), _event("a", 11), _event("c", 12)])
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    assert context.history == ("a", "b")
    assert context.gains == {"c": 1.0}
    assert context.slices == ("new_shopper",)
    assert set(_examples(shopper)) == {"b"}
    assert _examples(shopper)["b"].positives == ("a", "b")


def test_shopper_with_three_products_is_known():
    shopper = _shopper([*(_event(p, 1) for p in "abc"), _event("d", 11)])
    assert histories.validation_context(shopper, _SETTINGS, _SEED).slices == ("known_shopper",)


def test_context_of_someone_new_is_the_first_session():
    by_day = _shopper([_event("a", 10.1), _event("b", 10.2), _event("c", 11.5), _event("a", 12)])
    context = histories.validation_context(by_day, _SETTINGS, _SEED)
    assert (context.history, context.gains) == (("a", "b"), {"c": 1.0})

    by_id = _shopper([
        _event("a", 10.1, session="s1"), _event("b", 10.2, session="s2"),
        _event("c", 10.3, session="s1"), _event("d", 10.4, session="s2")])
    context = histories.validation_context(by_id, _SETTINGS, _SEED)
    # "b" came before the first session ended: it answers nothing.
    assert (context.history, context.gains) == (("a", "c"), {"d": 1.0})


def test_one_session_of_someone_new_answers_to_the_profile_alone():
    events = [_event("a", 10.1), _event("b", 10.2)]
    assert histories.validation_context(_shopper(events), _SETTINGS, _SEED) is None
    context = histories.validation_context(
        _shopper(events, profile="likes tea"), _SETTINGS, _SEED)
    assert (context.history, context.profile) == ((), "likes tea")
    assert context.gains == {"a": 1.0, "b": 1.0}


def _ordered(products):
    return [Event(p, "rating", position) for position, p in enumerate(products)]


def test_order_alone_holds_out_the_last_new_product_of_sampled_shoppers():
    shopper = _shopper(_ordered("abcdb"), user=_VALIDATES, facts=_ORDERED)
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    assert (context.history, context.gains) == (("a", "b", "c"), {"d": 1.0})
    assert {p: d.history for p, d in _examples(shopper).items()} == {
        "b": ("a",), "c": ("a", "b")}


def test_order_alone_lets_the_others_train_on_everything():
    for shopper in (_shopper(_ordered("abcd"), user=_TRAINS, facts=_ORDERED),
                    _shopper(_ordered("ab"), user=_VALIDATES, facts=_ORDERED)):
        assert histories.validation_context(shopper, _SETTINGS, _SEED) is None
        assert shopper.boundary == math.inf
    assert set(_examples(shopper)) == {"b"}


def test_step_counts_order_before_row_positions():
    events = [Event("b", "view", 0, time=2), Event("a", "view", 1, time=1),
              Event("c", "view", 2, time=2)]
    shopper = _shopper(events, facts=_ORDERED)
    assert [want.product_id for want in shopper.wants] == ["a", "b", "c"]
    some = [*events, Event("d", "view", -1)]
    shopper = _shopper(some, facts=_ORDERED)
    assert [want.product_id for want in shopper.wants] == ["d", "b", "a", "c"]


def test_query_pairs_follow_a_product_through_its_session():
    shopper = _shopper([
        _event("a", 1, "click", query="Red  Mug", session="s"),
        _event("a", 1.01, "purchase", session="s"),
        _event("b", 1.02, "purchase", session="s"),
        _event("a", 11, "click", query="red mug", session="t")])
    assert list(histories.query_pairs(shopper)) == [
        ("red mug", QueryPair("Red  Mug", "a", 1.0, later=False)),
        ("red mug", QueryPair("red mug", "a", 0.5, later=True))]


def test_trained_wants_are_once_a_session():
    shopper = _shopper([
        _event("a", 1, "view", session="s"), _event("a", 1.1, "cart", session="s"),
        _event("a", 11, "view", session="t"), _event("b", 12, session="t")])
    assert list(histories.trained_wants(shopper)) == ["a"]


def test_positives_are_limited_and_hold_the_target():
    shopper = _shopper([_event(f"p{n:04}", n / 1_000) for n in range(1_500)])
    drafts = _examples(shopper)
    assert len(drafts) == 20
    for product_id, draft in drafts.items():
        assert len(set(draft.positives)) == len(draft.positives) == 1_000
        assert product_id in draft.positives
    assert drafts == _examples(shopper)


def test_eval_examples_carry_every_positive_of_their_context():
    shopper = _shopper([_event("a", 1), *(_event(p, 11) for p in "bcd")])
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    drafts = list(histories.context_drafts(context, limit=2))
    assert [(d.split, d.product_id, d.positives, d.history) for d in drafts] == [
        ("eval", "b", ("b", "c", "d"), ("a",)), ("eval", "c", ("b", "c", "d"), ("a",))]


_EVENTS = st.lists(
    st.builds(
        Event,
        product_id=st.sampled_from("abcdefg"),
        event=st.sampled_from(["impression", "view", "click", "cart", "purchase", "rating"]),
        position=st.integers(0, 1000),
        time=st.one_of(st.none(), st.integers(_START, _START + 20 * _DAY),
                       st.sampled_from([0, 5, _START, _CUT - 1, _CUT, _CUT + _DAY])),
        query=st.sampled_from(["", "mug", "Red mug"]),
        value=st.one_of(st.none(), st.floats(1, 5)),
        session=st.sampled_from(["", "s", "t"])),
    max_size=30, unique_by=lambda event: event.position)


def _order(facts, events):
    """The moment of each wish, by the rules of the split's docstring, written differently."""
    wishes = [e for e in events if is_want(e, facts.rating_midpoint)]
    if facts.cut is not None:
        return [(e.time, e) for e in wishes if e.time is not None and e.time >= 1e8]
    steps = all(e.time is not None for e in wishes)
    return [(((e.time, e.position) if steps else e.position), e) for e in wishes]


@pytest.mark.parametrize("facts", [_TIMED, _ORDERED])
@given(events=_EVENTS, user=st.sampled_from([_VALIDATES, _TRAINS]),
       profile=st.sampled_from(["", "likes tea"]))
def test_nothing_leaks(facts, events, user, profile):
    shopper = _shopper(events, user=user, profile=profile, facts=facts)
    moments = {}
    for moment, event in _order(facts, events):
        moments.setdefault(event.product_id, []).append(moment)
    context = histories.validation_context(shopper, _SETTINGS, _SEED)
    answered = set(context.gains) if context else set()
    shown = set()
    for draft in histories.training_drafts(shopper, _SETTINGS, _SEED):
        first = min(moments[draft.product_id])
        for product_id in draft.history:
            assert min(moments[product_id]) < first
        assert draft.product_id not in draft.history
        assert draft.product_id in draft.positives
        assert draft.history or draft.profile
        assert len(draft.history) == len(draft.history_event) == len(draft.history_age)
        if facts.cut is not None:
            assert list(draft.history_age) == [
                round((first - max(m for m in moments[p] if m < first)) / _DAY, 4)
                for p in draft.history]
        assert 0 < draft.weight <= 1
        shown.update(draft.history, draft.positives)
    if facts.cut is not None:
        assert all(min(moments[p]) < facts.cut for p in shown)
    for later in answered:
        assert later not in shown
        assert later not in context.history
        assert all(min(moments[p]) < min(moments[later]) for p in context.history)
        if facts.cut is not None:
            assert min(moments[later]) >= facts.cut
    trained = [pair.product_id for _, pair in histories.query_pairs(shopper) if not pair.later]
    assert not answered & set(trained)
    assert not answered & set(histories.trained_wants(shopper))
