import dataclasses

import numpy as np
import pytest

from pipeline.sample.catalogue import NONE, draw_catalogue
from pipeline.sample.intents import Head, Intent, candidates, grades, perfect
from pipeline.sample.queries import draw_queries
from pipeline.sample.vocabulary import ENGLISH, load_vocabulary


def _number(things, key):
    return next(n for n, thing in enumerate(things) if thing.key == key)


@pytest.fixture(scope="module")
def english():
    return load_vocabulary(ENGLISH)


@pytest.fixture(scope="module")
def pans(english):
    """Five products of known facets: three frying pans, a saucepan and a sofa."""
    pan, sauce, sofa = (
        _number(english.types, key) for key in ("frying_pan", "saucepan", "sofa"))
    cooking, student, flat = (
        _number(english.uses, key) for key in ("cooking", "student", "small_flat"))
    black, navy = (
        next(n for n, shade in enumerate(english.colours) if shade.name == name)
        for name in ("Black", "Navy"))
    return dataclasses.replace(
        draw_catalogue(english, 20, seed=1),
        kind=np.array([pan, pan, pan, sauce, sofa]),
        colour=np.array([black, black, navy, black, black]),
        style=np.array([0, 1, 1, 0, 0]),
        material=np.full(5, NONE), tier=np.ones(5, dtype=int), brand=np.arange(5),
        size=np.array([0, 1, 1, 0, NONE]),
        use=np.array([cooking, student, cooking, cooking, flat]))


EVERY = np.arange(5)


def test_the_bare_noun_wants_its_type_and_nothing_else(pans):
    assert grades(Intent(Head.TYPE, pans.kind[0]), pans, EVERY).tolist() == [3, 3, 3, 0, 0]


def test_one_facet(pans):
    black = pans.colour_kind[0]
    # The black saucepan is a near miss; the blue frying pan is the right thing in a wrong colour.
    assert grades(Intent(Head.TYPE, pans.kind[0], colour=black), pans, EVERY).tolist() == [
        3, 3, 1, 1, 0]


def test_two_facets(pans):
    intent = Intent(Head.TYPE, pans.kind[0], colour=pans.colour_kind[0], style=0)
    assert grades(intent, pans, EVERY).tolist() == [3, 2, 1, 1, 0]


def test_sizes_compare_within_a_type_only(pans):
    assert grades(Intent(Head.TYPE, pans.kind[0], size=0), pans, EVERY).tolist() == [3, 1, 1, 0, 0]


def test_a_family_holds_all_its_types(pans):
    assert grades(Intent(Head.FAMILY, pans.family[0]), pans, EVERY).tolist() == [3, 3, 3, 3, 0]


def test_a_use_prefers_what_is_made_for_it(pans, english):
    # A frying pan that is best for students can still serve a cook.
    use = _number(english.uses, "cooking")
    assert grades(Intent(Head.USE, use), pans, EVERY).tolist() == [3, 1, 3, 3, 0]
    assert grades(Intent(Head.USE, use, style=0), pans, EVERY).tolist() == [3, 0, 1, 3, 0]


def test_shortcuts_agree_with_the_grades(catalogue):
    every = np.arange(len(catalogue))
    for query in draw_queries(catalogue, seed=5)[:150]:
        grade = grades(query.intent, catalogue, every)
        assert set(perfect(query.intent, catalogue)) == set(np.flatnonzero(grade == 3))
        assert set(np.flatnonzero(grade)) <= set(candidates(query.intent, catalogue))
