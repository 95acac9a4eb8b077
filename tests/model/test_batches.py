"""Batches: full, seeded, padded."""

import numpy as np

from model import batches, data, features
from model.features import Kind
from pipeline.examples import histories, queries
from tests.model import examples


def test_a_row_has_room_for_all_known_and_judged_products_that_an_example_carries():
    assert batches._MOST_POSITIVES == histories.MAX_POSITIVES
    assert batches._MOST_NEGATIVES == queries.MAX_NEGATIVES


def test_text_batches_are_full_and_follow_the_seed(shop):
    def first(seed):
        drawn = batches.text_batches(examples.patterns(shop, "train"), 8, limit=30, seed=seed)
        return [b[features.PRODUCT].numpy().tolist() for b in drawn.take(6)]

    assert first(1) == first(1)
    assert first(1) != first(2)
    assert {len(b) for b in first(1)} == {8}


def test_rows_carry_their_number_and_what_raters_put_below_their_product(shop):
    pairs = data.text_pairs(examples.patterns(shop, "train"), 30)
    drawn = []
    for batch in batches.text_batches(examples.patterns(shop, "train"), 8, 30, seed=1).take(3):
        product = batch[features.PRODUCT].numpy()
        np.testing.assert_array_equal(product, pairs.product[batch[features.ROW].numpy()])
        for row, number in enumerate(product):
            judged = [(number + 4) % 40, (number + 1) % 40] if number % 2 else [-1, -1]
            np.testing.assert_array_equal(batch[features.NEGATIVES][row], judged)
            np.testing.assert_array_equal(
                batch[features.NEGATIVE_GRADES][row], [0.5 if number % 2 else 0.0, 0.0])
        drawn += batch[features.DRAWS].numpy().ravel().tolist()
    assert len(set(drawn)) == 3 * 8 * 2
    assert min(drawn) >= 0


def test_fixed_shapes_are_those_of_the_bucket_the_query_limit_and_the_table(shop):
    [batch] = batches.text_batches(
        examples.patterns(shop, "train"), 8, limit=30, seed=1, fixed_query_tokens=24).take(1)
    assert batch[features.QUERY_TOKENS].shape == [8, 24]
    assert batch[features.PRODUCT_TOKENS].shape == [8, 7]  # texts of 5 tokens, bucket below 8
    assert (batch[features.PRODUCT_TOKENS].numpy()[:, 5:] == 0).all()
    assert batch[features.NEGATIVES].shape == batch[features.NEGATIVE_GRADES].shape == [8, 256]
    table = data.context_table(examples.patterns(shop, "train"), (Kind.SEARCH, Kind.RECOMMEND), 100)
    vectors = np.zeros((int(table.texts.nrows()), 2), "f4")
    shapes = {
        (tuple(b[features.HISTORY].shape), tuple(b[features.KNOWN].shape))
        for b in batches.context_batches(
            table, vectors, 16, steps=5, seed=0, fixed_shapes=True)}
    assert shapes == {((16, 3), (16, 4))}


def test_events_and_ages_are_padded_beside_their_products(shop):
    table = data.context_table(examples.patterns(shop, "train"), (Kind.SEARCH, Kind.RECOMMEND), 100)
    lengths = table.history.row_lengths().numpy()
    rows = [int(lengths.argmin()), int(lengths.argmax())]
    for widths, padding in ((None, 0), ((5, 4), 2)):
        columns = batches.context_columns(table, rows, widths)
        assert columns[features.HISTORY].shape == (2, 3 + padding)
        assert columns[features.HISTORY_EVENT].numpy().tolist() == [
            [0] * (3 + padding), [2, 4, 1, *[0] * padding]]
        assert columns[features.HISTORY_AGE].numpy().tolist() == [
            [-1.0] * (3 + padding), [0.0, 1.5, 9.0, *[-1.0] * padding]]
    columns = batches.context_columns(table, rows[:1])  # nobody has a history: one column
    assert columns[features.HISTORY_EVENT].numpy().tolist() == [[0]]
    assert columns[features.HISTORY_AGE].numpy().tolist() == [[-1.0]]


def test_context_batches_carry_the_vectors_of_their_texts(shop):
    table = data.context_table(examples.patterns(shop, "train"), (Kind.SEARCH, Kind.RECOMMEND), 100)
    vectors = np.arange(int(table.texts.nrows()) * 2, dtype=np.float32).reshape(-1, 2) + 1.0
    rows_seen = 0
    for batch in batches.context_batches(table, vectors, 16, steps=5, seed=0):
        assert batch[features.HISTORY].shape[0] == 16
        assert batch[features.HISTORY].shape[1] >= 1
        has_query = batch["query"].numpy().any(axis=1)
        has_history = (batch[features.HISTORY].numpy() >= 0).any(axis=1)
        np.testing.assert_array_equal(has_query, ~has_history)  # each example has one of them
        rows_seen += 16
    assert rows_seen == 80


def test_fewer_rows_than_a_batch_still_make_one(shop):
    table = data.context_table(examples.patterns(shop, "train"), (Kind.RECOMMEND,), 3)
    batch = next(iter(batches.context_batches(table, np.zeros((0, 2), "f4"), 8, steps=1, seed=0)))
    assert batch[features.PRODUCT].shape == [8]
