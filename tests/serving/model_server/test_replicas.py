"""Model processes, one by one, as replicas and as a version that takes requests."""

import asyncio
import contextlib
import json
import os
import resource
import signal

import grpc
import numpy as np
import pytest

from serving.errors import RequestError, VersionError
from serving.model_server.admission import Admission
from serving.model_server.batching import Batcher
from serving.model_server.loaded import LoadedVersion, LoadOptions
from serving.model_server.metrics import Metrics
from serving.model_server.model_client import ModelClient, ProcessDiedError
from serving.model_server.model_process import ProcessOptions
from serving.model_server.replicas import Replicas
from serving.model_server.request_queue import BatchingOptions
from serving.versions import Version
from tests.serving.model_server.conftest import break_graph, is_alive, kill

ENDLESS = {"steps": np.int32(2**31 - 1)}


@pytest.fixture
def options(toy_versions):
    return ProcessOptions(1, toy_versions["first"], calls=2)


@contextlib.asynccontextmanager
async def _started(start):
    started = await start
    try:
        yield started
    finally:
        await started.stop()


async def test_a_process_answers_several_calls_at_once(options):
    async with _started(ModelClient.start(options)) as client:
        assert client.warmed == 2
        endless = asyncio.create_task(
            client.call(client.signatures.find("spin"), ENDLESS, ["steps"]))
        answer = await client.call(
            client.signatures.find("half_plus_two"), {"x": np.float32([1, 2])}, ["y"])
        assert answer["y"].tolist() == [2.5, 3.0]
        assert (client.pending, endless.done()) == (1, False)
        with pytest.raises(RequestError, match="refuses a value") as caught:
            await client.call(
                client.signatures.find("parse"), {"text": np.array([b"x"], object)}, ["number"])
        assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
        kill(client.pid)
        with pytest.raises(ProcessDiedError, match="signal 9"):
            await endless
        assert await client.ended() == "signal 9"
        with pytest.raises(ProcessDiedError, match="signal 9"):
            await client.call(client.signatures.find("spin"), ENDLESS, ["steps"])


async def test_a_call_whose_caller_has_gone_disturbs_no_other(options):
    async with _started(ModelClient.start(options)) as client:
        gone = asyncio.create_task(client.call(
            client.signatures.find("spin"), {"steps": np.int32(10_000)}, ["steps"]))
        await asyncio.sleep(0)
        gone.cancel()
        for x in (1, 2):
            answer = await client.call(
                client.signatures.find("half_plus_two"), {"x": np.float32([x])}, ["y"])
            assert answer["y"].tolist() == [x / 2 + 2]


async def test_a_process_that_does_not_listen_is_ended_all_the_same(options, monkeypatch):
    monkeypatch.setattr("serving.model_server.model_client._STOP_SECONDS", 0.1)
    client = await ModelClient.start(options)
    os.kill(client.pid, signal.SIGSTOP)
    await client.stop()
    assert not is_alive(client.pid)


async def test_a_start_that_is_given_up_leaves_no_process(options, model_processes):
    starting = asyncio.create_task(Replicas.start(options, 2))
    await asyncio.sleep(0.2)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await _none_left(model_processes)


async def _none_left(model_processes) -> None:
    async def look() -> None:
        while model_processes():
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), 60)


async def test_without_a_process_or_file_to_be_had_a_version_is_refused(options):
    async with _started(ModelClient.start(options)):  # all that a start needs is there
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(VersionError, match="no process for version 1 .*open files"):
                await ModelClient.start(options)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_version_that_cannot_be_loaded_says_why(options, push, model_processes):
    path = break_graph(push("first", 1))
    with pytest.raises(VersionError, match="cannot be read as a SavedModel"):
        await Replicas.start(ProcessOptions(1, path), 2)
    await _none_left(model_processes)


async def test_a_call_is_made_again_and_given_up_after_three_processes(options):
    async with _started(Replicas.start(options, 1)) as replicas:
        call = asyncio.create_task(
            replicas.run(replicas.signatures.find("spin"), ENDLESS, ["steps"]))
        seen = set()
        while not call.done():
            for pid in replicas.pids:
                if pid not in seen and replicas._clients[0].pending:
                    seen.add(pid)
                    kill(pid)
            await asyncio.sleep(0.02)
        with pytest.raises(RequestError, match=r"ended 3 times .*signal 9") as caught:
            await call
        assert caught.value.code is grpc.StatusCode.UNAVAILABLE
        assert (len(seen), replicas.repeated) == (3, 3)
        # And the next one is answered.
        answer = await replicas.run(
            replicas.signatures.find("half_plus_two"), {"x": np.float32([0])}, ["y"])
        assert answer["y"].tolist() == [2]


