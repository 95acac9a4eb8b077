"""How many requests may run on a version at once."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHORT_SECONDS = 30.0
_SHORT_SHARE = 0.45
"""Measured: half of two batches had what is answered wait twice as long as below capacity."""


class Admission:
    """A bound on requests, less than half of it for half a minute each time it is reached.

    Two batches a model call are what keeps a model busy and takes in a burst. Where even those are
    full, load is more than the model answers, and then all that a long queue does is make everyone
    in it wait (Nichols and Jacobson, "Controlling queue delay", 2012).

    Attributes:
        most: requests that may run.
        running: those that do.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.running = 0
        self._clock = clock
        self._short = max(1, int(_SHORT_SHARE * most))
        self._short_until = float("-inf")

    @property
    def bound(self) -> int:
        """Requests that may run just now."""
        return self._short if self._clock() < self._short_until else self.most

    def refuses(self, further: int = 1) -> bool:
        """Whether so many further requests are too many."""
        return self.running + further > self.bound

    def refused(self, further: int = 1) -> None:
        """Is told that so many further were refused: where by the whole bound, it becomes short.

        The short bound does not renew itself: callers who ask again at once reach it always.
        """
        if self.running + further > self.most:
            self._short_until = self._clock() + _SHORT_SECONDS
