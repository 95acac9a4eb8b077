"""What trains and what validates: by time, or where there is only an order, by shopper.

Real times. When at least nine in ten events carry a time after 1973 and they span more than a
day, one cut in time divides all events: the hour boundary that leaves `validation_fraction` of
them at or after it, as nearly as an hour allows. Training sees nothing at or after the cut. An
event without a time in such a shop is left out, since nobody can say on which side it is.

Only an order. Otherwise each shopper's rows are in order but nobody knows how two shoppers
compare: a hashed share (`histories.ordered_share`: `validation_fraction`, more of a small shop) of
the shoppers who wanted at least three products keep their last new product for validation, and all
others train on all they have.

Queries. A judged query goes where the judgments' `split` says; where no judgment says
"validation", and for queries that only events know, a hash decides. A validation query trains
nothing, wherever it occurs.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import apache_beam as beam

from model.features import EVENT_WEIGHTS
from pipeline.examples.records import Event

EARLIEST_REAL_TIME = 100_000_000
"""Seconds since the epoch (1973); smaller numbers count steps, they are not dates."""

TIMED_SHARE = 0.9
"""Share of events with a real time above which a shop is split by time."""

_HOUR = 3600
_DAY = 24 * _HOUR


def unit_hash(seed: int, purpose: str, text: str) -> float:
    """A number in [0, 1), the same for the same arguments everywhere, uniform over texts."""
    digest = hashlib.blake2b(f"{seed}/{purpose}/{text}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53


def normalise_query(query: str) -> str:
    """The form under which two spellings are one query: case folded, white space collapsed."""
    return " ".join(query.casefold().split())


class EventFacts(NamedTuple):
    """What must be known of all events before any can be used.

    Attributes:
        wants: events of a kind that wishes for a product.
        cut: first second of validation, or None where events have only an order.
        rating_midpoint: a rating below it is no wish.
    """

    wants: int
    cut: int | None
    rating_midpoint: float


def is_want(event: Event, rating_midpoint: float) -> bool:
    """Whether an event says that the shopper wanted the product."""
    if event.event not in EVENT_WEIGHTS:
        return False
    if event.event == "purchase" and event.value is not None and event.value <= 0:
        return False  # A return that governance was told to leave alone.
    return event.event != "rating" or event.value is None or event.value >= rating_midpoint


def has_real_time(event: Event) -> bool:
    """Whether an event's time is a date rather than missing or a step count."""
    return event.time is not None and event.time >= EARLIEST_REAL_TIME


class GatherEventFacts(beam.CombineFn):
    """Combines `Event`s into `EventFacts`; the accumulator counts hours and rating values."""

    def __init__(self, validation_fraction: float) -> None:
        super().__init__()
        self._validation_fraction = validation_fraction

    def create_accumulator(self) -> _Accumulator:
        """Counts of nothing."""
        return collections.Counter(), collections.Counter(), 0

    def add_input(self, mutable_accumulator: _Accumulator, element: Event) -> _Accumulator:
        """Counts an event."""
        hours, ratings, untimed = mutable_accumulator
        if element.event not in EVENT_WEIGHTS:
            return mutable_accumulator
        if element.time is not None and has_real_time(element):
            hours[element.time // _HOUR] += 1
        else:
            untimed += 1
        if element.event == "rating" and element.value is not None:
            # Three digits keep the counter small whatever the scale.
            ratings[float(f"{element.value:.3g}")] += 1
        return hours, ratings, untimed

    def merge_accumulators(self, accumulators: Iterable[_Accumulator]) -> _Accumulator:
        """Adds counts up."""
        hours: collections.Counter[int] = collections.Counter()
        ratings: collections.Counter[float] = collections.Counter()
        untimed = 0
        for more_hours, more_ratings, more_untimed in accumulators:
            hours.update(more_hours)
            ratings.update(more_ratings)
            untimed += more_untimed
        return hours, ratings, untimed

    def extract_output(self, accumulator: _Accumulator) -> EventFacts:
        """The facts that the counts tell."""
        hours, ratings, untimed = accumulator
        return EventFacts(
            wants=sum(hours.values()) + untimed,
            cut=choose_cut(hours, untimed, self._validation_fraction),
            rating_midpoint=rating_midpoint(ratings),
        )


_Accumulator = tuple["collections.Counter[int]", "collections.Counter[float]", int]


def choose_cut(
    hours: collections.Counter[int], untimed: int, validation_fraction: float
) -> int | None:
    """The cut in time.

    Args:
        hours: events with a real time, counted by hours since the epoch.
        untimed: events without one.
        validation_fraction: share of the events that should lie at or after the cut.

    Returns:
        Seconds since the epoch, on the hour; None where events have only an order.
    """
    timed = sum(hours.values())
    if not timed or timed < TIMED_SHARE * (timed + untimed):
        return None
    ordered = sorted(hours)
    if (ordered[-1] - ordered[0]) * _HOUR <= _DAY:
        return None
    best, later = ordered[-1], 0
    least = float("inf")
    for hour in reversed(ordered[1:]):  # A cut at the first hour would leave nothing to train on.
        later += hours[hour]
        distance = abs(later / timed - validation_fraction)
        if distance < least:
            best, least = hour, distance
    return best * _HOUR


def rating_midpoint(ratings: collections.Counter[float]) -> float:
    """The middle of the rating scale, 3 on 1..5; outliers of half a percent do not stretch it."""
    total = sum(ratings.values())
    if not total:
        return 0.0
    ordered = sorted(ratings)
    ends = []
    for values in (ordered, ordered[::-1]):
        passed = 0
        for value in values:
            passed += ratings[value]
            if passed > 0.005 * total:
                ends.append(value)
                break
    return sum(ends) / 2
