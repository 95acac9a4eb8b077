"""Rows of the tables that follow from the latent shop: events, judgments, facts."""

from __future__ import annotations

import collections
import random
from collections.abc import Iterator

import numpy as np

from pipeline.sample.catalogue import NONE, Catalogue
from pipeline.sample.events import EVENTS, RATING, Events, QueryLog
from pipeline.sample.queries import Query, judged_products
from pipeline.sample.randomness import stream, word_stream
from pipeline.sample.shoppers import Shoppers
from pipeline.sample.wording import Row, fill

_REVIEWS = 0.5  # share of ratings that come with a review
_KNOWN = 3  # one in so many synonyms and house styles is in the knowledge graph


def event_rows(
        events: Events, shoppers: Shoppers, log: QueryLog, catalogue: Catalogue,
        rng: random.Random) -> list[Row]:
    """The rows of the events table, in the order of `events`."""
    stamps = np.datetime_as_string(events.time.astype("datetime64[s]"))
    columns = (
        events.shopper.tolist(), events.product.tolist(), events.event.tolist(),
        events.query.tolist(), events.value.tolist(), events.visit.tolist())
    rows: list[Row] = []
    for stamp, shopper, product, event, query, value, visit in zip(stamps, *columns, strict=True):
        user_id = shoppers.user_id(shopper)
        reviewed = event == RATING and rng.random() < _REVIEWS
        rows.append({
            "user_id": user_id,
            "product_id": catalogue.product_id(product),
            "event": EVENTS[event],
            "timestamp": f"{stamp}Z",
            "query": None if query == NONE else log.queries[query].text,
            "value": None if value != value else int(value),
            "session_id": None if visit == NONE else f"{user_id}-{visit + 1}",
            "review": _review(catalogue, product, value, rng) if reviewed else None,
        })
    return rows


def _review(catalogue: Catalogue, product: int, stars: float, rng: random.Random) -> str:
    kind = catalogue.vocabulary.types[catalogue.kind[product]]
    tone = 0 if stars <= 2 else 1 if stars == 3 else 2
    pattern = rng.choice(catalogue.vocabulary.phrases.reviews[tone])
    return fill(pattern, {"noun": kind.names[0], "feature": rng.choice(kind.features)})


def judgment_rows(queries: list[Query], catalogue: Catalogue, seed: int) -> Iterator[list[Row]]:
    """The rows of the judgments table, query by query."""
    rng = stream(seed, "judgments")
    for query in queries:
        if not query.split:
            continue
        products, grade = judged_products(query, catalogue, rng)
        yield [
            {"query": query.text, "product_id": catalogue.product_id(product), "grade": value,
             "split": query.split}
            for product, value in zip(products.tolist(), grade.tolist(), strict=True)]


def fact_rows(catalogue: Catalogue, seed: int) -> Iterator[list[Row]]:
    """The rows of the facts table: first about words, then product by product."""
    words = catalogue.vocabulary
    rng = word_stream(seed, "facts")
    for number in catalogue.types.tolist():
        kind = words.types[number]
        name, family = kind.names[0], words.families[kind.family]
        yield [
            _fact(name, "is_a", family.name),
            *(_fact(name, "also_called", said)
              for said in kind.said if rng.randrange(_KNOWN) == 0),
            *(_fact(name, "used_with", words.types[other].names[0]) for other in kind.goes_with)]
    yield [_fact(family.name, "part_of", words.departments[family.department].name)
           for family in words.families]
    yield [_fact(brand, "known_for", words.styles[catalogue.brand_style[number]].said[0])
           for number, brand in enumerate(words.brands) if rng.randrange(_KNOWN) == 0]
    made: dict[tuple[int, int], list[int]] = collections.defaultdict(list)
    pairs = list(zip(catalogue.kind.tolist(), catalogue.brand.tolist(), strict=True))
    for product, pair in enumerate(pairs):
        made[pair].append(product)
    for product, (number, brand) in enumerate(pairs):
        kind = words.types[number]
        mates = [mate for other in kind.goes_with for mate in made.get((other, brand), ())[:2]]
        yield [
            _fact(catalogue.product_id(product), "instance_of", kind.names[0]),
            _fact(catalogue.product_id(product), "made_by", words.brands[brand]),
            *(_fact(catalogue.product_id(product), "matches", catalogue.product_id(mate))
              for mate in mates)]


def _fact(head: str, relation: str, tail: str) -> Row:
    return {"head": head, "relation": relation, "tail": tail}
