import random

import numpy as np
import pytest

from pipeline.sample.shoppers import FAVOURITES, draw_shoppers, user_row


@pytest.fixture(scope="module")
def shoppers(catalogue):
    return draw_shoppers(catalogue, first=40, count=300, seed=1, block=2)


def test_taste_is_a_distribution_over_what_is_on_sale(shoppers, catalogue, vocabulary):
    np.testing.assert_allclose(shoppers.taste.sum(axis=1), 1.0)
    absent = np.setdiff1d(np.arange(len(vocabulary.types)), catalogue.types)
    assert shoppers.taste[:, absent].max() == 0


def test_most_interest_is_in_the_favourite_departments(shoppers, vocabulary):
    own = vocabulary.type_department[None, :] == shoppers.departments[:, :1]
    assert 0.55 < (shoppers.taste * own).sum(axis=1).mean() < 0.7
    assert shoppers.departments.shape == (300, FAVOURITES)


def test_ids_go_on_where_the_block_before_ends(shoppers, catalogue):
    before = draw_shoppers(catalogue, first=0, count=40, seed=1, block=1)
    ids = [before.user_id(n) for n in range(40)] + [shoppers.user_id(n) for n in range(300)]
    assert len(set(ids)) == 340
    assert ids == sorted(ids)


def test_profiles_tell_of_the_taste_in_free_words(shoppers, catalogue, vocabulary):
    rng = random.Random(1)
    rows = [user_row(shoppers, index, catalogue, rng) for index in range(300)]
    told = 0
    for index, row in enumerate(rows):
        if row["profile"] is None:
            continue
        told += 1
        department = vocabulary.departments[shoppers.departments[index, 0]]
        assert any(phrase in row["profile"] for phrase in department.profile)
        for number, style in enumerate(vocabulary.styles):
            if any(phrase in row["profile"] for phrase in style.profile):
                assert number == shoppers.style[index]
    assert 0.7 < told / 300 < 0.9
