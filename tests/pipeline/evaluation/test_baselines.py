import numpy as np
import pytest

from pipeline.evaluation.baselines import bm25_rankings, popularity_rankings
from pipeline.evaluation.data import Catalogue, Context
from pipeline.evaluation.metrics import NOTHING

CATALOGUE = Catalogue(
    product_ids=("a", "b", "c", "d"),
    titles=("running shoe", "trail shoes", "usb cable", "tent"),
    texts=("running shoe red", "trail shoes shoes blue", "usb cable 2m", "tent for camping"))


def _search(query):
    return Context("search", query, "", (), {}, ("kind:search",))


def _recommend(*history):
    return Context("recommend", "", "", history, {}, ("kind:recommend",))


def test_popularity_ranks_by_count_then_id():
    # c 5, a 2; b and d were never wanted and follow by id.
    rankings = popularity_rankings([_search("x")], CATALOGUE, {"a": 2, "c": 5}, depth=4)
    assert rankings.tolist() == [[2, 0, 1, 3]]


def test_popularity_leaves_out_the_history_and_still_fills_its_depth():
    rankings = popularity_rankings(
        [_recommend("c"), _recommend("a", "c", "unknown"), _search("x")], CATALOGUE,
        {"a": 2, "c": 5}, depth=2)
    assert rankings.tolist() == [[0, 1], [1, 3], [2, 0]]


def test_bm25_finds_stems_and_prefers_the_more_frequent():
    # "shoes" stems to "shoe", once in a, twice in b (equally long but for one word); the other
    # products do not hold it and are not returned.
    rankings = bm25_rankings([_search("Shoes")], CATALOGUE, depth=4)
    assert rankings.tolist() == [[1, 0, NOTHING, NOTHING]]


def test_bm25_weighs_a_rare_word_more():
    # "shoe" is in two products, "usb" in one.
    assert bm25_rankings([_search("shoe usb")], CATALOGUE, depth=1).tolist() == [[2]]


def test_bm25_searches_with_the_titles_of_the_history_and_leaves_it_out():
    rankings = bm25_rankings([_recommend("a", "unknown")], CATALOGUE, depth=3)
    assert rankings.tolist() == [[1, NOTHING, NOTHING]]


@pytest.mark.parametrize("query", ["", "the", "zzz", "\N{FIRE}"])
def test_bm25_returns_nothing_where_no_word_matches(query):
    assert (bm25_rankings([_search(query)], CATALOGUE, depth=2) == NOTHING).all()


@pytest.mark.parametrize(("query", "found"), [
    ("炒锅", [0, 1]),  # "炒锅" is in both, in fewer pairs of the first.
    ("不锈钢汤锅", [1, 2]),  # 不锈, 锈钢 of b; 汤锅 of c: two pairs before one.
    ("USB充电", [3]),
    ("锅", []),  # Half a pair.
])
def test_bm25_reads_pairs_of_chinese_characters(query, found):
    texts = ("黑色炒锅", "不锈钢炒锅32cm圆底大号", "砂锅汤锅", "usb充电线")
    shop = Catalogue(("a", "b", "c", "d"), texts, texts)
    assert bm25_rankings([_search(query)], shop, depth=4).tolist() == [
        found + [NOTHING] * (4 - len(found))]


def test_bm25_over_texts_without_words():
    wordless = Catalogue(("a",), ("!",), ("the !",))
    assert bm25_rankings([_search("usb")], wordless, depth=2).tolist() == [[NOTHING, NOTHING]]


def test_baselines_without_contexts():
    assert popularity_rankings([], CATALOGUE, {}, depth=3).shape == (0, 3)
    assert bm25_rankings([], CATALOGUE, depth=3).shape == (0, 3)


def test_many_contexts_keep_their_order():
    # More than one batch of 256: every fifth asks for the cable, the rest for a tent.
    contexts = [_search("cable" if n % 5 == 0 else "tent") for n in range(600)]
    rankings = bm25_rankings(contexts, CATALOGUE, depth=1)
    expected = np.where(np.arange(600) % 5 == 0, 2, 3)
    np.testing.assert_array_equal(rankings[:, 0], expected)
