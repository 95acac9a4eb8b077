"""A load and what came of it, whoever made it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from serving.loadtest import LoadConfig, LoadResult

_SENT = 0.95
"""Of the rate that an open loop should have."""


class Measured(Protocol):
    """The figures of a load; latencies are those of requests that were answered, milliseconds."""

    @property
    def config(self) -> LoadConfig:
        """The load."""

    @property
    def began(self) -> float:
        """When the first second began, seconds since the epoch; of `ByPython` up to two sooner."""

    @property
    def codes(self) -> Mapping[str, int]:
        """Requests by their code."""

    @property
    def throughput(self) -> float:
        """Answered requests a second."""

    def latency_ms(self, percentile: float) -> float:
        """A percentile, 0 to 100."""

    def slower(self, limit_ms: float) -> int:
        """How many answers took longer."""

    def slow_seconds(self, limit_ms: float) -> dict[int, float]:
        """The seconds of the load in which some did, and the longest of each, milliseconds."""

    def generator_limit(self) -> str:
        """Why the figures may be the generator's and not the server's; "" where they are not."""


class ByPython:
    """A load by `emporium loadtest`."""

    def __init__(self, result: LoadResult) -> None:
        self._result = result
        self.config = result.config
        self.began = result.started
        self.codes = result.codes
        self.throughput = result.throughput
        self.latency_ms = result.latency_ms
        self.generator_limit = result.generator_limit

    def slower(self, limit_ms: float) -> int:
        """See `Measured`."""
        return sum(
            step.count_added_in_this_iter_step
            for step in self._result.answered.get_recorded_iterator()
            if step.value_iterated_to > 1000 * limit_ms)

    def slow_seconds(self, limit_ms: float) -> dict[int, float]:
        """See `Measured`."""
        return {entry.second: entry.max_ms for entry in self._result.seconds
                if entry.max_ms > limit_ms}


@dataclasses.dataclass(frozen=True)
class ByH2load:
    """A load by h2load, which cannot tell an answer from a refusal.

    How many of both there were is known from the server. As if all that were refused had been told
    so sooner than any other was answered: the percentiles are never too low, and may be too high.

    Attributes:
        config: the load.
        began: when the first request was sent, seconds since the epoch.
        codes: requests by their code, as the server counted them.
        starts: seconds from the beginning at which requests were sent `[requests]`.
        latencies: of those, milliseconds `[requests]`.
    """

    config: LoadConfig
    began: float
    codes: Mapping[str, int]
    starts: np.ndarray
    latencies: np.ndarray

    @property
    def throughput(self) -> float:
        """See `Measured`."""
        return self.codes.get("OK", 0) / self.config.seconds

    def latency_ms(self, percentile: float) -> float:
        """See `Measured`."""
        refused = sum(self.codes.values()) - self.codes.get("OK", 0)
        answered = np.sort(self.latencies)[min(refused, len(self.latencies) - 1):]
        return round(float(np.percentile(answered, percentile)), 3)

    def slower(self, limit_ms: float) -> int:
        """See `Measured`."""
        return int((self.latencies > limit_ms).sum())

    def slow_seconds(self, limit_ms: float) -> dict[int, float]:
        """See `Measured`."""
        longest: dict[int, float] = {}
        slow = self.latencies > limit_ms
        for start, latency in zip(self.starts[slow], self.latencies[slow], strict=True):
            longest[int(start)] = max(float(latency), longest.get(int(start), 0.0))
        return dict(sorted(longest.items()))

    def generator_limit(self) -> str:
        """See `Measured`."""
        if self.config.rate is None:
            return ""
        sent = len(self.latencies) / self.config.seconds
        return "" if sent > _SENT * self.config.rate else (
            f"{sent:.0f} requests a second were sent: all callers waited for answers")


def brief(measured: Measured) -> dict[str, Any]:
    """The figures of a load that the results keep."""
    return {
        "load": measured.config.load, "seconds": measured.config.seconds,
        "throughput": round(measured.throughput, 1), "p50_ms": measured.latency_ms(50),
        "p99_ms": measured.latency_ms(99), "max_ms": measured.latency_ms(100),
        "codes": dict(measured.codes), "generator_limit": measured.generator_limit()}
