"""What a load test does, validated in one place."""

from __future__ import annotations

import dataclasses
import math

from serving.channels import ClientTls
from serving.errors import ServingError

MAX_TIMEOUT_SECONDS = 600.0
"""Longest deadline of a request; also the longest latency that the histograms tell apart."""


class LoadTestError(ServingError):
    """A load test that cannot be made, or whose first request the server refuses."""


@dataclasses.dataclass(frozen=True)
class Budget:
    """What a run may cost before it counts as failed.

    Attributes:
        errors: share of the requests that may end in another code than OK, 0 to 1.
        p99_ms: longest 99th percentile of the answered requests; None for any.
    """

    errors: float = 0.001
    p99_ms: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= 1:
            raise LoadTestError(
                "the error budget should be a share from 0% to 100%, received "
                f"{100 * self.errors:g}%")
        if self.p99_ms is not None and not (math.isfinite(self.p99_ms) and self.p99_ms > 0):
            raise LoadTestError(
                f"the budget of p99 should be above 0 ms, received {self.p99_ms:g}")


@dataclasses.dataclass(frozen=True)
class LoadConfig:
    """How load is made. Exactly one of `callers` and `rate` is given.

    Attributes:
        target: HOST:PORT of a gRPC port, or the base URL of a REST port where `rest` is set.
        model_name: the name that the server gave the model.
        rest: whether requests go over REST.
        callers: closed loop: so many callers, each asking again when it is answered.
        rate: open loop: requests a second, at random (Poisson) times, whatever is answered.
        seconds: length of the measurement.
        warm_up: seconds of the same load before it, not measured.
        timeout: seconds until a request is given up; its deadline at the server.
        tls: for a gRPC server that speaks TLS; None for plain text.
        processes: worker processes that share callers or rate.
        seed: of the arrival times.
    """

    target: str
    model_name: str = "emporium"
    rest: bool = False
    callers: int | None = None
    rate: float | None = None
    seconds: float = 30.0
    warm_up: float = 5.0
    timeout: float = 1.0
    tls: ClientTls | None = None
    processes: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.callers is None) == (self.rate is None):
            raise LoadTestError(
                "give either callers (closed loop) or rate (open loop), received "
                f"callers={self.callers}, rate={self.rate}")
        if self.rest and self.tls is not None:
            raise LoadTestError(
                "TLS is of the gRPC port; give its address, or an https:// URL without TLS files")
        if self.processes < 1:
            raise LoadTestError(f"processes should be at least 1, received {self.processes}")
        if self.callers is not None and self.callers < self.processes:
            raise LoadTestError(
                f"callers should be at least one a process ({self.processes}), received "
                f"{self.callers}")
        if self.rate is not None:
            _check("rate", self.rate, 1e6, "requests a second")
        _check("seconds", self.seconds, 7 * 86_400.0, "seconds")
        _check("timeout", self.timeout, MAX_TIMEOUT_SECONDS, "seconds")
        if not 0 <= self.warm_up <= 86_400:
            raise LoadTestError(
                f"warm-up should be from 0 to 86400 seconds, received {self.warm_up:g}")

    def callers_of(self, process: int) -> int:
        """How many of the callers a process has; 0 in the open loop."""
        share, rest = divmod(self.callers or 0, self.processes)
        return share + (process < rest)

    @property
    def load(self) -> str:
        """The load in words, as `32 callers`."""
        if self.callers is not None:
            return "1 caller" if self.callers == 1 else f"{self.callers} callers"
        return f"{self.rate:g} requests/s"


def _check(name: str, value: float, most: float, unit: str) -> None:
    if not 0 < value <= most:  # Also false for what is no number.
        raise LoadTestError(
            f"{name} should be above 0 and at most {most:g} {unit}, received {value:g}")
