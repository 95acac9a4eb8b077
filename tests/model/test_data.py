"""Reading transformed examples: order, kinds, tables and batches."""

import numpy as np
import pytest

from model import data, features
from model.features import Kind
from tests.model import examples


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    texts = examples.write_shop(folder / "data", searches=30, histories=50)
    return folder / "data", texts


def patterns(shop, split):
    return [str(shop[0] / f"Split-{split}" / "*")]


def test_kinds_are_told_apart(shop):
    train = patterns(shop, "train")
    assert data.count(train, (Kind.SEARCH,)) == 30
    assert data.count(train, (Kind.RECOMMEND,)) == 50
    assert data.count(train, (Kind.SEARCH, Kind.RECOMMEND)) == 80
    assert data.count(train, (Kind.CATALOGUE,)) == 0


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="Received: no such file"):
        data.read_chunks([str(tmp_path / "*")])


def test_the_catalogue_is_read_in_the_order_of_the_numbers(shop):
    tokens = data.catalogue_tokens(patterns(shop, "catalogue"), examples.PRODUCTS)
    assert tokens.to_list() == shop[1]  # they were written in reverse


def test_a_product_without_a_row_has_no_tokens(shop):
    tokens = data.catalogue_tokens(patterns(shop, "catalogue"), examples.PRODUCTS + 1)
    assert tokens[-1].numpy().tolist() == []


def test_the_vocabulary_is_in_order(shop):
    assert data.read_vocabulary(str(shop[0]))[:3] == ["p0", "p1", "p2"]


def test_a_table_holds_each_text_once_and_histories_newest_first(tmp_path):
    query = [101, 7, 102]
    examples.write(tmp_path / "Split-train", [
        examples.example(kind=0, product=3, product_tokens=[101, 102], query=query),
        examples.example(kind=1, product=1, product_tokens=[101, 102], history=[5, 6, 7]),
        examples.example(kind=0, product=2, product_tokens=[101, 102], query=query),
    ])
    table = data.context_table(
        [str(tmp_path / "Split-train" / "*")], (Kind.SEARCH, Kind.RECOMMEND), 100)
    assert table.texts.to_list() == [query]
    assert table.query.tolist() == [0, -1, 0]
    assert table.profile.tolist() == [-1, -1, -1]
    assert table.history.to_list() == [[], [7, 6, 5], []]
    # Products 3, 1, 2 are answers, a third of them each; 5, 6, 7 are in a history alone.
    np.testing.assert_allclose(
        data.wanted_share(table, 9), [0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(data.mentions(table, 9), [0, 1, 1, 1, 0, 1, 1, 1, 0])


def test_an_empty_split_is_an_empty_table(tmp_path):
    examples.write(tmp_path / "Split-eval", [])
    table = data.context_table([str(tmp_path / "Split-eval" / "*")], (Kind.SEARCH,), 100)
    assert len(table) == 0
    assert table.texts.nrows() == 0


def test_a_limit_keeps_the_first_rows(shop):
    assert len(data.context_table(patterns(shop, "train"), (Kind.RECOMMEND,), 20)) == 20


def test_text_batches_are_full_and_follow_the_seed(shop):
    def first(seed):
        batches = data.text_batches(patterns(shop, "train"), 8, limit=30, seed=seed)
        return [b[features.PRODUCT].numpy().tolist() for b in batches.take(6)]

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert {len(b) for b in first(1)} == {8}


def test_fixed_shapes_are_those_of_the_bucket_the_query_limit_and_the_table(shop):
    batches = data.text_batches(patterns(shop, "train"), 8, limit=30, seed=1, fixed_query_tokens=24)
    batch = next(iter(batches))
    assert batch[features.QUERY_TOKENS].shape == [8, 24]
    assert batch[features.PRODUCT_TOKENS].shape == [8, 7]  # texts of 5 tokens, bucket below 8
    assert (batch[features.PRODUCT_TOKENS].numpy()[:, 5:] == 0).all()
    table = data.context_table(patterns(shop, "train"), (Kind.SEARCH, Kind.RECOMMEND), 100)
    vectors = np.zeros((int(table.texts.nrows()), 2), "f4")
    shapes = {
        (tuple(b[features.HISTORY].shape), tuple(b[features.POSITIVES].shape))
        for b in data.context_batches(table, vectors, 16, seed=0, fixed_shapes=True).take(5)}
    assert shapes == {((16, 3), (16, 4))}


def test_context_batches_carry_the_vectors_of_their_texts(shop):
    table = data.context_table(patterns(shop, "train"), (Kind.SEARCH, Kind.RECOMMEND), 100)
    vectors = np.arange(int(table.texts.nrows()) * 2, dtype=np.float32).reshape(-1, 2) + 1.0
    rows_seen = 0
    for batch in data.context_batches(table, vectors, 16, seed=0).take(5):
        assert batch[features.HISTORY].shape[0] == 16
        assert batch[features.HISTORY].shape[1] >= 1
        has_query = batch["query"].numpy().any(axis=1)
        has_history = (batch[features.HISTORY].numpy() >= 0).any(axis=1)
        np.testing.assert_array_equal(has_query, ~has_history)  # each example has one of them
        rows_seen += 16
    assert rows_seen == 80


def test_fewer_rows_than_a_batch_still_make_one(shop):
    table = data.context_table(patterns(shop, "train"), (Kind.RECOMMEND,), 3)
    batch = next(iter(data.context_batches(table, np.zeros((0, 2), "f4"), 8, seed=0)))
    assert batch[features.PRODUCT].shape == [8]
