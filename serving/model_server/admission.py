"""How many requests may run on a version at once."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHORT_SECONDS, _LONGEST_SECONDS, _TRIAL_SECONDS = 30.0, 240.0, 10.0
_SHARE, _LEAST, _TRIAL_SHARE = 8, 8, 2
_COUNTED_SECONDS, _OVERLOADED = 1.0, 0.25


class Admission:
    """A bound on requests, an eighth of it for half a minute once it is reached.

    The whole bound takes in a burst, and what comes while something else has the processors. Where
    even that is full, load is more than the model answers, and then all that a long queue does is
    make everyone in it wait (Nichols and Jacobson, "Controlling queue delay", 2012).

    After half a minute, or a second in which less than a quarter was refused, comes a trial of ten
    seconds with half the bound. Where that is reached, the bound is short for twice as long as
    before, up to four minutes: each trial costs those a wait who come in it, and callers who ask
    again at once reach a short bound always.

    Attributes:
        most: requests that may run.
        running: those that do.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.running = 0
        self._clock = clock
        self._short = min(most, max(_LEAST, most // _SHARE))
        self._seconds = _SHORT_SECONDS
        self._short_until = float("-inf")
        self._entered, self._refused, self._counted_from = 0, 0, 0.0

    @property
    def is_short(self) -> bool:
        """Whether the bound was reached lately."""
        return self._clock() < self._short_until

    @property
    def bound(self) -> int:
        """Requests that may run just now."""
        if self.is_short:
            return self._short
        return max(self._short, self.most // _TRIAL_SHARE) if self._on_trial else self.most

    def refuses(self, further: int = 1) -> bool:
        """Whether so many further requests are too many."""
        return self.running + further > self.bound

    def enter(self) -> None:
        """Counts one more that runs."""
        self.running += 1
        if self.is_short:
            self._entered += 1
            self._count()

    def leave(self) -> None:
        """Counts one less."""
        self.running -= 1

    def refused(self, further: int = 1) -> None:
        """Is told that so many further were refused: a bound that is not short becomes so."""
        if self.is_short:
            self._refused += 1
        elif self.refuses(further):
            self._seconds = (
                min(_LONGEST_SECONDS, 2 * self._seconds) if self._on_trial else _SHORT_SECONDS)
            now = self._clock()
            self._short_until = now + self._seconds
            self._start_counting(now)

    @property
    def _on_trial(self) -> bool:
        return self._clock() < self._short_until + _TRIAL_SECONDS

    def _count(self) -> None:
        """Ends the time of a short bound where few are refused by it."""
        now = self._clock()
        if now < self._counted_from + _COUNTED_SECONDS:
            return
        if self._refused < _OVERLOADED * (self._entered + self._refused):
            self._short_until = now
        self._start_counting(now)

    def _start_counting(self, now: float) -> None:
        self._entered, self._refused, self._counted_from = 0, 0, now
