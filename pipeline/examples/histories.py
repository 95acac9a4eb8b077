"""One shopper's events -> training examples, validation contexts, query pairs, popularity.

A want is an event that wishes for a product. A target is the first want of a product by a shopper
(training on what she already had would teach to recommend it again, and answers leave out the
history), weighted by her strongest want of it. Its history is what she wanted strictly before:
wants of the same second are one basket, and a basket never explains itself. Where events have only
an order, each row has a place of its own.

A product of a history stands where its latest want puts it, and that want gives its age: what was
looked at again is of today. Its event is the strongest, since a purchase stays one when the product
is looked at afterwards. Ages count to the moment at which somebody would have asked: the target's,
or in validation the first want beyond the boundary, which is when the shopper came back.

Everything that a training example shows, positives
included, lies before the shopper's boundary: the cut in time, or her answer that is held out.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from model.features import EVENT_WEIGHTS, UNKNOWN_AGE
from pipeline.config import Examples
from pipeline.examples.records import EVAL, RECOMMEND, TRAIN, Context, Draft, Event
from pipeline.examples.split import (
    EventFacts,
    has_real_time,
    is_want,
    normalise_query,
    unit_hash,
)

MAX_POSITIVES = 1_000
"""Known positives that an example carries for masking. Contexts have every product that one of them
mentions for a negative, or a sample of these, and queries are mined for: what is left out here is
taken for one there."""

MIN_ORDERED_PRODUCTS = 3
"""Products that a shopper must have wanted before one of them is held out by order."""

MOST_ORDERED_SHARE = 0.25
"""Share of shoppers who validate by order, at the most."""

_WANTS_PER_CONTEXT = 10

NEW_SHOPPER_EVENTS = 3
"""A shopper with fewer products in the history is new."""

_DAY = 24 * 3600


class Want(NamedTuple):
    """A wish for a product; equal `rank` means at the same time."""

    rank: int
    product_id: str
    weight: float
    session: str
    query: str
    event: str = ""


class History(NamedTuple):
    """Distinct products, oldest first, with what was done and how long ago; see `Draft`."""

    products: tuple[str, ...]
    events: tuple[str, ...]
    ages: tuple[float, ...]


class QueryPair(NamedTuple):
    """A product wanted after a query; `later` pairs lie beyond the boundary and never train."""

    query: str
    product_id: str
    weight: float
    later: bool


class Shopper(NamedTuple):
    """A shopper's wants in order; those with `rank < boundary` may train.

    A rank is a time in seconds where the shop is `timed`, else a place.
    """

    user_id: str
    profile: str
    wants: tuple[Want, ...]
    boundary: float
    timed: bool = False

    def training(self) -> tuple[Want, ...]:
        """Wants before the boundary, oldest first."""
        return self.wants[: self._split()]

    def held_out(self) -> tuple[Want, ...]:
        """Wants at or after the boundary, oldest first."""
        return self.wants[self._split():]

    def _split(self) -> int:
        return bisect.bisect_left(self.wants, self.boundary, key=lambda want: want.rank)


def read_shopper(
    user_id: str,
    profile: str,
    events: Iterable[Event],
    facts: EventFacts,
    settings: Examples,
    seed: int,
) -> Shopper:
    """Orders a shopper's events and sets the boundary between training and validation."""
    events = [event for event in events if is_want(event, facts.rating_midpoint)]
    if facts.cut is not None:
        wants = _wants_by_time(events)
        return Shopper(user_id, profile, wants, facts.cut, timed=True)
    wants = _wants_by_order(events)
    boundary = math.inf
    if unit_hash(seed, "shopper", user_id) < ordered_share(facts.wants, settings):
        firsts = _first_wants(wants)
        if len(firsts) >= MIN_ORDERED_PRODUCTS:
            boundary = firsts[-1].rank
    return Shopper(user_id, profile, wants, boundary)


def ordered_share(wants: int, settings: Examples) -> float:
    """Share of the shoppers whose last product validates, where events have only an order.

    More of a small shop: a few hundred contexts would not tell what each arm is worth, and what
    they cost is one event of each.
    """
    return min(MOST_ORDERED_SHARE, max(
        settings.validation_fraction, _WANTS_PER_CONTEXT * settings.max_contexts / max(wants, 1)))


def training_drafts(shopper: Shopper, settings: Examples, seed: int) -> Iterator[Draft]:
    """Training examples of the shopper's latest first wants, oldest first."""
    wants = shopper.training()
    strongest: dict[str, float] = {}
    for want in wants:
        strongest[want.product_id] = max(want.weight, strongest.get(want.product_id, 0.0))
    positives = choose_positives(strongest, shopper.user_id, seed)
    for target in _first_wants(wants)[-settings.targets_per_user:]:
        history = history_before(
            wants, target.rank, settings.history_length, target.rank if shopper.timed else None)
        if history.products or shopper.profile:
            yield Draft(
                split=TRAIN,
                kind=RECOMMEND,
                product_id=target.product_id,
                positives=with_target(positives, target.product_id),
                weight=strongest[target.product_id],
                profile=shopper.profile,
                history=history.products,
                history_event=history.events,
                history_age=history.ages,
            )


