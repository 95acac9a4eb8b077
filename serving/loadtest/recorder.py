"""What became of the requests, by the second in which each was meant to start.

Latencies go into HDR histograms, which keep three digits of every value in constant memory and can
be added up over seconds and processes without error.
"""

from __future__ import annotations

import collections
import dataclasses

from hdrh.histogram import HdrHistogram

from serving.loadtest.config import MAX_TIMEOUT_SECONDS

OK_CODES = frozenset({"OK", "200"})
"""gRPC's and HTTP's code of an answered request."""

_MAX_MICROSECONDS = int(2 * MAX_TIMEOUT_SECONDS * 1e6)
_DIGITS = 3


def new_histogram() -> HdrHistogram:
    """An empty histogram of microseconds."""
    return HdrHistogram(1, _MAX_MICROSECONDS, _DIGITS)


def record(histogram: HdrHistogram, seconds: float) -> None:
    """Adds a duration; one beyond the histogram counts as its longest."""
    histogram.record_value(min(_MAX_MICROSECONDS, max(1, round(seconds * 1e6))))


@dataclasses.dataclass(frozen=True)
class Interval:
    """One second of one worker, whole: all that started in it has ended.

    Attributes:
        second: counted from the start of the measurement; negative in the warm-up.
        codes: requests by their code.
        answered: encoded histogram of the latencies of those that are OK.
        failed: the same of the others.
    """

    second: int
    codes: dict[str, int]
    answered: bytes
    failed: bytes


class _Second:
    def __init__(self) -> None:
        self.open = 0
        self.codes: collections.Counter[str] = collections.Counter()
        self.answered = new_histogram()
        self.failed = new_histogram()


class Recorder:
    """Gathers the outcomes of one worker and hands out each second once it is whole."""

    def __init__(self) -> None:
        self._seconds: dict[int, _Second] = {}
        self.in_flight = 0

    def begin(self, second: int) -> None:
        """Notes that a request started."""
        self._seconds.setdefault(second, _Second()).open += 1
        self.in_flight += 1

    def end(self, second: int, code: str, latency: float) -> None:
        """Notes that a request ended.

        Args:
            second: as given to `begin`.
            code: gRPC's or HTTP's.
            latency: seconds since it was meant to start.
        """
        entry = self._seconds[second]
        entry.open -= 1
        self.in_flight -= 1
        entry.codes[code] += 1
        record(entry.answered if code in OK_CODES else entry.failed, latency)

    def take_whole(self, before: int) -> list[Interval]:
        """Removes and returns the seconds before one, of which no request is under way."""
        whole = sorted(
            second for second, entry in self._seconds.items()
            if second < before and entry.open == 0)
        intervals = []
        for second in whole:
            entry = self._seconds.pop(second)
            intervals.append(Interval(
                second, dict(entry.codes), entry.answered.encode(), entry.failed.encode()))
        return intervals
