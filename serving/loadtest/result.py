"""What a load test measured, added up over seconds and processes."""

from __future__ import annotations

import collections
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from hdrh.histogram import HdrHistogram

from serving.loadtest.config import Budget, LoadConfig
from serving.loadtest.recorder import OK_CODES, Interval, new_histogram

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9, 100.0)

_LATE_SHARE = 0.1
_LATE_MS = 2.0
_BUSY = 0.9


@dataclasses.dataclass(frozen=True)
class Second:
    """What became of the requests that were meant to start in one second.

    Attributes:
        second: counted from the start of the measurement; negative in the warm-up.
        codes: requests by their code.
        p50_ms: of the answered ones, as are the next two; 0 where there is none.
    """

    second: int
    codes: dict[str, int]
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def ok(self) -> int:
        """Requests answered."""
        return _count(self.codes, ok=True)

    @property
    def failed(self) -> int:
        """Requests with another end."""
        return _count(self.codes, ok=False)


@dataclasses.dataclass(frozen=True)
class LoadResult:
    """The measurement, without the warm-up.

    Attributes:
        config: the load.
        started: when the load began, seconds since the epoch.
        elapsed: seconds of the measurement; beyond `config.seconds` only if the last answer was.
        codes: requests by their code.
        answered: latencies of those that are OK, microseconds.
        failed: the same of the others.
        lateness: how late the generator's timers were, microseconds.
        cpu_seconds: processor time that its processes used, the warm-up's included.
        seconds: the same second by second.
    """

    config: LoadConfig
    started: float
    elapsed: float
    codes: dict[str, int]
    answered: HdrHistogram
    failed: HdrHistogram
    lateness: HdrHistogram
    cpu_seconds: float
    seconds: list[Second]

    @property
    def requests(self) -> int:
        """All requests that were begun."""
        return sum(self.codes.values())

    @property
    def throughput(self) -> float:
        """Answered requests a second."""
        return _count(self.codes, ok=True) / self.elapsed

    @property
    def error_share(self) -> float:
        """Share of the requests that were not answered, 0 to 1."""
        return _count(self.codes, ok=False) / self.requests if self.requests else 1.0

    @property
    def busy(self) -> float:
        """Share of a core that a generator process used, on average."""
        return self.cpu_seconds / (self.config.processes * (self.elapsed + self.config.warm_up))

    def latency_ms(self, percentile: float) -> float:
        """A percentile of the latency of answered requests; 0 where there is none."""
        return milliseconds(self.answered, percentile)

    def generator_limit(self) -> str:
        """Why the figures may be the generator's and not the server's; "" where they are not."""
        if self.busy >= _BUSY:
            return (f"the generator's processes used {100 * self.busy:.0f}% of a core each: give "
                    "more --processes, or fewer callers")
        late = milliseconds(self.lateness, 99)
        if late > _LATE_MS and late > _LATE_SHARE * self.latency_ms(99):
            return (f"the generator was up to {late:.1f} ms late (99th percentile): run it on a "
                    "machine of its own, or give more --processes where cores are free")
        return ""

    def exceeded(self, budget: Budget) -> list[str]:
        """What was over budget, a sentence each."""
        over = []
        if self.error_share > budget.errors:
            over.append(
                f"{100 * self.error_share:.3g}% of the requests failed; the budget is "
                f"{100 * budget.errors:g}%")
        p99 = self.latency_ms(99)
        if budget.p99_ms is not None and (p99 > budget.p99_ms or not self.answered.total_count):
            what = f"p99 was {p99:.1f} ms" if self.answered.total_count else "nothing was answered"
            over.append(f"{what}; the budget is {budget.p99_ms:g} ms")
        return over

    def as_json(self, budget: Budget) -> dict[str, Any]:
        """Everything but the requests, the server's name and keys, for a file."""
        config = dataclasses.asdict(self.config)
        del config["target"]
        config["tls"] = self.config.tls is not None
        return {
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "config": config,
            "requests": self.requests,
            "throughput": round(self.throughput, 2),
            "codes": self.codes,
            "error_share": self.error_share,
            "latency_ms": percentiles(self.answered),
            "failed_latency_ms": percentiles(self.failed),
            "generator": {
                "lateness_ms": percentiles(self.lateness),
                "busy_cores_a_process": round(self.busy, 3),
                "limit": self.generator_limit(),
            },
            "budget": {**dataclasses.asdict(budget), "exceeded": self.exceeded(budget)},
            "seconds": [
                {"second": entry.second, "codes": entry.codes, "p50_ms": entry.p50_ms,
                 "p99_ms": entry.p99_ms, "max_ms": entry.max_ms} for entry in self.seconds],
            "hdr_microseconds": self.answered.encode().decode(),
        }


class Totals:
    """Adds up what workers report; a second is whole when all of them have passed it."""

    def __init__(self, processes: int, report: Callable[[Second], None] | None = None) -> None:
        self._processes = processes
        self._report = report
        self._started = time.time()
        self._codes: collections.Counter[str] = collections.Counter()
        self._answered = new_histogram()
        self._failed = new_histogram()
        self._lateness = new_histogram()
        self._cpu_seconds = 0.0
        self._parts: dict[int, list[Interval]] = {}
        self._seconds: list[Second] = []
        self._elapsed = 0.0

    def add_interval(self, interval: Interval) -> None:
        """Takes a second of a worker."""
        parts = self._parts.setdefault(interval.second, [])
        parts.append(interval)
        if len(parts) == self._processes:
            self._close(interval.second)

    def add_worker(self, lateness: bytes, cpu_seconds: float, elapsed: float) -> None:
        """Takes what a worker says when it is done."""
        self._elapsed = max(self._elapsed, elapsed)
        self._lateness.decode_and_add(lateness)
        self._cpu_seconds += cpu_seconds

    def result(self, config: LoadConfig) -> LoadResult:
        """The whole measurement, after the last worker is done."""
        for second in sorted(self._parts):  # In which not every worker began a request.
            self._close(second)
        self._seconds.sort(key=lambda entry: entry.second)
        return LoadResult(
            config, self._started, max(config.seconds, self._elapsed), dict(self._codes),
            self._answered, self._failed, self._lateness, self._cpu_seconds, self._seconds)

    def _close(self, number: int) -> None:
        answered = new_histogram()
        codes: collections.Counter[str] = collections.Counter()
        for part in self._parts.pop(number):
            codes.update(part.codes)
            answered.decode_and_add(part.answered)
            if number >= 0:
                self._failed.decode_and_add(part.failed)
        second = Second(
            number, dict(codes), milliseconds(answered, 50), milliseconds(answered, 99),
            milliseconds(answered, 100))
        if number >= 0:
            self._codes.update(codes)
            self._answered.add(answered)
            self._seconds.append(second)
        if self._report is not None:
            self._report(second)


def milliseconds(histogram: HdrHistogram, percentile: float) -> float:
    """A percentile of a histogram of microseconds; 0 of an empty one."""
    if not histogram.total_count:
        return 0.0
    return histogram.get_value_at_percentile(percentile) / 1000


def percentiles(histogram: HdrHistogram) -> dict[str, float]:
    """The usual percentiles in milliseconds; `max` is the 100th."""
    return {
        "max" if percentile == 100 else f"p{percentile:g}": milliseconds(histogram, percentile)
        for percentile in PERCENTILES}


def _count(codes: dict[str, int], *, ok: bool) -> int:
    return sum(count for code, count in codes.items() if (code in OK_CODES) == ok)