def validation_context(shopper: Shopper, settings: Examples, seed: int) -> Context | None:
    """The shopper's context at the boundary, with the new products wanted after it.

    Someone who comes after the cut has no earlier history: the first session is the context and
    what follows it the answer, or with a profile and one session only, the profile and the session.

    Returns:
        A context of kind "recommend", or None where there is no context or no answer.
    """
    known, later = shopper.training(), shopper.held_out()
    if later and not known:
        session = [want for want in later if want.session == later[0].session]
        end = session[-1].rank
        # What another session held at that time was no answer to this one.
        sooner = {want.product_id for want in later if want.rank <= end}
        following = [
            want for want in later if want.rank > end and want.product_id not in sooner]
        if following or not shopper.profile:
            known, later = tuple(session), tuple(following)
    seen = {want.product_id for want in known}
    answers = dict.fromkeys(want.product_id for want in later if want.product_id not in seen)
    if not answers or not (seen or shopper.profile):
        return None
    history = history_before(
        known, math.inf, settings.history_length, later[0].rank if shopper.timed else None)
    return Context(
        kind=RECOMMEND,
        source=RECOMMEND,
        order=unit_hash(seed, "context", shopper.user_id),
        gains=dict.fromkeys(answers, 1.0),
        positives=tuple((product_id, 1.0) for product_id in answers),
        slices=("new_shopper" if len(seen) < NEW_SHOPPER_EVENTS else "known_shopper",),
        profile=shopper.profile,
        history=history.products,
        history_event=history.events,
        history_age=history.ages,
    )


def query_pairs(shopper: Shopper) -> Iterator[tuple[str, QueryPair]]:
    """Products wanted after a query, keyed by the normalised query.

    A want without a query takes those of the same product and session: a search leads to a click,
    and the purchase that follows seldom repeats the words. Each pair has its strongest weight.
    """
    for later, wants in ((False, shopper.training()), (True, shopper.held_out())):
        visits: dict[tuple[str, str], tuple[dict[str, str], float]] = {}
        for want in wants:
            queries, weight = visits.get((want.session, want.product_id), ({}, 0.0))
            if want.query:
                queries.setdefault(normalise_query(want.query), want.query)
            visits[want.session, want.product_id] = queries, max(weight, want.weight)
        for (_, product_id), (queries, weight) in visits.items():
            for normalised, query in queries.items():
                yield normalised, QueryPair(query, product_id, weight, later)


def trained_wants(shopper: Shopper) -> Iterator[str]:
    """Popularity: products wanted before the boundary, once a shopper and session."""
    for product_id, _ in sorted({(want.product_id, want.session) for want in shopper.training()}):
        yield product_id


def context_drafts(context: Context, limit: int) -> Iterator[Draft]:
    """Examples of the eval split: one for each positive of the context, at most `limit`."""
    positives = tuple(product_id for product_id, _ in context.positives[:MAX_POSITIVES])
    for product_id, weight in context.positives[:limit]:
        yield Draft(
            split=EVAL,
            kind=context.source,
            product_id=product_id,
            positives=positives,
            weight=weight,
            query=context.query,
            profile=context.profile,
            history=context.history,
            history_event=context.history_event,
            history_age=context.history_age,
        )


def history_before(
    wants: Sequence[Want], rank: float, length: int, now: int | None,
) -> History:
    """Distinct products wanted before `rank`, by their latest want, oldest first.

    Args:
        wants: in order.
        rank: of the first want that is left out.
        length: products, at the most; the latest stay.
        now: second to which ages count; None leaves them unknown.
    """
    end = bisect.bisect_left(wants, rank, key=lambda want: want.rank)
    latest: dict[str, Want] = {}
    strongest: dict[str, Want] = {}
    for index in range(end - 1, -1, -1):
        want = wants[index]
        if want.product_id not in latest:
            if len(latest) == length:
                continue  # Older wants may still be the strongest of what is kept.
            latest[want.product_id] = strongest[want.product_id] = want
        elif want.weight > strongest[want.product_id].weight:
            strongest[want.product_id] = want
    products = tuple(reversed(latest))
    return History(
        products, tuple(strongest[product].event for product in products),
        tuple(UNKNOWN_AGE if now is None else _days(latest[product].rank, now)
              for product in products))


def choose_positives(products: Iterable[str], owner: str, seed: int) -> tuple[str, ...]:
    """At most `MAX_POSITIVES` of the products, chosen by a hash that differs between owners."""
    chosen = sorted(products)
    if len(chosen) > MAX_POSITIVES:
        chosen.sort(key=lambda product_id: unit_hash(seed, f"positive of {owner}", product_id))
    return tuple(chosen[:MAX_POSITIVES])


def with_target(positives: tuple[str, ...], target: str) -> tuple[str, ...]:
    """The positives with the target surely among them."""
    if target in positives:
        return positives
    return (*positives[: MAX_POSITIVES - 1], target)


def _wants_by_time(events: list[Event]) -> tuple[Want, ...]:
    timed = sorted(
        ((event.time, event) for event in events
         if event.time is not None and has_real_time(event)),
        key=lambda pair: (pair[0], pair[1].position))
    return tuple(
        _want(event, rank=time, session=event.session or f"day {time // _DAY}")
        for time, event in timed)


def _wants_by_order(events: list[Event]) -> tuple[Want, ...]:
    if all(event.time is not None for event in events):
        events = sorted(events, key=lambda event: (event.time or 0, event.position))
    else:
        events = sorted(events, key=lambda event: event.position)
    return tuple(
        _want(event, rank=rank, session=event.session or f"row {rank}")
        for rank, event in enumerate(events))


def _want(event: Event, rank: int, session: str) -> Want:
    return Want(
        rank, event.product_id, EVENT_WEIGHTS[event.event], session, event.query, event.event)


def _days(since: int, now: int) -> float:
    """Days between two seconds, to four places: nine seconds are exact enough, short in JSON."""
    return round((now - since) / _DAY, 4)


def _first_wants(wants: Iterable[Want]) -> list[Want]:
    firsts: dict[str, Want] = {}
    for want in wants:
        firsts.setdefault(want.product_id, want)
    return list(firsts.values())
