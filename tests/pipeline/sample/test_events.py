import collections

import numpy as np
import pytest

from pipeline.sample.catalogue import NONE
from pipeline.sample.events import (
    CART,
    CLICK,
    EVENTS,
    IMPRESSION,
    PURCHASE,
    RATING,
    VIEW,
    QueryLog,
    draw_events,
    split_quota,
)
from pipeline.sample.queries import draw_queries
from pipeline.sample.shoppers import draw_shoppers
from pipeline.sample.visits import draw_visits


@pytest.fixture(scope="module")
def shoppers(catalogue):
    return draw_shoppers(catalogue, first=0, count=300, seed=1, block=0)


@pytest.fixture(scope="module")
def visits(shoppers, catalogue):
    return draw_visits(shoppers, np.full(300, 40), catalogue, np.random.default_rng(1))


@pytest.fixture(scope="module")
def log(catalogue):
    return QueryLog(draw_queries(catalogue, seed=2), catalogue)


@pytest.fixture(scope="module")
def events(visits, shoppers, log, catalogue):
    return draw_events(visits, shoppers, log, catalogue, np.random.default_rng(3))


def test_quotas_add_up_and_are_uneven():
    quotas = split_quota(35_000, 1_000, np.random.default_rng(1))
    assert quotas.sum() == 35_000
    assert quotas.min() >= 0
    assert np.sort(quotas)[-100:].sum() > 2.5 * 3_500


def test_there_are_as_many_events_as_the_visits_ask_for(events, visits):
    np.testing.assert_array_equal(
        np.bincount(events.shopper), np.bincount(visits.shopper, visits.rows))
    assert (np.diff(events.time) >= 0).all()
    assert set(events.event) == set(range(len(EVENTS)))


def test_nobody_sees_a_product_before_it_arrives(events, catalogue):
    assert (catalogue.created[events.product] <= events.time).all()


def test_a_visit_goes_from_looking_to_buying(events):
    visit = collections.defaultdict(list)
    for row in range(len(events)):
        if events.event[row] != RATING:
            visit[events.shopper[row], events.visit[row]].append(row)
    bought = 0
    for rows in visit.values():
        kinds = events.event[rows].tolist()
        looks = [k for k in kinds if k in (VIEW, CLICK)]
        assert looks
        assert len(set(looks)) == 1  # clicks after a search, else views
        assert (looks[0] == CLICK) == (events.query[rows[0]] != NONE)
        assert len(set(events.query[rows])) == 1
        # In the order of time: impressions, looks, cart, purchase.
        steps = [{IMPRESSION: 0, VIEW: 1, CLICK: 1, CART: 2, PURCHASE: 3}[k] for k in kinds]
        assert steps == sorted(steps)
        if CART in kinds:
            last_look = events.product[rows][steps.index(2) - 1]
            assert set(events.product[rows][steps.index(2):]) == {last_look}
            bought += PURCHASE in kinds
    assert bought > 100


def test_values_are_quantities_and_stars(events):
    for event in range(len(EVENTS)):
        values = events.value[events.event == event]
        if event == PURCHASE:
            assert values.min() >= 1
        elif event == RATING:
            assert set(values) <= {1, 2, 3, 4, 5}
            assert len(set(values)) >= 4
        else:
            assert np.isnan(values).all()


def test_a_query_is_about_what_is_looked_at(events, log, catalogue):
    clicked = np.flatnonzero(events.event == CLICK)
    right = [
        log.queries[events.query[row]].intent for row in clicked]
    types = [catalogue.kind[row] for row in events.product[clicked]]
    match = [
        intent.target == kind for intent, kind in zip(right, types, strict=True)
        if intent.head.value == "type"]
    assert np.mean(match) > 0.8


def test_validation_queries_are_not_in_the_log(events, log):
    splits = {log.queries[number].split for number in set(events.query) - {NONE}}
    assert splits == {"", "train"}


def test_choices_show_taste(events, shoppers, catalogue):
    """What is bought has the shopper's style far more often than what is on sale."""
    bought = events.event == PURCHASE
    style = catalogue.style[events.product[bought]] == shoppers.style[events.shopper[bought]]
    base = np.mean([
        (catalogue.style == shoppers.style[s]).mean() for s in events.shopper[bought]])
    assert style.mean() > 1.7 * base


def test_few_products_get_most_of_the_attention(events):
    counts = np.sort(np.bincount(events.product, minlength=600))[::-1]
    assert counts[:120].sum() > 0.4 * counts.sum()
    assert (counts < counts.mean() / 3).sum() > 100
