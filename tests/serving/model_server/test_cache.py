import numpy as np
import pytest
import tensorflow as tf

from serving.model_server.cache import _ENTRY_BYTES, ResultCache
from serving.signature import Signature, TensorSpec

SEARCH = Signature("search", {"query": TensorSpec("query", tf.string, (None,))}, {})
OTHER = Signature("similar", SEARCH.inputs, {})


def _inputs(*texts: bytes) -> dict[str, np.ndarray]:
    return {"query": np.array(texts, object)}


def _key(name: bytes):
    return ResultCache.key(SEARCH, _inputs(name), ["y"], False)


def _put(cache, name: bytes, numbers: int) -> None:
    """An entry of `_ENTRY_BYTES` + 41 for a text of one byte + 8 bytes a number."""
    cache.put(_key(name), _inputs(name), {"y": np.arange(numbers)})


def test_an_equal_request_is_known():
    cache = ResultCache(2**20)
    assert cache.get(_key(b"a")) is None
    _put(cache, b"a", 3)
    assert cache.get(_key(b"a"))["y"].tolist() == [0, 1, 2]
    assert cache.get(_key(b"b")) is None


@pytest.mark.parametrize("other", [
    ResultCache.key(OTHER, _inputs(b"a", b"b"), ["y"], False),
    ResultCache.key(SEARCH, _inputs(b"a", b"b"), ["y", "z"], False),
    ResultCache.key(SEARCH, _inputs(b"ab"), ["y"], False),
    ResultCache.key(SEARCH, _inputs(b"b", b"a"), ["y"], False),
    ResultCache.key(SEARCH, {"query": np.array([[b"a", b"b"]], object)}, ["y"], False),
    ResultCache.key(SEARCH, {"q": np.array([b"a", b"b"], object)}, ["y"], False),
])
def test_what_differs_in_anything_is_another_request(other):
    assert other != ResultCache.key(SEARCH, _inputs(b"a", b"b"), ["y"], False)


def test_numbers_are_told_apart_by_their_bits():
    def key(*values):
        return ResultCache.key(SEARCH, {"x": np.array(values, np.float32)}, ["y"], False)

    assert key(1.0, np.nan) == key(1.0, np.nan)
    assert key(0.0) != key(-0.0)


def test_the_one_that_nobody_asked_for_longest_goes():
    size = _ENTRY_BYTES + 41 + 80
    cache = ResultCache(8 * size)  # eight entries; a single one may take an eighth
    names = [bytes([ord("a") + number]) for number in range(8)]
    for name in names:
        _put(cache, name, 10)
    assert cache.get(_key(b"a")) is not None  # now "b" is the oldest
    _put(cache, b"x", 10)
    assert cache.get(_key(b"b")) is None
    assert all(cache.get(_key(name)) is not None for name in (b"a", *names[2:], b"x"))
    _put(cache, b"x", 10)  # known already: takes no room twice
    assert cache.get(_key(b"a")) is not None


def test_one_answer_does_not_push_out_all_others():
    size = _ENTRY_BYTES + 41 + 80
    cache = ResultCache(8 * size)
    _put(cache, b"a", 10)
    _put(cache, b"b", 11)  # more than an eighth
    assert cache.get(_key(b"b")) is None
    assert cache.get(_key(b"a")) is not None


def test_strings_count_with_what_they_take():
    # Two strings in the answer and one in the request: 40 bytes each beside their characters.
    size = _ENTRY_BYTES + (40 + 1) + 2 * 40 + 7
    for room, kept in ((size, True), (size - 1, False)):
        cache = ResultCache(8 * room)
        cache.put(_key(b"a"), _inputs(b"a"), {"y": np.array([b"abc", b"defg"], object)})
        assert (cache.get(_key(b"a")) is not None) is kept


def test_rows_of_a_batch_do_not_keep_the_batch():
    cache = ResultCache(2**20)
    batch = np.arange(1000)
    cache.put(_key(b"a"), _inputs(b"a"), {"y": batch[:2]})
    kept = cache.get(_key(b"a"))["y"]
    assert kept.base is None
    batch[0] = 7
    assert kept.tolist() == [0, 1]
