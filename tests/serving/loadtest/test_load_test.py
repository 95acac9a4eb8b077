"""Load on real servers: the toy model's, and one that sheds what it is told to."""

import asyncio
import concurrent.futures
import itertools
import json
import multiprocessing
import random
import subprocess
import sys
import time

import grpc
import pytest

from pipeline.cli import main
from serving.errors import OutputFileError
from serving.loadtest import Budget, LoadConfig, run_load_test
from serving.loadtest.config import LoadTestError
from serving.loadtest.report import page, write_report
from serving.loadtest.requests import grpc_bodies, query_calls
from serving.loadtest.worker import Task, Worker

SECRET = "7f3c usb hose"


@pytest.fixture
def queries(tmp_path):
    path = tmp_path / "queries.tsv"
    path.write_text(f"q1\tusb cable\nq2\t{SECRET}\nq3\t\n")
    return path


@pytest.fixture
def shedding_server():
    """Answers nothing after the first request but RESOURCE_EXHAUSTED and, every fifth, bytes."""
    numbers = itertools.count()

    def predict(_, context):
        if next(numbers) % 5:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much")
        return b"answer"

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(
        "tensorflow.serving.PredictionService",
        {"Predict": grpc.unary_unary_rpc_method_handler(predict)})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None)


def test_closed_loop_over_grpc_by_command(server, queries, tmp_path, capsys) -> None:
    output = tmp_path / "load.json"
    status = main([
        "loadtest", "--server", f"127.0.0.1:{server.grpc_port}", "--queries", str(queries),
        "--callers", "3", "--processes", "2", "--seconds", "1", "--warm-up", "1",
        "--timeout", "60", "--output", str(output)])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    assert "3 callers for 1 s" in captured.out
    assert f"written: {output}" in captured.out
    assert "warm-up: " in captured.err
    assert "    1 s: " in captured.err
    result = json.loads(output.read_text())
    assert result["codes"] == {"OK": result["requests"]}
    assert result["requests"] > 3
    assert sum(entry["codes"]["OK"] for entry in result["seconds"]) == result["requests"]
    assert 0 < result["latency_ms"]["p50"] <= result["latency_ms"]["max"]


def test_closed_loop_over_rest_by_command(server, queries, capsys) -> None:
    status = main([
        "loadtest", "--rest", f"http://127.0.0.1:{server.rest_port}/", "--queries", str(queries),
        "--callers", "2", "--seconds", "1", "--warm-up", "0", "--timeout", "60"])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    assert "codes: 200 " in captured.out


def test_shoppers_in_an_open_loop_by_command(server, tmp_path, capsys) -> None:
    contexts, output = tmp_path / "contexts.jsonl", tmp_path / "load.html"
    contexts.write_text(json.dumps({"context_id": "c1", "history": [SECRET], "user_id": SECRET}))
    status = main([
        "loadtest", "--server", f"127.0.0.1:{server.grpc_port}", "--contexts", str(contexts),
        "--rate", "20", "--seconds", "1", "--warm-up", "0", "--timeout", "60",
        "--budget-p99-ms", "0.001", "--output", str(output)])
    captured = capsys.readouterr()
    assert status == 4, captured.err
    assert "over budget: p99 was " in captured.out
    assert "Over budget" in output.read_text()
    assert SECRET not in output.read_text() + captured.out + captured.err


def test_shed_requests_are_counted_by_code_and_break_the_budget(shedding_server) -> None:
    config = LoadConfig(shedding_server, callers=1, seconds=0.5, warm_up=0, timeout=60)
    result = run_load_test(config, [b"request"])
    answered = result.codes.get("OK", 0)
    assert result.codes == {"OK": answered, "RESOURCE_EXHAUSTED": result.requests - answered}
    # One in five is answered, the first of the five having been the request before the load.
    assert abs(result.requests - 5 * answered) <= 5
    assert result.failed.total_count == result.requests - answered
    assert result.exceeded(Budget(errors=0.5))


