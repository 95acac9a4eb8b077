"""What the operator's page tells of the requests: counts, percentiles, queries."""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Callable

import numpy as np

from serving.gateway.masking import mask

MINUTES = 60
_LATENCIES = 2000
_MAX_QUERIES = 2000
_MAX_QUERY_CHARS = 100


@dataclasses.dataclass
class EndpointStats:
    """Requests of an endpoint; `latencies` holds seconds of the last ones."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    latencies: deque[float] = dataclasses.field(default_factory=lambda: deque(maxlen=_LATENCIES))

    def percentiles_ms(self) -> tuple[float, float, float]:
        """The 50th, 90th and 99th percentile of the last requests, milliseconds."""
        p50, p90, p99 = np.percentile(list(self.latencies), (50, 90, 99)) * 1000
        return float(p50), float(p90), float(p99)


class QueryCounts:
    """The most frequent texts of a stream, in bounded memory.

    When it is full, the texts counted least give way, half of them at once.
    """

    def __init__(self, capacity: int = _MAX_QUERIES) -> None:
        self._capacity = capacity
        self._counts: Counter[str] = Counter()

    def add(self, query: str) -> None:
        """Counts a query, masked, without regard to case and spaces."""
        text = mask(" ".join(query.casefold().split()))[:_MAX_QUERY_CHARS]
        if not text:
            return
        if text not in self._counts and len(self._counts) >= self._capacity:
            self._counts = Counter(dict(self._counts.most_common(self._capacity // 2)))
        self._counts[text] += 1

    def top(self, limit: int) -> list[tuple[str, int]]:
        """The most frequent, most first."""
        return self._counts.most_common(limit)


class Traffic:
    """What happened since the start."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begins to count; `clock` gives seconds that never go back."""
        self._clock = clock
        self._began = clock()
        self._by_minute: deque[tuple[int, int]] = deque(maxlen=MINUTES)
        self.endpoints: dict[str, EndpointStats] = {}
        self.queries = QueryCounts()
        self.empty_queries = QueryCounts()

    @property
    def uptime_seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._began

    def count_request(self, endpoint: str, code: int, seconds: float) -> None:
        """Counts a request of a route."""
        stats = self.endpoints.setdefault(endpoint, EndpointStats())
        stats.requests += 1
        stats.client_errors += 400 <= code < 500
        stats.server_errors += code >= 500
        stats.latencies.append(seconds)
        minute = self._minute()
        count = self._by_minute.pop()[1] if self._ends_with(minute) else 0
        self._by_minute.append((minute, count + 1))

    def count_query(self, query: str, results: int) -> None:
        """Counts a finished query."""
        (self.queries if results else self.empty_queries).add(query)

    def minutes(self) -> list[int]:
        """Requests of each of the last minutes, oldest first, the current one last."""
        counts = dict(self._by_minute)
        now = self._minute()
        return [counts.get(minute, 0) for minute in range(now - MINUTES + 1, now + 1)]

    def _minute(self) -> int:
        return int(self.uptime_seconds // 60)

    def _ends_with(self, minute: int) -> bool:
        return bool(self._by_minute) and self._by_minute[-1][0] == minute
