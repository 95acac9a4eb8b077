import dataclasses

import numpy as np
import pytest

from pipeline.sample.catalogue import YEAR_END, YEAR_START
from pipeline.sample.shoppers import draw_shoppers
from pipeline.sample.visits import LONGEST, draw_visits, pick_columns


@pytest.fixture(scope="module")
def shoppers(catalogue):
    return draw_shoppers(catalogue, first=0, count=400, seed=1, block=0)


@pytest.fixture(scope="module")
def visits(shoppers, catalogue):
    return draw_visits(shoppers, np.arange(400) % 90, catalogue, np.random.default_rng(1))


def test_columns_are_picked_in_proportion():
    weights = np.tile([1.0, 0.0, 3.0], (4000, 1))
    counts = np.bincount(pick_columns(weights, np.random.default_rng(0)), minlength=3)
    assert counts[1] == 0
    assert abs(counts[2] / 4000 - 0.75) < 0.03


def test_visits_use_up_every_quota(visits):
    spent = np.bincount(visits.shopper, visits.rows, minlength=400)
    np.testing.assert_array_equal(spent, np.arange(400) % 90)
    assert visits.rows.min() >= 1
    assert visits.rows.max() <= LONGEST


def test_visits_of_a_shopper_are_numbered_in_the_order_of_time(visits, shoppers):
    same = np.diff(visits.shopper) == 0
    assert (np.diff(visits.time)[same] >= 0).all()
    assert (np.diff(visits.number)[same] == 1).all()
    assert (visits.number[1:][~same] == 0).all()
    assert (visits.time >= shoppers.joined[visits.shopper]).all()
    assert visits.time.min() >= YEAR_START
    assert visits.time.max() < YEAR_END


def test_shoppers_without_events_are_no_trouble(shoppers, catalogue):
    visits = draw_visits(
        shoppers, np.zeros(400, dtype=int), catalogue, np.random.default_rng(1))
    assert len(visits) == 0


def test_what_goes_together_is_visited_in_turn(visits, catalogue, vocabulary):
    """40% or so of second visits follow from the first, where something on sale does."""
    second = np.flatnonzero(visits.number == 1)
    follows = []
    for before, now in zip(visits.kind[second - 1], visits.kind[second], strict=True):
        mates = set(vocabulary.types[before].goes_with) & set(catalogue.types)
        if mates:
            follows.append(now in mates)
    assert len(follows) > 100
    assert 0.35 < np.mean(follows) < 0.65


def test_garden_things_are_visited_in_spring(shoppers, catalogue, vocabulary):
    visits = draw_visits(
        dataclasses.replace(shoppers, joined=np.full(400, YEAR_START)), np.full(400, 60),
        catalogue, np.random.default_rng(2))
    garden = next(
        n for n, d in enumerate(vocabulary.departments) if d.name.startswith(("Garden", "园艺")))
    month = (visits.time - YEAR_START) // (31 * 86_400)
    share = [
        (vocabulary.type_department[visits.kind[month == m]] == garden).mean() for m in range(12)]
    assert np.mean(share[3:6]) > 1.5 * np.mean([share[0], share[10], share[11]])