def test_open_loop_leaves_no_request_out_while_the_generator_stalls() -> None:
    config = LoadConfig("localhost:1", rate=100.0, seconds=1.0, warm_up=0.5, processes=2, seed=3)
    stalls = itertools.count()

    async def send(body: bytes) -> str:
        if next(stalls) == 20:
            time.sleep(0.4)  # Of the whole event loop, as a collection of garbage would.
        return "OK"

    start = time.monotonic()
    worker = Worker(Task(config, 1, [b"request"]), send, start)
    asyncio.run(worker.run())
    generator = random.Random("3/1")
    arrivals = [0.0]
    while arrivals[-1] < 1.5:
        arrivals.append(arrivals[-1] + generator.expovariate(50.0))
    counted = sum(
        sum(interval.codes.values()) for interval in worker.recorder.take_whole(10))
    assert counted == len(arrivals) - 2  # Without the 0 and the one past the end.


def test_workers_begin_at_different_requests() -> None:
    async def send(body: bytes) -> str:
        seen.append(body)
        return "OK" if len(seen) < 4 else "done"

    seen: list[bytes] = []
    config = LoadConfig("localhost:1", callers=2, seconds=1, warm_up=0, processes=2)
    worker = Worker(Task(config, 1, [b"a", b"b", b"c", b"d"]), send, time.monotonic())

    async def four() -> None:
        for _ in range(4):
            await worker._request(time.monotonic())

    asyncio.run(four())
    assert seen == [b"c", b"d", b"a", b"b"]


@pytest.mark.parametrize(("arguments", "message"), [
    (["--server", "127.0.0.1:1"], "the first request ended in UNAVAILABLE"),
    (["--rest", "http://127.0.0.1:1"], "the first request failed"),
    (["--rest", "no url"], "the first request failed"),
    (["--callers", "0"], "callers should be at least one a process"),
    (["--output", "load.txt"], "ends in .json or .html"),
    (["--output", "/nowhere/load.json"], "there is no folder /nowhere"),
])
def test_what_cannot_be_measured_is_said(arguments, message, queries, capsys) -> None:
    assert main(["loadtest", "--queries", str(queries), *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("share", ["0.1", "x%", "%"])
def test_budget_that_is_no_percentage_is_refused(share, queries, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["loadtest", "--queries", str(queries), "--budget-errors", share])
    assert "should be a percentage, as 0.1%" in capsys.readouterr().err


def test_refused_signature_is_told_with_what_the_server_says(server, queries) -> None:
    bodies = grpc_bodies(query_calls(queries, "nix"), "emporium")
    config = LoadConfig(f"127.0.0.1:{server.grpc_port}", callers=1)
    with pytest.raises(LoadTestError, match=r"nix.*--signature"):
        run_load_test(config, bodies)


def test_load_ends_when_nobody_reads_what_is_reported(shedding_server) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.loadtest", str(theirs.fileno())],
        pass_fds=[theirs.fileno()], stderr=subprocess.DEVNULL)
    theirs.close()
    config = LoadConfig(shedding_server, rate=5.0, seconds=3600, warm_up=0)
    ours.send(Task(config, 0, [b"request"]))
    ours.recv()
    ours.send(time.monotonic())
    ours.recv()
    ours.close()
    assert process.wait(120) == 1


def test_no_request_at_all_is_refused() -> None:
    with pytest.raises(LoadTestError, match="at least one request"):
        run_load_test(LoadConfig("localhost:1", callers=1), [])


def test_page_escapes_and_stands_alone(shedding_server, tmp_path) -> None:
    config = LoadConfig(
        shedding_server, model_name="<b>", callers=1, seconds=0.3, warm_up=0, timeout=60)
    result = run_load_test(config, [b"request"])
    text = page(result, Budget(errors=1.0))
    assert "RESOURCE_EXHAUSTED" in text
    assert "Within budget" in text
    assert "polyline points=" in text
    assert "<script" not in text
    assert "http" not in text
    with pytest.raises(OutputFileError, match="no folder"):
        write_report(tmp_path / "missing" / "load.html", result, Budget())
