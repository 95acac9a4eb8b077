"""What shoppers do on a visit: search or browse, look, put in the cart, buy, rate."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Sequence

import numpy as np

from pipeline.sample.catalogue import DAY, NONE, Catalogue, Floats, Ints
from pipeline.sample.intents import grades, perfect
from pipeline.sample.queries import Query
from pipeline.sample.shoppers import Shoppers
from pipeline.sample.visits import LONGEST, Visits

EVENTS = ("impression", "view", "click", "cart", "purchase", "rating")
IMPRESSION, VIEW, CLICK, CART, PURCHASE, RATING = range(len(EVENTS))

_SEARCHES = 0.55  # share of visits that begin with a query
# What weighs how much when a shopper chooses among products; the noise is Gumbel's, of scale 1.
_BRAND, _STYLE, _TIER, _COLOUR, _APPEAL, _GRADE = 1.7, 1.5, -1.0, 0.8, 1.0, 1.1
_KIND = 4.0  # how much the type that the visit is about is preferred to its neighbours
_SHELF = 40  # products; a shorter shelf would show the same few again and again
_DEPTHS = (0.6, 0.12, 0.16, 0.12)  # shares of visits that end in looking, cart, purchase, rating


@dataclasses.dataclass(frozen=True)
class Events:
    """Columns `[events]`, in the order of time."""

    shopper: Ints
    product: Ints
    event: Ints
    """Position in `EVENTS`."""
    time: Ints
    query: Ints
    """Number of the query that led here, or `NONE`."""
    value: Floats
    """Quantity bought or rating given, else NaN."""
    visit: Ints
    """Number of the shopper's visit, or `NONE` for what happens later."""

    def __len__(self) -> int:
        return len(self.shopper)


class QueryLog:
    """The queries that shoppers type, found by the product type that they are about."""

    def __init__(self, queries: Sequence[Query], catalogue: Catalogue) -> None:
        self.queries = queries
        self._catalogue = catalogue
        self._wanted = {
            name: np.array([getattr(query.intent, name) for query in queries])
            for name in ("style", "tier", "colour", "brand")}
        by_kind: dict[int, list[int]] = collections.defaultdict(list)
        for number, query in enumerate(queries):
            if query.split == "validation":
                continue  # kept for the judges
            for kind in set(catalogue.kind[perfect(query.intent, catalogue)].tolist()):
                by_kind[kind].append(number)
        self._of_kind = {kind: np.array(numbers) for kind, numbers in by_kind.items()}

    def choose(
            self, shoppers: Shoppers, who: Ints, kind: int, rng: np.random.Generator) -> Ints:
        """A query about type `kind` for each of `who`, or `NONE`: of three, what fits them best."""
        numbers = self._of_kind.get(kind)
        if numbers is None:
            return np.full(len(who), NONE)
        frequent = (len(numbers) * rng.random((len(who), 3)) ** 1.8).astype(np.int64)
        drawn = numbers[frequent]
        liking = rng.random(drawn.shape)
        for name in ("style", "tier", "colour"):
            asked, own = self._wanted[name][drawn], getattr(shoppers, name)[who][:, None]
            liking += np.where(asked == NONE, 0, np.where(asked == own, 1, -1))
        asked = self._wanted["brand"][drawn]
        liking += np.where(asked == NONE, 0, 2 * shoppers.brands[who[:, None], asked] - 1)
        return drawn[np.arange(len(who)), liking.argmax(axis=1)]


def draw_events(
        visits: Visits, shoppers: Shoppers, log: QueryLog, catalogue: Catalogue,
        rng: np.random.Generator) -> Events:
    """Draws what happens on each visit; the rows of a visit are as many as `visits.rows`."""
    query = _choose_queries(visits, shoppers, log, rng)
    ranked, fit = _rank_products(visits, query, shoppers, log, catalogue, rng)
    return _unroll(visits, query, ranked, fit, rng)


def affinity(shoppers: Shoppers, who: Ints, catalogue: Catalogue, products: Ints) -> Floats:
    """How much each of `who` takes to each of `products` before chance: `[who, products]`."""
    return (
        _BRAND * shoppers.brands[who][:, catalogue.brand[products]]
        + _STYLE * (shoppers.style[who][:, None] == catalogue.style[products])
        + _TIER * np.abs(shoppers.tier[who][:, None] - catalogue.tier[products])
        + _COLOUR * (shoppers.colour[who][:, None] == catalogue.colour_kind[products])
        + _APPEAL * catalogue.appeal[products])


