"""The recorder's seconds, and how they add up over workers."""

import pytest

from serving.loadtest import Budget, LoadConfig
from serving.loadtest.recorder import Recorder, new_histogram, record
from serving.loadtest.result import Totals, milliseconds

CONFIG = LoadConfig("localhost:1", callers=2, seconds=2, warm_up=1, processes=2)


def test_second_is_whole_when_its_last_request_has_ended() -> None:
    recorder = Recorder()
    recorder.begin(0)
    recorder.begin(0)
    recorder.begin(1)
    recorder.end(0, "OK", 0.010)
    assert recorder.take_whole(5) == []
    recorder.end(0, "UNAVAILABLE", 0.001)
    assert recorder.in_flight == 1
    [interval] = recorder.take_whole(5)
    assert (interval.second, interval.codes) == (0, {"OK": 1, "UNAVAILABLE": 1})
    assert recorder.take_whole(5) == []


def test_running_second_is_not_taken() -> None:
    recorder = Recorder()
    recorder.begin(3)
    recorder.end(3, "OK", 0.010)
    assert recorder.take_whole(3) == []
    assert [interval.second for interval in recorder.take_whole(4)] == [3]


@pytest.mark.parametrize(("seconds", "expected_ms"), [(0.0, 0.001), (0.25, 250), (1e9, 1_200_000)])
def test_duration_beyond_the_histogram_counts_as_its_longest(seconds, expected_ms) -> None:
    histogram = new_histogram()
    record(histogram, seconds)
    assert milliseconds(histogram, 100) == pytest.approx(expected_ms, rel=1e-3)


def worker_intervals(latencies: dict[int, list[tuple[str, float]]]):
    recorder = Recorder()
    for second, requests in latencies.items():
        for code, latency in requests:
            recorder.begin(second)
            recorder.end(second, code, latency)
    return recorder.take_whole(100)


def summed(*workers, elapsed: float = 2.0, cpu: float = 0.3, late: float = 0.0001):
    told = []
    totals = Totals(len(workers), told.append)
    for worker in workers:
        for interval in worker_intervals(worker):
            totals.add_interval(interval)
    for _ in workers:
        lateness = new_histogram()
        record(lateness, late)
        totals.add_worker(lateness.encode(), cpu, elapsed)
    return totals.result(CONFIG), told


def test_workers_add_up_and_the_warm_up_stays_out() -> None:
    first = {-1: [("OK", 9.0)], 0: [("OK", 0.010), ("OK", 0.020)], 1: [("OK", 0.030)]}
    second = {-1: [("OK", 9.0)], 0: [("OK", 0.040)], 1: [("RESOURCE_EXHAUSTED", 0.001)]}
    result, told = summed(first, second)
    assert [entry.second for entry in told] == [-1, 0, 1]
    assert [entry.second for entry in result.seconds] == [0, 1]
    assert result.codes == {"OK": 4, "RESOURCE_EXHAUSTED": 1}
    assert result.requests == 5
    assert result.error_share == pytest.approx(0.2)
    assert result.throughput == pytest.approx(2.0)  # 4 in 2 s
    # Of 10, 20, 30 and 40 ms the second is the median.
    assert result.latency_ms(50) == pytest.approx(20, rel=2e-3)
    assert result.latency_ms(100) == pytest.approx(40, rel=2e-3)
    assert result.seconds[0].max_ms == pytest.approx(40, rel=2e-3)
    assert (result.seconds[1].ok, result.seconds[1].failed) == (1, 1)
    assert milliseconds(result.failed, 100) == pytest.approx(1, rel=2e-3)


def test_second_in_which_one_worker_idled_is_counted_at_the_end() -> None:
    result, told = summed({0: [("OK", 0.010)]}, {})
    assert [entry.second for entry in told] == [0]
    assert result.codes == {"OK": 1}


def test_late_last_answer_lengthens_the_measurement() -> None:
    result, _ = summed({0: [("OK", 0.010)] * 8}, {}, elapsed=4.0)
    assert result.throughput == pytest.approx(2.0)


def test_budget_names_all_that_exceeds_it() -> None:
    result, _ = summed({0: [("OK", 0.050)] * 3 + [("UNAVAILABLE", 0.001)]}, {})
    assert result.exceeded(Budget(errors=0.25, p99_ms=60)) == []
    errors, p99 = result.exceeded(Budget(errors=0.2, p99_ms=40))
    assert "25% of the requests failed; the budget is 20%" in errors
    assert "p99 was 50.0 ms" in p99
    assert "40 ms" in p99


def test_run_without_an_answer_is_over_any_budget() -> None:
    result, _ = summed({0: [("UNAVAILABLE", 0.001)]}, {})
    assert result.exceeded(Budget(errors=1.0)) == []
    assert result.exceeded(Budget(errors=1.0, p99_ms=60)) == [
        "nothing was answered; the budget is 60 ms"]
    nothing, _ = summed({}, {})
    assert nothing.error_share == 1.0


def test_generator_that_was_busy_or_late_says_so() -> None:
    answered = {0: [("OK", 0.050)]}
    assert summed(answered, {})[0].generator_limit() == ""
    # Two processes, each 2.9 s of processor in 2 s and a warm-up of 1 s.
    assert "97% of a core" in summed(answered, {}, cpu=2.9)[0].generator_limit()
    assert "20.0 ms late" in summed(answered, {}, late=0.020)[0].generator_limit()
    # Late by less than a tenth of the p99.
    assert summed(answered, {}, late=0.004)[0].generator_limit() == ""
