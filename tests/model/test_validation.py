"""The metric that stops training, and the stopping."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from model import validation
from model.validation import RetrievalStopping, ndcg_at


def test_ndcg_sets_other_positives_aside():
    scores = np.array([[0.9, 0.8, 0.7], [0.1, 0.5, 0.9]])
    # Row 0: its answer, column 2, is third; column 0 is another positive, so second: 1/log2(3).
    # Row 1: its answer, column 2, is first: 1.
    value = ndcg_at(scores, np.array([2, 2]), [np.array([0]), np.array([], int)], 10)
    np.testing.assert_allclose(value, [1 / np.log2(3), 1.0])


@pytest.mark.parametrize("said", [0.0, np.nan])
def test_a_model_that_says_the_same_of_everything_is_worth_nothing(said):
    scores = np.full((1, 12), said)
    assert ndcg_at(scores, np.array([3]), [np.array([], int)], 10) == [0.0]


def test_ndcg_is_nothing_beyond_the_cut():
    assert ndcg_at(np.array([[0.9, 0.8, 0.7]]), np.array([2]), [np.array([], int)], 2) == [0.0]


def fit(tmp_path, measured, steps, every, patience, **averaging):
    """Trains one weight, whose gradient is 1, and returns it with what was reported."""
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(
        keras.optimizers.SGD(1.0, **averaging), loss=lambda _, predicted: -predicted)
    lines, values = [], iter(measured)  # the means of what two contexts measure
    stopping = RetrievalStopping(
        lambda: np.array([next(values), 0.0]) * 2, every=every, patience=patience, label="toy",
        total_steps=steps, examples_per_step=1, writer=tf.summary.create_file_writer(str(tmp_path)),
        report=lines.append)
    data = tf.data.Dataset.from_tensors((tf.ones([1, 1]), tf.ones([1, 1]))).repeat()
    model.build([None, 1])
    model.fit(data, steps_per_epoch=steps, callbacks=[stopping], verbose=0)
    return float(model.get_weights()[0][0, 0]), stopping, lines


def test_the_best_weights_come_back(tmp_path):
    weight, stopping, lines = fit(tmp_path, [0.1, 0.4, 0.3, 0.2], steps=6, every=2, patience=9)
    assert weight == 2.0  # after step 2, where 0.4 was measured
    assert (stopping.best, stopping.best_step) == (0.4, 2)
    assert lines[-1] == "toy: best validation nDCG@10 0.4000 at step 2"
    assert any("toy: step 6/6, loss" in line for line in lines)


def test_training_is_not_silent_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "_SILENCE", -1.0)
    _, _, lines = fit(tmp_path, [0.1, 0.2], steps=2, every=2, patience=9)
    assert lines[1:3] == ["toy: step 1/2", "toy: step 2/2"]


def test_training_that_only_harms_ends_where_it_began(tmp_path):
    # The rate rises for ten steps; two more without a gain, and that is all.
    measured = iter([0.5, *[0.4] * 12])
    weight, stopping, lines = fit(tmp_path, measured, steps=100, every=1, patience=2)
    assert weight == 0.0
    assert stopping.best_step == 0
    assert lines[-1].endswith("at step 0: training taught nothing, its start is kept")
    assert not list(measured)


def test_averages_are_measured_and_kept_while_training_goes_on_from_the_weights(tmp_path):
    weight, stopping, _ = fit(
        tmp_path, [0.1, 0.2, 0.3], steps=3, every=2, patience=9, use_ema=True, ema_momentum=0.5)
    # Weights 1, 2, 3 average to 0.5, 1.25 and 2.125; had step 2's average been trained on, the
    # third weight would be 2.25 and its average 1.75.
    assert stopping.best_step == 3
    assert weight == 2.125


def test_scalars_reach_tensorboard(tmp_path):
    fit(tmp_path, [0.1, 0.2], steps=1, every=1, patience=1)
    tags = {
        value.tag for file in tmp_path.glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value}
    assert tags == {
        "toy/validation_ndcg_at_10", "toy/loss", "toy/examples_per_second", "toy/learning_rate"}
