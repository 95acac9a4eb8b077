import numpy as np
import pytest

from model import data, whitening
from model.whitening import adapter_start, half_whitening, sample_products
from tests.model import examples
from tests.model.test_trainer import job


@pytest.fixture(name="rng")
def _rng():
    return np.random.default_rng(3)


def test_a_direction_is_divided_by_the_root_of_its_spread():
    # Spreads 2.828 and 0.7071, of the widest 1 and a quarter: 1 / sqrt(1.01) and 1 / sqrt(0.26),
    # behind which the lengths are 3.980 twice and 1.961 twice, 2.971 on average.
    vectors = np.array([[4, 0], [-4, 0], [0, 1], [0, -1]], np.float32)
    np.testing.assert_allclose(
        half_whitening(vectors), [[0.334956, 0], [0, 0.660178]], atol=1e-5)


def test_what_all_products_share_is_a_direction_as_well(rng):
    vectors = rng.normal(size=(200, 8)) + 5.0 * np.eye(8)[0]
    mapped = vectors @ half_whitening(vectors)

    def share(rows):
        return np.linalg.norm(rows.mean(axis=0)) / np.linalg.norm(rows, axis=1).mean()

    assert share(mapped) < 0.8 * share(vectors)
    assert np.linalg.norm(mapped, axis=1).mean() == pytest.approx(1.0, abs=1e-5)


def test_texts_of_nothing_count_for_nothing_and_stay_nothing(rng):
    vectors = rng.normal(size=(5, 8)).astype(np.float32)
    kernel = half_whitening(np.concatenate([vectors, np.zeros((3, 8), np.float32)]))
    np.testing.assert_allclose(kernel, half_whitening(vectors), rtol=1e-6)
    # Five products leave three of the directions without any spread: these keep their measure.
    widest, *_, outside = np.linalg.svd(vectors)[2]
    assert np.linalg.norm(outside @ kernel) == pytest.approx(
        1.01**0.5 * np.linalg.norm(widest @ kernel), rel=1e-4)
    np.testing.assert_array_equal(half_whitening(np.zeros((3, 8), np.float32)), np.eye(8))


def test_a_large_catalogue_is_sampled_a_small_one_is_read_whole(monkeypatch):
    monkeypatch.setattr(whitening, "SAMPLE", 4)
    np.testing.assert_array_equal(sample_products(3, 1), [0, 1, 2])
    some = sample_products(100, 1)
    assert len(set(some)) == 4
    assert list(some) == sorted(some)
    np.testing.assert_array_equal(some, sample_products(100, 1))


@pytest.fixture(name="vectors_of")
def _vectors_of(rng):
    """Token 1 means something, token 2 is everywhere and hides it."""
    table = np.concatenate([
        np.zeros((1, 8)), rng.normal(size=(30_000, 8)) + 6.0 * np.eye(8)[7]]).astype(np.float32)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)

    def encode(tokens):
        rows = tokens.to_tensor().numpy()
        vectors = table[rows].sum(axis=1)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    return encode


def test_without_peoples_queries_vectors_are_spread(tmp_path, vectors_of):
    examples.write_shop(tmp_path, searches=0)
    settings = job(tmp_path)
    catalogue = data.catalogue_tokens(settings.catalogue, settings.products)
    sample = vectors_of(catalogue)
    np.testing.assert_array_equal(
        adapter_start(settings, vectors_of, catalogue, sample), half_whitening(sample))


def test_where_their_queries_trained_and_none_is_held_out_vectors_stay(tmp_path, vectors_of):
    examples.write_shop(tmp_path, validated=False)
    settings = job(tmp_path)
    catalogue = data.catalogue_tokens(settings.catalogue, settings.products)
    np.testing.assert_array_equal(
        adapter_start(settings, vectors_of, catalogue, vectors_of(catalogue)), np.eye(8))


# Of 0.1, 0 and 0.2 the mean is 0.1 and its standard error 0.082 / sqrt(2) = 0.058.
@pytest.mark.parametrize(("gain", "better"), [
    ([0.1, 0.0, 0.2], True), ([0.3, 0.0, -0.1], False), ([0.0, 0.0, 0.0], False)])
def test_those_held_out_decide_where_peoples_queries_trained(
        tmp_path, vectors_of, monkeypatch, gain, better):
    examples.write_shop(tmp_path)
    settings = job(tmp_path)
    catalogue = data.catalogue_tokens(settings.catalogue, settings.products)
    sample = vectors_of(catalogue)
    products = vectors_of(catalogue)[:3]
    mapped = products @ half_whitening(sample)
    spread = mapped / np.linalg.norm(mapped, axis=1, keepdims=True)

    class Measure:
        """Finds spread vectors better by a number."""

        EXAMPLES = 400

        def __init__(self, *_):
            pass

        def vectors(self):
            return products, products

        def of(self, queries, others):
            if np.array_equal(others, products):
                return np.full(3, 0.5)
            np.testing.assert_allclose(queries, mapped, rtol=1e-5)
            np.testing.assert_allclose(others, spread, rtol=1e-5)
            return 0.5 + np.array(gain)

    monkeypatch.setattr(whitening, "TextMeasure", Measure)
    np.testing.assert_array_equal(
        adapter_start(settings, vectors_of, catalogue, sample),
        half_whitening(sample) if better else np.eye(8))
