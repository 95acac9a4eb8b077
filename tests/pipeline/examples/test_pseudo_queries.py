import collections
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.examples.pseudo_queries import MAX_ODDS, WordCounts, pseudo_queries, words
from pipeline.examples.records import Product
from pipeline.examples.split import normalise_query

_COUNTS = WordCounts(1000, {"lamp": 200, "with": 400, "oak": 5, "desk": 20, "e27": 20})


def _made(product, how_many=2, seed=1, counts=_COUNTS):
    return list(pseudo_queries(product, counts, how_many, seed))


def test_words_keep_hyphens_points_and_slashes_within():
    assert words("USB-C 3.5mm, black/grey (new) don't_") == [
        "USB-C", "3.5mm", "black/grey", "new", "don't"]


@pytest.mark.parametrize(("word", "expected"), [
    ("desk", math.log(1001 / 20)),
    ("Desk", math.log(1001 / 20)),
    ("oak", MAX_ODDS),  # 5 in 1000: below a hundredth rarer is not better.
    ("zyx", 0.3 * MAX_ODDS),  # Only one product has it.
    ("E27", 0.3 * math.log(1001 / 20)),
    ("with", 0.0),
    ("x", 0.0),
])
def test_odds(word, expected):
    assert _COUNTS.odds(word) == pytest.approx(expected)


def test_title_query_wants_something_beside_the_title():
    product = Product("p", "Oak desk lamp", "Bright and warm")
    assert [q.text for q in _made(product) if not q.titled] == ["Oak desk lamp"]
    assert all(q.titled for q in _made(product._replace(description="Bright, warm")))


def test_short_queries_are_of_the_product_in_the_order_of_its_title():
    made = [q.text for seed in range(200)
            for q in _made(Product("p", "Old oak desk lamp"), seed=seed)]
    lengths = collections.Counter(len(words(text)) for text in made)
    assert set(lengths) <= {1, 2, 3, 4}
    assert lengths[2] > lengths[1]
    place = {word: n for n, word in enumerate(["Old", "oak", "desk", "lamp"])}
    in_order = [sorted(text.split(), key=place.get) == text.split() for text in made]
    assert sum(in_order) / len(in_order) > 0.8
    found = collections.Counter(word for text in made for word in text.split())
    assert found["oak"] > found["lamp"]  # The rarer tells more.


def test_brand_and_category_are_named_now_and_then():
    product = Product("p", "Old oak desk lamp", brand="Lumo", category="Home Lighting")
    made = [q.text for seed in range(200) for q in _made(product, seed=seed)]
    assert 0.1 < sum("Lumo" in text for text in made) / len(made) < 0.5
    assert 0.1 < sum("Lighting" in text for text in made) / len(made) < 0.5


def test_the_same_seed_makes_the_same_queries_and_another_makes_others():
    product = Product("p", "Old oak desk lamp with shade and plug in green")
    assert _made(product, 5) == _made(product, 5)
    assert _made(product, 5) != _made(product, 5, seed=2)
    assert _made(product, 5) != _made(product._replace(product_id="q"), 5)


def test_a_lone_product_and_a_wordless_title():
    assert [q.text for q in _made(Product("p", "Lamp"), counts=WordCounts(1, {"lamp": 1}))] == [
        "Lamp"]
    assert _made(Product("p", "?")) == []


@given(st.builds(Product, st.text(), st.text(), st.text(), st.text(), st.text(), st.text()),
       st.integers(1, 5))
def test_any_product(product, how_many):
    made = _made(product, how_many)
    short = [normalise_query(q.text) for q in made if q.titled]
    assert len(short) == len(set(short)) <= how_many
    assert all(short)
    assert len(made) - len(short) <= 1
