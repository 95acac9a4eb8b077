"""How often one client may ask: a token bucket each, of a bounded number of clients."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable


class RateLimiter:
    """Token buckets by client; the one that was quiet longest is forgotten when there are too many.

    A forgotten client begins again with a full bucket, as one that was quiet long enough does.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float],
                 max_clients: int = 10_000) -> None:
        """Prepares the limiter.

        Args:
            rate: tokens a second that a bucket gains.
            burst: tokens that a bucket holds.
            clock: seconds that never go back.
            max_clients: buckets that are held.
        """
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._max_clients = max_clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, client: str) -> int:
        """Takes a token; 0 if there was one, else the whole seconds until there will be."""
        now = self._clock()
        tokens, then = self._buckets.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        allowed = tokens >= 1
        self._buckets[client] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self._max_clients:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - tokens) / self._rate))
