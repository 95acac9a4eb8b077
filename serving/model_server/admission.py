"""How many requests may run on a version at once."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHORT_SECONDS, _TRIAL_SECONDS = 30.0, 10.0
_MOST_DOUBLINGS = 3
_SHORT_SHARE, _SHORT_LEAST, _TRIAL_SHARE = 8, 8, 2
"""Measured: what a bound of 16 lets in at 120% of capacity waits less than twice as long as at half
of it, and is two thirds of the capacity."""

_COUNTED_SECONDS, _FEW = 1.0, 0.1


class Admission:
    """A bound on requests, an eighth of it for half a minute once it is reached.

    The whole bound takes in a burst, and what comes while something else has the processors. Where
    even that is full, load is more than the model answers, and then all that a long queue does is
    make everyone in it wait (Nichols and Jacobson, "Controlling queue delay", 2012).

    After half a minute, or a second in which less than a tenth was refused, comes a trial of ten
    seconds with half the bound. Where that is reached, the bound is short for twice as long as
    before, up to four minutes, and the next trial is with all of it: each trial costs those a wait
    who come in it, but callers who ask again at once reach a short bound always, and must not be
    refused for ever where the whole one was enough for them.

    Attributes:
        most: requests that may run.
        running: those that do.
    """

    def __init__(self, most: int, slots: int = 1,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """Makes a bound that is whole.

        Args:
            most: requests that may run.
            slots: model calls at once; a short bound is at least two requests for each.
            clock: seconds that only grow.
        """
        self.most = most
        self.running = 0
        self._clock = clock
        self._short = min(most, max(_SHORT_LEAST, 2 * slots, most // _SHORT_SHARE))
        self._short_until = float("-inf")
        self._failed_trials = 0
        self._taken, self._refused, self._counted_from = 0, 0, 0.0

    @property
    def is_short(self) -> bool:
        """Whether the bound was reached, and no trial has begun since."""
        return self._clock() < self._short_until

    @property
    def bound(self) -> int:
        """Requests that may run just now."""
        if self.is_short:
            return self._short
        if self._on_trial and not self._failed_trials:
            return max(self._short, self.most // _TRIAL_SHARE)
        return self.most

    def refuses(self, further: int = 1) -> bool:
        """Whether so many further requests are too many."""
        return self.running + further > self.bound

    def taken(self) -> None:
        """Is told that one is not refused."""
        if not self.is_short:
            return
        self._taken += 1
        now = self._clock()
        if now < self._counted_from + _COUNTED_SECONDS:
            return
        if self._refused < _FEW * (self._taken + self._refused):
            self._short_until = now
            self._failed_trials = 0
        self._start_counting(now)

    def refused(self, further: int = 1) -> None:
        """Is told that so many further were refused: a bound that is not short becomes so."""
        if self.is_short:
            self._refused += 1
        elif self.refuses(further):
            self._failed_trials = (
                min(_MOST_DOUBLINGS, self._failed_trials + 1) if self._on_trial else 0)
            now = self._clock()
            self._short_until = now + _SHORT_SECONDS * 2**self._failed_trials
            self._start_counting(now)

    @property
    def _on_trial(self) -> bool:
        return self._clock() < self._short_until + _TRIAL_SECONDS

    def _start_counting(self, now: float) -> None:
        self._taken, self._refused, self._counted_from = 0, 0, now