def _choose_queries(
        visits: Visits, shoppers: Shoppers, log: QueryLog, rng: np.random.Generator) -> Ints:
    query = np.full(len(visits), NONE)
    searches = rng.random(len(visits)) < _SEARCHES
    for kind in np.unique(visits.kind[searches]).tolist():
        now = np.flatnonzero(searches & (visits.kind == kind))
        query[now] = log.choose(shoppers, visits.shopper[now], kind, rng)
    return query


def _rank_products(
        visits: Visits, query: Ints, shoppers: Shoppers, log: QueryLog, catalogue: Catalogue,
        rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Ranks what each visit may see, by preference and chance.

    Returns:
        Products `[visits, LONGEST]`, and how well the first of them fits the shopper, `[visits]`,
        against the average product on the shelf.
    """
    ranked = np.zeros((len(visits), LONGEST), dtype=np.int64)
    fit = np.zeros(len(visits))
    order = np.lexsort((query, visits.kind))
    changes = np.diff(visits.kind[order]) | np.diff(query[order])
    for now in np.split(order, np.flatnonzero(changes) + 1):
        if not len(now):
            continue
        kind = int(visits.kind[now[0]])
        products = _shelf(catalogue, kind)
        liking = affinity(shoppers, visits.shopper[now], catalogue, products)
        liking += _KIND * (catalogue.kind[products] == kind)
        if query[now[0]] != NONE:
            intent = log.queries[query[now[0]]].intent
            liking = liking + _GRADE * grades(intent, catalogue, products)
        arrived = catalogue.created[products] <= visits.time[now][:, None]
        noisy = np.where(arrived, liking + rng.gumbel(size=liking.shape), -np.inf)
        best = np.argsort(-noisy, axis=1, kind="stable")[:, :LONGEST]
        places = np.arange(LONGEST) % np.minimum(arrived.sum(axis=1), LONGEST)[:, None]
        ranked[now] = products[np.take_along_axis(best, places, axis=1)]
        fit[now] = np.take_along_axis(liking, best[:, :1], axis=1)[:, 0] - liking.mean(axis=1)
    return ranked, fit


def _shelf(catalogue: Catalogue, kind: int) -> Ints:
    """Products that a visit about a type may see: few of a type stand beside their neighbours."""
    products = catalogue.of_type[kind]
    if len(products) >= _SHELF:
        return products
    family = catalogue.vocabulary.type_family
    return np.concatenate([
        catalogue.of_type[other] for other in np.flatnonzero(family == family[kind])])


def _unroll(
        visits: Visits, query: Ints, ranked: Ints, fit: Floats,
        rng: np.random.Generator) -> Events:
    """One row an event: what was shown, what was looked at (the favourite last), what followed."""
    tail = np.minimum(rng.choice(4, len(visits), p=_DEPTHS), visits.rows - 1)
    seen = visits.rows - tail
    shown = (seen * rng.uniform(0, 0.6, len(visits))).astype(np.int64)
    owner = np.repeat(np.arange(len(visits)), visits.rows)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(visits.rows) - visits.rows, visits.rows)
    after = place - seen[owner]  # 0 cart, 1 purchase, 2 rating; below 0 what came before
    look = place - shown[owner]
    searched = query[owner] != NONE
    event = np.select(
        [after >= 0, look >= 0], [CART + after, np.where(searched, CLICK, VIEW)], IMPRESSION)
    # Ranks count down within what is only shown, and again within what is looked at.
    rank = np.select(
        [after >= 0, look >= 0], [0, (seen - shown)[owner] - 1 - look], seen[owner] - 1 - place)
    rating = event == RATING
    time = visits.time[owner] + np.where(
        rating, rng.integers(2 * DAY, 12 * DAY, len(owner)),
        np.maximum(look, -1) * 40 + 40 + rng.integers(0, 30, len(owner)))
    stars = np.clip(np.round(2.2 + 0.6 * fit[owner] + rng.normal(0, 0.7, len(owner))), 1, 5)
    quantity = 1 + rng.poisson(0.15, len(owner))
    order = np.argsort(time, kind="stable")
    events = Events(
        shopper=visits.shopper[owner], product=ranked[owner, rank], event=event, time=time,
        query=np.where(searched & ~rating, query[owner], NONE),
        value=np.select([rating, event == PURCHASE], [stars, quantity], np.nan),
        visit=np.where(rating, NONE, visits.number[owner]))
    return Events(**{
        field.name: getattr(events, field.name)[order] for field in dataclasses.fields(events)})


def split_quota(total: int, shoppers: int, rng: np.random.Generator) -> Ints:
    """Shares `total` rows among shoppers, `[shoppers]`: few are very active, most are not."""
    weight = np.clip(rng.lognormal(0.0, 0.9, shoppers), 0.15, 12.0)
    edges = np.round(np.cumsum(weight) / weight.sum() * total)
    return np.diff(edges.astype(np.int64), prepend=0)
