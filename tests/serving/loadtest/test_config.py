"""What a load test refuses before it makes any load."""

import math

import pytest

from serving.loadtest import Budget, LoadConfig
from serving.loadtest.config import LoadTestError


@pytest.mark.parametrize(("settings", "message"), [
    ({}, "either callers"),
    ({"callers": 1, "rate": 5.0}, "either callers"),
    ({"callers": 0}, "at least one a process (1), received 0"),
    ({"callers": 2, "processes": 3}, "at least one a process (3), received 2"),
    ({"callers": 1, "processes": 0}, "processes should be at least 1, received 0"),
    ({"rate": 0.0}, "rate should be above 0"),
    ({"rate": math.nan}, "received nan"),
    ({"callers": 1, "seconds": 0.0}, "seconds should be above 0"),
    ({"callers": 1, "seconds": math.inf}, "received inf"),
    ({"callers": 1, "timeout": 601.0}, "timeout should be above 0 and at most 600"),
    ({"callers": 1, "warm_up": -1.0}, "warm-up should be from 0"),
])
def test_bad_load_is_refused(settings, message) -> None:
    with pytest.raises(LoadTestError, match=r"received") as caught:
        LoadConfig("localhost:1", **settings)
    assert message in str(caught.value)


def test_callers_are_dealt_to_processes() -> None:
    config = LoadConfig("localhost:1", callers=8, processes=3)
    assert [config.callers_of(process) for process in range(3)] == [3, 3, 2]


@pytest.mark.parametrize("budget", [
    {"errors": -0.1}, {"errors": 1.1}, {"errors": math.nan}, {"p99_ms": 0.0}, {"p99_ms": math.nan}])
def test_bad_budget_is_refused(budget) -> None:
    with pytest.raises(LoadTestError, match="received"):
        Budget(**budget)
