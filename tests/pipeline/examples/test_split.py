import collections

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipeline.examples.records import Event
from pipeline.examples.split import (
    EventFacts,
    GatherEventFacts,
    choose_cut,
    is_want,
    normalise_query,
    rating_midpoint,
    unit_hash,
)

_HOUR = 3600
_FIRST_HOUR = 400_000  # In 2015.


def test_unit_hash_is_uniform_and_depends_on_every_argument():
    values = [unit_hash(1, "query", str(number)) for number in range(2000)]
    assert all(0 <= value < 1 for value in values)
    assert 0.08 < sum(value < 0.1 for value in values) / 2000 < 0.12
    assert len({unit_hash(1, "a", "x"), unit_hash(2, "a", "x"), unit_hash(1, "b", "x"),
                unit_hash(1, "a", "y")}) == 4


@pytest.mark.parametrize(("query", "expected"), [
    ("  USB  c\tCable ", "usb c cable"),
    ("Straße", "strasse"),
    ("", ""),
])
def test_normalise_query(query, expected):
    assert normalise_query(query) == expected


@given(st.text())
def test_normalise_query_is_idempotent(query):
    assert normalise_query(normalise_query(query)) == normalise_query(query)


def test_cut_leaves_the_fraction_as_nearly_as_hours_allow():
    # 100 events over 50 hours, two an hour: the last five hours hold ten of them.
    hours = collections.Counter({_FIRST_HOUR + hour: 2 for hour in range(50)})
    assert choose_cut(hours, 0, 0.1) == (_FIRST_HOUR + 45) * _HOUR
    assert choose_cut(hours, 0, 0.11) == (_FIRST_HOUR + 45) * _HOUR


def test_cut_never_leaves_nothing_to_train_on():
    hours = collections.Counter({_FIRST_HOUR: 1, _FIRST_HOUR + 30: 99})
    assert choose_cut(hours, 0, 0.1) == (_FIRST_HOUR + 30) * _HOUR


@pytest.mark.parametrize(("hours", "untimed"), [
    ({}, 0),
    ({}, 10),
    ({_FIRST_HOUR: 5, _FIRST_HOUR + 24: 5}, 0),  # A day, not more.
    ({_FIRST_HOUR: 40, _FIRST_HOUR + 48: 40}, 10),  # Eight in nine have a time.
])
def test_no_cut_where_there_is_only_an_order(hours, untimed):
    assert choose_cut(collections.Counter(hours), untimed, 0.1) is None


def test_rating_midpoint_ignores_half_a_percent_of_outliers():
    assert rating_midpoint(collections.Counter({1.0: 10, 3.0: 20, 5.0: 30})) == 3.0
    assert rating_midpoint(collections.Counter({1.0: 500, 5.0: 500, 500.0: 1})) == 3.0
    assert rating_midpoint(collections.Counter({4.0: 7})) == 4.0
    assert rating_midpoint(collections.Counter()) == 0.0


@pytest.mark.parametrize(("event", "value", "wanted"), [
    ("purchase", 1.0, True), ("purchase", -1.0, False), ("purchase", 0.0, False),
    ("purchase", None, True), ("view", None, True), ("impression", None, False),
    ("rating", None, True), ("rating", 3.0, True), ("rating", 2.5, False),
])
def test_is_want(event, value, wanted):
    assert is_want(Event("p", event, 0, value=value), rating_midpoint=3.0) is wanted


def test_facts_of_events_in_several_bundles():
    day = 24 * _HOUR
    start = _FIRST_HOUR * _HOUR
    events = [Event("p", "view", n, time=start + n * day) for n in range(10)]
    events += [Event("p", "rating", 10, value=value) for value in (1.0, 5.0)]
    events += [Event("p", "impression", 20, time=start + 99 * day)]
    # Ten of twelve wishes have a time, too few for a split by time.
    with beam.Pipeline() as p:
        facts = (
            [p | f"Create {n}" >> beam.Create(events[n::3]) for n in range(3)]
            | beam.Flatten() | beam.CombineGlobally(GatherEventFacts(0.1)))
        assert_that(facts, equal_to([EventFacts(12, None, 3.0)]))
    with beam.Pipeline() as p:
        facts = p | beam.Create(events[:10]) | beam.CombineGlobally(GatherEventFacts(0.2))
        assert_that(facts, equal_to([EventFacts(10, start + 8 * day, 0.0)]))
