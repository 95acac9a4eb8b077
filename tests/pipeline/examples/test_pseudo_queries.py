import collections
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.examples.pseudo_queries import (
    _WORD,
    MAX_ODDS,
    Unit,
    WordCounts,
    pseudo_queries,
    short_query,
    units,
    words,
)
from pipeline.examples.records import Product
from pipeline.examples.split import normalise_query
from pipeline.sample.catalogue import draw_catalogue
from pipeline.sample.vocabulary import CHINESE, load_vocabulary
from pipeline.sample.wording import product_row

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


def test_a_script_without_spaces_is_counted_in_short_runs_and_pairs():
    assert words("苏泊尔不粘锅32cm USB-C充电线") == ["苏泊尔不粘锅", "32cm", "USB-C", "充电线"]
    assert units("不粘炒锅32cm 洒水壶 灯") == [
        Unit("不粘", 0, 2), Unit("粘炒", 1, 3), Unit("炒锅", 2, 4), Unit("32cm", 4, 8),
        Unit("洒水壶", 9, 12), Unit("灯", 13, 14)]
    assert [unit.text for unit in units("圆领T恤 5升 240目 升")] == [
        "圆领", "T恤", "5升", "240目", "升"]
    assert words("上装 圆领T恤")[-1] == "T恤"
    assert _COUNTS.odds("盘的") == _COUNTS.odds("的") == 0.0
    assert _COUNTS.odds("锅") == _COUNTS.odds("粘锅") == pytest.approx(0.3 * MAX_ODDS)


@pytest.mark.parametrize(("title", "expected"), [
    # Of 不粘, 粘锅, 锅的, 的黑 and 黑色 those with 的 are not drawn; the first two overlap.
    ("不粘锅的黑色", {
        "不粘", "粘锅", "黑色", "不粘锅", "不粘 黑色", "黑色 不粘", "粘锅 黑色", "黑色 粘锅",
        "不粘锅 黑色", "黑色 不粘锅"}),
    ("炒锅32cm", {"炒锅", "32cm", "炒锅32cm"}),  # They touch.
    ("灯", {"灯"}),
])
def test_pairs_that_overlap_or_touch_are_one_span_of_the_title(title, expected):
    made = {short_query(Product("p", title), _COUNTS, random.Random(seed)) for seed in range(900)}
    assert made == expected


def test_a_chinese_brand_and_category_are_said_whole_and_not_again_by_the_title():
    product = Product("p", "苏泊尔炒锅", brand="苏泊尔", category="厨房用品 锅具 家用不粘炒锅")
    made = [q.text for seed in range(300) for q in _made(product, seed=seed)]
    assert any(text.split()[0] == "苏泊尔" for text in made)
    assert any(text.split()[-1] == "不粘炒锅" for text in made)
    # Of what is left of the title only the pair across the two words can follow the brand.
    assert not any(text.startswith(("苏泊尔 苏泊", "苏泊尔 泊尔")) for text in made)


_CHINESE = st.text(
    st.sampled_from("苏泊尔不粘炒锅黑色大号家用电磁炉通用的"), min_size=2, max_size=30)


@given(title=_CHINESE, brand=_CHINESE, category=_CHINESE, seed=st.integers(0, 99))
def test_chinese_short_queries_are_short_and_of_the_product(title, brand, category, seed):
    product = Product("p", title, brand=brand, category=category)
    for text, titled in _made(product, 5, seed):
        if not titled:
            assert text == title
            continue
        # Four words of two characters, of which a brand or a category may take twice that.
        assert 2 <= len(text.replace(" ", "")) <= 12
        assert all(part in title or brand.startswith(part) or category.endswith(part)
                   for part in text.split())


@given(st.text(st.characters(max_codepoint=0x2FFF)))
def test_text_with_spaces_has_the_words_that_it_had(text):
    assert words(text) == [unit.text for unit in units(text)] == _WORD.findall(text)
    assert all(text[unit.start:unit.end] == unit.text for unit in units(text))


def test_a_chinese_catalogue_asks_short_queries_of_words():
    vocabulary = load_vocabulary(CHINESE)
    catalogue = draw_catalogue(vocabulary, 300, seed=1)
    rng = random.Random(1)
    products = [
        Product(row["product_id"], row["title"], row.get("description", ""), row.get("brand", ""))
        for row in (product_row(catalogue, number, rng) for number in range(300))]
    counts = WordCounts(300, collections.Counter(
        word for product in products for word in {unit.text for unit in units(product.title)}))
    asked = [query.text for product in products
             for query in _made(product, counts=counts) if query.titled]
    lengths = [len(text.replace(" ", "")) for text in asked]
    assert len(asked) > 570
    assert sum(2 <= length <= 10 for length in lengths) > 0.9 * len(asked)
    # The noun is one of five or so things that a title says; a good part of it is often asked for.
    nouns = {kind.names[0] for kind in vocabulary.types}
    assert sum(any(noun in text for noun in nouns) for text in asked) > 0.1 * len(asked)
