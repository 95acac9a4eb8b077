"""The budget by a clock that the test moves."""

import types

from model.tuning.budget import Budget, StopAtDeadline
from tests.clock import Clock


def test_time_runs_out():
    clock = Clock()
    budget = Budget(60, clock)
    clock.now += 40
    assert budget.left == 20
    assert budget.allows(20)
    assert not budget.allows(20.5)
    clock.now += 30
    assert budget.left == -10


def test_earlier_trials_are_counted():
    budget = Budget(60, Clock())
    budget.spend(45)
    assert budget.left == 15


def test_training_stops_after_the_step_in_which_the_time_is_over():
    clock = Clock()
    stop = StopAtDeadline(Budget(25, clock))
    stop.set_model(types.SimpleNamespace(stop_training=False))
    stopped = []
    for step in range(3):
        clock.now += 10
        stop.on_train_batch_end(step)
        stopped.append(stop.model.stop_training)
    assert stopped == [False, False, True]
