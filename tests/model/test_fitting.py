"""The optimizer of both phases."""

import pytest
import tf_keras as keras

from model.fitting import adam


@pytest.mark.parametrize(("steps", "momentum"), [
    (30_000, 0.99),  # over a hundred steps
    (3_000, 0.99),
    (60, 0.5),  # over two
    (10, 0.0),  # too few to average: the last weights
])
def test_weights_are_averaged_over_some_steps(steps, momentum):
    optimizer = adam(1e-3, steps, averages=True)
    assert optimizer.use_ema
    assert optimizer.ema_momentum == pytest.approx(momentum)


def test_the_rate_rises_and_falls():
    schedule = keras.optimizers.schedules.deserialize(adam(1e-3, 100).get_config()["learning_rate"])
    rates = {step: float(schedule(step)) for step in (5, 10, 55, 100)}
    expected = {5: 0.5e-3, 10: 1e-3, 55: 0.5e-3, 100: 0.0}
    assert rates == pytest.approx(expected, abs=1e-9)
