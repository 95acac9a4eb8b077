"""The history encoder: where training starts, what events and ages change, what nobody knows."""

import numpy as np
import pytest
import tensorflow as tf

from model.features import EVENT_NUMBERS, UNKNOWN_AGE, UNKNOWN_EVENT
from model.history_encoder import HistoryEncoder, _bucket, _doublings

DIM = 8
VIEW, PURCHASE = EVENT_NUMBERS["view"], EVENT_NUMBERS["purchase"]
HOUR = 1 / 24


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def encode(encoder, vectors, mask=None, events=None, ages=None, training=False):
    """Encodes `[batch, history, dim]`; what is not given is unknown."""
    shape = np.shape(vectors)[:2]
    return encoder(
        tf.constant(vectors, tf.float32),
        tf.constant(np.ones(shape, bool) if mask is None else mask),
        tf.constant(np.full(shape, UNKNOWN_EVENT) if events is None else events, tf.int32),
        tf.constant(np.full(shape, UNKNOWN_AGE) if ages is None else ages, tf.float32),
        training=training).numpy()


def trained(rng, **settings):
    """An encoder all of whose parts have a say, as after training."""
    encoder = HistoryEncoder(DIM, **settings)
    encode(encoder, np.zeros((1, 1, DIM)))
    transformer = encoder.transformer
    for weights in (
            transformer.outputs.kernel, transformer.event_vectors, transformer.age_vectors):
        weights.assign(rng.normal(size=weights.shape))
    encoder.event_weights.assign(rng.normal(size=encoder.event_weights.shape))
    encoder.age_decay.assign(-0.3)
    return encoder


@pytest.mark.parametrize(("events", "ages"), [
    (None, None), ([[VIEW, PURCHASE]], [[0.5, 400.0]])])
def test_an_untrained_history_is_the_recency_weighted_mean(rng, events, ages):
    newest, oldest = unit(rng.normal(size=(2, DIM)))
    [vector] = encode(HistoryEncoder(DIM), [[newest, oldest]], None, events, ages)
    np.testing.assert_allclose(vector, unit((newest + 0.7 * oldest) / 1.7), atol=1e-5)


def test_where_nothing_is_known_the_transformer_reads_products_and_places_alone(rng):
    encoder = HistoryEncoder(DIM)
    vectors = unit(rng.normal(size=(2, 3, DIM)))
    mask = tf.constant([[True, True, True], [True, True, False]])
    encode(encoder, vectors)
    transformer = encoder.transformer
    transformer.outputs.kernel.assign(rng.normal(size=(128, DIM)))

    # The encoder as it was before it knew of events.
    weights = np.array([[1, 0.7, 0.49], [1, 0.7, 0]])[:, :, np.newaxis]
    mean = (vectors * weights).sum(axis=1) / weights.sum(axis=1)
    hidden = transformer.inputs(vectors * DIM**0.5)
    hidden = hidden + transformer.positions(hidden)
    for block in transformer.blocks:
        hidden = block(hidden, padding_mask=mask)
    expected = unit(mean + transformer.outputs(transformer.norm(hidden[:, 0])).numpy())

    np.testing.assert_allclose(encode(encoder, vectors, mask), expected, atol=1e-5)


def test_the_mean_weighs_place_event_and_age(rng):
    newest, middle, oldest = unit(rng.normal(size=(3, DIM)))
    encoder = HistoryEncoder(DIM)
    weights = np.ones(len(EVENT_NUMBERS) + 1)
    weights[VIEW], weights[PURCHASE] = 0.5, 2.0
    encoder.event_weights.assign(np.log(np.exp(weights) - 1))  # softplus turns them back
    encoder.age_decay.assign(-0.5)
    [vector] = encode(
        encoder, [[newest, middle, oldest]], None, [[VIEW, UNKNOWN_EVENT, PURCHASE]],
        [[1 * HOUR, UNKNOWN_AGE, 7 * HOUR]])
    # log2(1 + hours) is 1 and 3; 0.7 a place; an unknown age takes nothing away.
    expected = (
        0.5 * np.exp(-0.5) * newest + 0.7 * middle + 0.49 * 2.0 * np.exp(-1.5) * oldest)
    np.testing.assert_allclose(vector, unit(expected), atol=1e-5)


def test_a_history_of_years_keeps_its_shares(rng):
    vectors = unit(rng.normal(size=(1, 2, DIM)))
    encoder = HistoryEncoder(DIM)
    encoder.age_decay.assign(-30.0)  # e**-480: nothing, if it were not for shares
    vector = encode(encoder, vectors, ages=[[9999.0, 9999.0]])
    np.testing.assert_allclose(vector, encode(encoder, vectors), atol=1e-5)


