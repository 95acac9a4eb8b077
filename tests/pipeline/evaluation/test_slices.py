from pipeline.config import Examples
from pipeline.evaluation.data import Context
from pipeline.evaluation.slice_names import OF_THE_JOIN, SLICES
from pipeline.evaluation.slices import band_of, popularity_bands, slice_members
from pipeline.examples.histories import Shopper, Want, validation_context
from pipeline.examples.queries import query_slices


def _context(kind, relevant, *slices):
    return Context(kind, "", "", (), relevant, (f"kind:{kind}", *slices))


def test_bands_by_hand():
    # 100 wants: a 40, b 20, c 15, d 10, e 9, f 6. Counted before each: 0, 40, 60, 75, 85, 94.
    # Head while fewer than 50 went before: a, b. Torso while fewer than 80: c, d. Tail: e, f.
    counts = {"f": 6, "e": 9, "d": 10, "c": 15, "b": 20, "a": 40}
    assert popularity_bands(counts) == {
        "a": "head_product", "b": "head_product", "c": "torso_product", "d": "torso_product",
        "e": "tail_product", "f": "tail_product"}


def test_equal_counts_are_split_by_id():
    # Two products wanted once: the first by id makes half, the second starts at 50%.
    assert popularity_bands({"y": 1, "x": 1}) == {"x": "head_product", "y": "torso_product"}


def test_a_context_belongs_to_the_band_with_most_gain():
    bands = {"a": "head_product", "c": "torso_product"}
    assert band_of({"a": 1.0, "c": 2.0}, bands) == "torso_product"
    assert band_of({"a": 3.0, "c": 2.0}, bands) == "head_product"


def test_equal_gain_goes_to_the_less_popular_band():
    bands = {"a": "head_product", "c": "torso_product"}
    assert band_of({"a": 1.0, "c": 1.0}, bands) == "torso_product"


def test_a_product_never_wanted_is_of_the_tail():
    assert band_of({"new": 1.0}, {"a": "head_product"}) == "tail_product"


def test_members_of_each_slice_and_their_order():
    contexts = [
        _context("search", {"a": 1.0}, "short_query"),
        _context("recommend", {"new": 1.0}, "known_shopper"),
    ]
    members = slice_members(contexts, {"a": 10})
    assert {name: mask.tolist() for name, mask in members.items()} == {
        "all": [True, True],
        "kind:recommend": [False, True],
        "kind:search": [True, False],
        "head_product": [True, False],
        "tail_product": [False, True],
        "known_shopper": [False, True],
        "short_query": [True, False],
    }
    assert list(members)[:5] == [
        "all", "kind:recommend", "kind:search", "head_product", "tail_product"]


def test_without_popularity_there_are_no_bands():
    assert list(slice_members([_context("search", {"a": 1.0})], {})) == ["all", "kind:search"]


def test_every_slice_that_is_found_has_a_known_name():
    # The last product is held out; two or three were wanted before it.
    shoppers = [
        Shopper("u", "", tuple(Want(n, f"p{n}", 1.0, "s", "") for n in range(known + 1)), known)
        for known in (2, 3)]
    joined = {
        name for shopper in shoppers
        for name in validation_context(shopper, Examples(), seed=1).slices}
    assert joined | set(query_slices("red mug")) == set(OF_THE_JOIN)
    contexts = [_context(kind, {p: 1.0}) for kind in ("search", "recommend") for p in "abc"]
    assert set(slice_members(contexts, {"a": 5, "b": 4, "c": 1})) | joined <= set(SLICES)


def test_a_short_query_has_two_words_or_four_chinese_characters():
    assert query_slices("red mug") == query_slices("黑色炒锅") == ("short_query",)
    assert query_slices("a red mug") == query_slices("黑色不粘炒锅") == ()
