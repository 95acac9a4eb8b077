"""How much time is left for trials, and a callback that keeps to it."""

from __future__ import annotations

import time
from collections.abc import Callable

import tf_keras as keras


class Budget:
    """A wall-clock budget, running from its creation.

    Args:
        seconds: that trials may take.
        clock: seconds from any fixed moment.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds left, below 0 when more than all are spent."""
        return self._end - self._clock()

    def spend(self, seconds: float) -> None:
        """Counts what trials took before an interruption."""
        self._end -= seconds

    def allows(self, seconds: float) -> bool:
        """Whether what takes so long would end in time."""
        return seconds <= self.left


class StopAtDeadline(keras.callbacks.Callback):
    """Ends training after the step in which the budget is spent.

    What was validated by then counts: it is the least that the settings reach.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        """Looks at the clock."""
        if self._budget.left <= 0:
            self.model.stop_training = True