def test_ages_are_told_apart_by_doublings_of_hours():
    ages = [np.nan, -1.0, -np.inf, 0.0, 0.9, 1.1, 2.9, 3.1, 6.9, 24.0, np.inf, 3e38]
    days = tf.constant(ages, tf.float32) * HOUR
    # [0, 1) hours are bucket 1, [1, 3) are 2, [3, 7) are 3; a day has 25 > 2**4.
    np.testing.assert_array_equal(
        _bucket(*_doublings(days)), [0, 0, 0, 1, 1, 2, 2, 3, 3, 5, 17, 17])


def test_events_and_ages_reach_the_transformer(rng):
    encoder = trained(rng)
    encoder.event_weights.assign(tf.zeros_like(encoder.event_weights))
    encoder.age_decay.assign(0.0)
    vectors = unit(rng.normal(size=(1, 2, DIM)))
    plain = encode(encoder, vectors)
    assert np.abs(encode(encoder, vectors, events=[[0, PURCHASE]]) - plain).max() > 1e-3
    assert np.abs(encode(encoder, vectors, ages=[[UNKNOWN_AGE, 30.0]]) - plain).max() > 1e-3


def test_padding_changes_no_history_and_none_is_zeros(rng):
    vectors = unit(rng.normal(size=(1, 3, DIM)))
    encoder = trained(rng)
    short = encode(encoder, vectors[:, :2], None, [[VIEW, PURCHASE]], [[1.0, 2.0]])
    padded = encode(
        encoder, vectors, [[True, True, False]], [[VIEW, PURCHASE, 0]], [[1.0, 2.0, -1.0]])
    np.testing.assert_allclose(short, padded, atol=1e-5)
    none = encode(encoder, vectors, [[False, False, False]], [[VIEW, 0, 0]], [[1.0, 2.0, -1.0]])
    np.testing.assert_array_equal(none, np.zeros((1, DIM)))


def test_no_age_makes_a_vector_that_is_no_number(rng):
    ages = [[np.nan, np.inf, -np.inf], [3e38, -3e38, 1e-45]]
    vectors = encode(trained(rng), unit(rng.normal(size=(2, 3, DIM))), ages=ages)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_events_are_forgotten_in_training_only_and_for_whole_contexts(rng):
    encoder = trained(rng, event_dropout=0.5, dropout=0.0)
    vectors = np.repeat(unit(rng.normal(size=(1, 3, DIM))), 200, axis=0)
    known = {"events": [[VIEW, PURCHASE, VIEW]] * 200, "ages": [[0.1, 2.0, 30.0]] * 200}
    forgetful = encode(encoder, vectors, **known, training=True)
    told, untold = encode(encoder, vectors, **known), encode(encoder, vectors)
    forgot = np.abs(forgetful - untold).max(axis=1) < 1e-5
    assert 60 < forgot.sum() < 140  # Binomial(200, 0.5): five standard deviations either way
    np.testing.assert_allclose(forgetful[~forgot], told[~forgot], atol=1e-5)


def test_behind_the_longest_history_of_training_only_the_mean_reads(rng):
    encoder = trained(rng, longest=2)
    vectors = unit(rng.normal(size=(1, 3, DIM)))
    encoder.log_decay.assign(-50.0)  # so that the mean is the newest product
    read = encode(encoder, vectors[:, :2])
    np.testing.assert_allclose(encode(encoder, vectors), read, atol=1e-6)
    assert not np.allclose(encode(encoder, vectors[:, :1]), read)
    encoder.log_decay.assign(np.log(0.7))
    encoder.transformer.outputs.kernel.assign(np.zeros((128, DIM)))
    newest, middle, oldest = vectors[0]
    np.testing.assert_allclose(
        encode(encoder, vectors)[0], unit(newest + 0.7 * middle + 0.49 * oldest), atol=1e-5)


def test_without_layers_a_history_is_its_mean_whatever_is_learned(rng):
    encoder = HistoryEncoder(DIM, layers=0)
    newest, oldest = unit(rng.normal(size=(2, DIM)))
    [vector] = encode(encoder, [[newest, oldest]])
    np.testing.assert_allclose(vector, unit((newest + 0.7 * oldest) / 1.7), atol=1e-5)
    assert encoder.additions == []
    assert {weight.name.split(":")[0].split("/")[-1] for weight in encoder.trainable_weights} == {
        "log_decay", "age_decay", "event_weights"}