async def test_calls_go_where_there_is_least_to_do(options):
    async with _started(Replicas.start(options, 2)) as replicas:
        assert replicas.slots == 4  # two processes of two calls each
        calls = [asyncio.create_task(
            replicas.run(replicas.signatures.find("spin"), ENDLESS, ["steps"])) for _ in range(2)]
        await asyncio.sleep(0)
        assert [client.pending for client in replicas._clients] == [1, 1]
        for call in calls:
            call.cancel()


def _described(push, number: int, description: dict | None):
    path = push("first", number)
    if description is not None:
        (path / "assets.extra/emporium.json").write_text(json.dumps(description))
    return Version(number, path)


async def _half(loaded: LoadedVersion, *values: float) -> list[float]:
    answer = await loaded.run(
        loaded.signatures.find("half_plus_two"), {"x": np.float32(values)}, ["y"])
    return answer["y"].tolist()


async def _rows_of_batches(metrics: Metrics) -> tuple[float, float]:
    """How many batches there were, and how many rows in them."""
    (family,) = metrics.batch_rows.collect()
    values = {sample.name.rsplit("_", 1)[1]: sample.value for sample in family.samples}
    return values["count"], values["sum"]


async def test_a_pure_version_gathers_requests_and_remembers_answers(push):
    metrics = Metrics()
    version = _described(push, 1, {"pure": True})
    async with _started(LoadedVersion.load(version, LoadOptions(), metrics)) as loaded:
        answers = await asyncio.gather(*(_half(loaded, x) for x in range(5)))
        assert answers == [[x / 2 + 2] for x in range(5)]
        assert await _rows_of_batches(metrics) == (2, 5)  # the first, then all that waited
        assert await _half(loaded, 3) == [3.5]
        assert await _rows_of_batches(metrics) == (2, 5)
        assert metrics.cache_hits._value.get() == 1
        assert loaded.admission.most == 4 * 32 * max(1, os.cpu_count() - 1)


async def test_at_most_so_many_requests_are_taken_as_are_asked_for(push):
    version = _described(push, 1, {"pure": True})
    options = LoadOptions(max_requests=5)
    async with _started(LoadedVersion.load(version, options, Metrics())) as loaded:
        assert loaded.admission.most == 5


@pytest.mark.parametrize("description", [None, {"pure": "yes"}, {"pure": False}, {}])
async def test_of_other_versions_nothing_is_gathered_or_remembered(push, description):
    metrics = Metrics()
    options = LoadOptions(batching=BatchingOptions(
        max_rows=8, allowed_rows=(8,), timeout_seconds=3600))
    version = _described(push, 1, description)
    async with _started(LoadedVersion.load(version, options, metrics)) as loaded:
        answers = await asyncio.gather(*(_half(loaded, 1, 2) for _ in range(3)))
        assert answers == [[2.5, 3.0]] * 3
        assert await _rows_of_batches(metrics) == (3, 6)
        assert metrics.cache_hits._value.get() == 0
        assert loaded.admission.most == max(64, 4 * 2 * os.cpu_count())


async def test_a_batch_through_a_real_process_is_the_requests_one_by_one(options):
    paddings = {"history": b"", "exclude": b""}
    requests = [
        {"history": np.array([history], object), "profile": np.array([b""], object),
         "query": np.array([query], object), "exclude": np.array([[b"p1"]], object)}
        for history, query in (
            ([b"p3"], b""), ([b"p4", b"p5", b"p6"], b"usb"), ([b"p7"] * 4, b"steel"))]
    async with _started(Replicas.start(options, 1)) as replicas:
        recommend = replicas.signatures.find("recommend")
        batcher = Batcher(replicas, BatchingOptions(), paddings, Metrics(), Admission(64))
        alone = [await replicas.run(recommend, one, ["product_id"]) for one in requests]
        together = await asyncio.gather(*(
            batcher.run(recommend, one, ["product_id"]) for one in requests))
        for one, other in zip(alone, together, strict=True):
            assert one["product_id"].tolist() == other["product_id"].tolist()
