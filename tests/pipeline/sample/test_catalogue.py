import dataclasses

import numpy as np

from pipeline.sample.catalogue import NONE, YEAR_END, YEAR_START, draw_catalogue


def test_the_seed_decides(vocabulary):
    one, same, other = (draw_catalogue(vocabulary, 200, seed) for seed in (1, 1, 2))
    columns = [f.name for f in dataclasses.fields(one) if f.name != "vocabulary"]
    assert all(np.array_equal(getattr(one, c), getattr(same, c)) for c in columns)
    assert not np.array_equal(one.kind, other.kind)


def test_products_have_what_their_type_and_department_offer(catalogue, vocabulary):
    for index in range(len(catalogue)):
        kind = vocabulary.types[catalogue.kind[index]]
        department = vocabulary.departments[kind.department]
        assert catalogue.brand[index] in department.brands
        assert catalogue.use[index] in kind.uses
        assert catalogue.material[index] in (kind.materials or (NONE,))
        assert catalogue.colour[index] in (department.colours or (NONE,))
        assert catalogue.size[index] in (range(len(kind.sizes)) if kind.sizes else (NONE,))
        assert kind.price[0] * 0.9 <= catalogue.price[index] <= kind.price[1] * 1.1


def test_everyday_kinds_follow_from_the_catalogues_words(catalogue, vocabulary):
    for column, kinds, shades in (
            (catalogue.colour, catalogue.colour_kind, vocabulary.colours),
            (catalogue.material, catalogue.material_kind, vocabulary.materials)):
        expected = [NONE if v == NONE else shades[v].kind for v in column]
        np.testing.assert_array_equal(kinds, expected)


def test_small_catalogues_have_fewer_types_in_every_department(vocabulary):
    catalogue = draw_catalogue(vocabulary, 120, seed=1)
    # Ten products a type: 12 types, one of each of the 12 departments.
    assert len(catalogue.types) == 12
    assert len(set(vocabulary.type_department[catalogue.types])) == 12
    assert [len(rows) for rows in catalogue.of_type] == np.bincount(
        catalogue.kind, minlength=len(vocabulary.types)).tolist()


def test_every_type_is_on_sale_from_the_start_and_some_products_arrive_late(catalogue):
    for kind in catalogue.types:
        assert catalogue.created[catalogue.of_type[kind]].min() < YEAR_START
    late = (catalogue.created > YEAR_END - 60 * 86_400).mean()
    assert 0.04 < late < 0.12
    assert catalogue.created.max() < YEAR_END


def test_brands_stand_for_styles_and_price_levels_evenly(vocabulary):
    catalogue = draw_catalogue(vocabulary, 100, seed=1)
    # 72 brands: 9 of each of 8 styles, 24 of each of 3 levels.
    assert set(np.bincount(catalogue.brand_style)) == {9}
    assert set(np.bincount(catalogue.brand_tier)) == {24}
