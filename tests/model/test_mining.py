"""Which products are hard negatives, by hand; and what training is given of them."""

import numpy as np
import tensorflow as tf

from model.data import TextPairs
from model.mining import Miner, choose_pool, hard_products
from model.negatives import MINED

_NOTHING = (np.array([], int), np.array([], int))


def ragged(rows):
    return tf.ragged.constant(rows, ragged_rank=1, dtype=tf.int64, row_splits_dtype=tf.int64)


def test_what_scores_close_to_the_answer_is_left_out():
    # The answer scores 0.8: 0.95 of it is 0.76. Above stand 0.9 and 0.77; next are 0.76 and 0.5.
    scores = np.array([[0.8, 0.9, 0.5, 0.77, 0.1, 0.76]])
    found = hard_products(scores, np.array([0]), _NOTHING, below=0.95, count=2)
    np.testing.assert_array_equal(found, [[5, 2]])


def test_what_is_known_of_a_query_is_left_out_and_short_lists_are_filled_up():
    scores = np.array([[0.8, 0.5, 0.6, 0.7], [0.1, 0.9, 0.2, 0.3]])
    known = np.array([0, 0, 1]), np.array([3, 0, 2])  # 3 and its own of the first, 2 of the second
    found = hard_products(scores, np.array([0, 1]), known, below=0.95, count=3)
    np.testing.assert_array_equal(found, [[2, 1, -1], [3, 0, -1]])


def test_an_answer_that_is_not_found_yet_tells_nothing():
    scores = np.array([[-0.1, -0.5, -0.6]])
    found = hard_products(scores, np.array([0]), _NOTHING, below=0.95, count=5)
    np.testing.assert_array_equal(found, [[-1] * 5])


def test_a_small_catalogue_is_its_own_pool_and_of_a_large_one_half_is_wanted():
    generator = np.random.default_rng(0)
    np.testing.assert_array_equal(choose_pool(np.array([1]), 4, 4, generator), [0, 1, 2, 3])
    pool = choose_pool(np.arange(50), 1_000, 20, generator)
    assert len(np.unique(pool)) == 20
    assert (np.diff(pool) > 0).all()
    assert (pool < 50).sum() >= 10
    # One wanted product, and nineteen of the others.
    pool = choose_pool(np.array([7, 7]), 1_000, 20, generator)
    assert len(np.unique(pool)) == 20
    assert 7 in pool


def pairs():
    """Query 0 wants product 0 and knows of 3; query 1, made of the catalogue, wants 1."""
    return TextPairs(
        query=np.array([0, 1], np.int32), product=np.array([0, 1]), known=ragged([[0, 3], [1]]),
        asked=np.array([True, False]), probability=np.array([0.5, 0.5], np.float32),
        texts=ragged([[0], [1]]))


def encode(tokens):
    """Row of a table by the one token of a text: product p has angle p / 10 to query 0."""
    angles = np.array(tokens.to_list(), float)[:, 0] / 10.0
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_miner_leaves_out_what_is_close_and_what_the_catalogue_asked_itself():
    mined = tf.Variable(np.full((2, MINED), 5), dtype=tf.int64)
    said = []
    Miner(
        encode, pairs(), ragged([[0], [2], [4], [6], [8]]), mined, pool=100, below=0.95, every=10,
        steps=100, at_start=True, seed=1, report=said.append).mine()
    # Cosines to query 0: 1, .98, .92, .83, .70. The second is too close, the fourth is known.
    assert mined.numpy().tolist() == [[2, 4] + [-1] * (MINED - 2), [-1] * MINED]
    assert said == ["text: hard negatives for 1 of 2 pairs, mined among 5 products"]


def test_a_query_without_tokens_is_not_mined_for():
    nothing = TextPairs(
        query=np.array([-1, 0], np.int32), product=np.array([1, 0]), known=ragged([[1], [0]]),
        asked=np.array([True, True]), probability=np.array([0.5, 0.5], np.float32),
        texts=ragged([[0]]))
    mined = tf.Variable(np.full((2, MINED), 5), dtype=tf.int64)
    Miner(
        encode, nothing, ragged([[0], [2], [4], [6], [8]]), mined, pool=100, below=0.95, every=10,
        steps=100, at_start=True, seed=1, report=lambda _: None).mine()
    assert mined.numpy().tolist() == [[-1] * MINED, [2, 3, 4] + [-1] * (MINED - 3)]


def test_mining_is_done_at_the_start_and_while_it_still_pays():
    def steps_mined(at_start, planned=34):
        steps = []
        miner = Miner(
            encode, pairs(), ragged([[0], [2]]), tf.Variable(np.zeros((2, MINED)), dtype=tf.int64),
            pool=100, below=0.95, every=10, steps=planned, at_start=at_start, seed=1,
            report=lambda _: steps.append(step))
        for step in range(planned):
            miner.on_train_batch_begin(step)
        return steps

    assert steps_mined(at_start=True) == [0, 10, 20]  # 30 leaves four steps: not worth it
    assert steps_mined(at_start=False) == [10, 20]
    # Training that ends before its second mining would be due is mined for halfway.
    assert steps_mined(at_start=True, planned=14) == [0, 7]
    assert steps_mined(at_start=False, planned=1) == []
