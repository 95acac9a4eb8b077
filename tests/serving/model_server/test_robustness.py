"""What is served stays served, whatever happens to processes, folders, the disk and the clock."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time

import httpx
import numpy as np
import pytest

from serving.client import Client, ClientError
from serving.errors import VersionError
from serving.model_server import ServerConfig, one_model
from serving.model_server.loaded import LoadedVersion, LoadOptions
from serving.model_server.metrics import Metrics
from serving.model_server.model_client import ModelClient
from serving.model_server.model_config import ModelConfig
from serving.model_server.model_process import ProcessOptions
from serving.servable import DEFAULT_THREADS, Threads
from serving.versions import Version
from tests.serving.conftest import running, wait_until
from tests.serving.model_server.conftest import halt, hang, is_alive, kill, policies


def _config(folder: pathlib.Path, **settings) -> ServerConfig:
    return ServerConfig(**{
        "models": one_model(folder), "port": 0, "rest_port": 0, "poll_seconds": 0.05, **settings})


@contextlib.contextmanager
def _client(server):
    with Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=120) as client:
        yield client


def _first(client: Client) -> str:
    return client.search(["garden hose"])[0][0].product_id


def _ask_until_it_fails(client: Client) -> None:
    while True:
        _first(client)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_process_fails_no_request(push, tmp_path, processes):
    push("first", 1)
    config = _config(tmp_path / "serving", load=LoadOptions(processes=processes))
    with running(config) as server, _client(server) as client, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        model = server.manager.model("emporium")
        assert len(model.pids) == processes
        done = threading.Event()

        def ask() -> int:
            answers = 0
            while not done.is_set():
                assert _first(client) == "p3"
                answers += 1
            return answers

        calls = [pool.submit(ask) for _ in range(4)]
        try:
            for _ in range(2):
                killed = model.pids[0]
                kill(killed)
                wait_until(lambda killed=killed: (
                    killed not in model.pids and len(model.pids) == processes))
                assert not [call.exception() for call in calls if call.done()]
        finally:
            done.set()
        assert all(call.result() > 0 for call in calls)
        assert model.available == {1}


def test_a_version_whose_folder_is_gone_is_served_until_its_process_dies(push, tmp_path):
    folder = push("first", 1)
    with running(_config(tmp_path / "serving")) as server, _client(server) as client:
        model = server.manager.model("emporium")
        shutil.rmtree(folder)
        assert _first(client) == "p3"
        ready = f"http://127.0.0.1:{server.rest_port}/readyz"
        assert httpx.get(ready).status_code == 200
        kill(model.pids[0])
        # There is nothing to start another one from: said at once, instead of waiting for ever.
        with pytest.raises(ClientError, match=r"UNAVAILABLE.*(saved_model|SavedModel)"):
            _ask_until_it_fails(client)
        [status] = client.status()
        assert (status.version, status.state) == (1, "LOADING")
        assert "SavedModel" in status.error
        answer = httpx.get(ready)
        assert (answer.status_code, answer.json()) == (503, {
            "error": "no version of 'emporium' answers; the status of the model says why"})
        push("second", 2)
        wait_until(lambda: model.available == {2})
        assert _first(client) == "new-p3"
        assert httpx.get(ready).status_code == 200


def test_a_version_with_corrupt_variables_is_refused(push, tmp_path, toy_versions):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, _client(server) as client:
        part = tmp_path / "part"
        shutil.copytree(toy_versions["second"], part)
        (data,) = part.glob("variables/variables.data-*")
        os.truncate(data, data.stat().st_size // 2)
        part.rename(tmp_path / "serving/2")
        wait_until(lambda: [status.state for status in client.status()] == ["END", "AVAILABLE"])
        assert "version 2 in" in client.status()[0].error
        assert "cannot be loaded" in client.status()[0].error
        assert _first(client) == "p3"


async def test_a_version_that_hangs_is_given_up(push):
    version = hang(push("first", 1))
    with pytest.raises(VersionError, match=r"not ready after 0\.5 s.*--load-timeout-s"):
        await ModelClient.start(ProcessOptions(1, version, load_seconds=0.5))


def _loads_in_idle_time() -> bool:
    return any(os.SCHED_IDLE in policies(child.pid) for child in multiprocessing.active_children())


def test_a_version_is_loaded_in_idle_time_beside_another(push, tmp_path, toy_versions):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, _client(server) as client:
        assert not _loads_in_idle_time()
        part = tmp_path / "part"
        shutil.copytree(toy_versions["second"], part)
        hang(part).rename(tmp_path / "serving/2")
        wait_until(_loads_in_idle_time)
        assert _first(client) == "p3"
        assert policies(*server.manager.model("emporium").pids) == {os.SCHED_OTHER}


def test_a_version_that_was_replaced_ends_in_idle_time(push, tmp_path):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, _client(server) as client:
        (old,) = server.manager.model("emporium").pids
        halt(old)  # so that it is there to be looked at
        try:
            push("second", 2)
            wait_until(lambda: policies(old) == {os.SCHED_IDLE})
        finally:
            os.kill(old, signal.SIGCONT)
        wait_until(lambda: not policies(old))
        assert _first(client) == "new-p3"
        assert os.SCHED_OTHER in policies(*server.manager.model("emporium").pids)


async def test_a_version_that_finds_no_idle_time_is_loaded_once_more(push, caplog):
    version = hang(push("first", 1))
    with pytest.raises(VersionError, match=r"not ready after 1 s.*--load-timeout-s"):
        await LoadedVersion.load(
            Version(1, version), LoadOptions(load_seconds=2), Metrics(), idle=True)
    assert "not ready after 1 s of what processor time" in caplog.text


@pytest.mark.parametrize("threads", [DEFAULT_THREADS, Threads(2, 2)])
async def test_what_was_loaded_in_idle_time_answers_in_any(push, threads):
    options = ProcessOptions(1, push("first", 1), threads=threads, idle=True)
    client = await ModelClient.start(options)
    try:
        before = _ticks(client.pid)
        spin = client.signatures.find("spin")
        await client.call(spin, {"steps": np.int32(200_000)}, list(spin.outputs))
        worked = [task for task, ticks in _ticks(client.pid).items()
                  if ticks > before.get(task, 0)]
        assert worked
        assert {os.sched_getscheduler(task) for task in worked} == {os.SCHED_OTHER}
    finally:
        await client.stop()


def _ticks(pid: int) -> dict[int, int]:
    """The processor time of each thread, in hundredths of a second."""
    return {int(task.name): int(task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[11])
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def test_a_call_that_hangs_is_given_up_and_those_behind_it_are_answered(push, tmp_path, caplog):
    push("first", 1)
    # One call at a time: what comes next waits for the one that hangs.
    config = _config(tmp_path / "serving", load=LoadOptions(call_seconds=5.0, calls=1))
    with running(config) as server, _client(server) as client, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        [hanging] = server.manager.model("emporium").pids
        spin = pool.submit(client.predict, "spin", {"steps": np.int32(2**31 - 1)})
        wait_until(lambda: server.manager.in_flight == 1)
        waiting = pool.submit(_first, client)
        with pytest.raises(ClientError, match=r"DEADLINE_EXCEEDED.*--call-timeout-s"):
            spin.result()
        assert waiting.result() == "p3"
        assert "signature spin of version 1 is not answered after 5 s" in caplog.text
        assert hanging not in server.manager.model("emporium").pids
        wait_until(lambda: not is_alive(hanging))


def test_a_version_that_hangs_in_loading_holds_up_nobody(push, tmp_path, toy_versions):
    push("first", 1)
    shutil.copytree(toy_versions["first"], tmp_path / "other/1")
    config = _config(tmp_path / "serving")
    models = (*config.models, ModelConfig("other", tmp_path / "other"))
    with running(_config(tmp_path, models=models)) as server, _client(server) as client:
        part = tmp_path / "part"
        shutil.copytree(toy_versions["second"], part)
        hang(part).rename(tmp_path / "serving/2")
        wait_until(lambda: [status.state for status in client.status()] == [
            "LOADING", "AVAILABLE"])
        assert _first(client) == "p3"
        # Another model even gets a new version meanwhile.
        shutil.copytree(toy_versions["second"], tmp_path / "part")
        (tmp_path / "part").rename(tmp_path / "other/2")
        wait_until(lambda: server.manager.model("other").available == {2})
        assert client.status()[0].state == "LOADING"
        assert _first(client) == "p3"


def test_a_clock_that_jumps_changes_nothing(push, tmp_path, monkeypatch):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, \
            httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=120) as http:
        model = server.manager.model("emporium")

        def first() -> str:
            answer = http.post(
                "/v1/models/emporium:predict", json={"instances": ["garden hose"]})
            assert answer.status_code == 200, answer.text
            return answer.json()["predictions"][0]["product_id"][0]

        now, year = time.time, 366 * 24 * 3600
        for number, jump in ((2, 10 * year), (3, -10 * year)):
            monkeypatch.setattr(time, "time", lambda jump=jump: now() + jump)
            first()
            push("second" if number == 2 else "first", number)
            wait_until(lambda number=number: model.available == {number})
            assert first() == ("new-p3" if number == 2 else "p3")


_RUN = """
import pathlib
import sys
from serving.model_server import ServerConfig, one_model, run_server
run_server(ServerConfig(
    one_model(pathlib.Path(sys.argv[1])), port=0, rest_port=None, poll_seconds=0.05))
"""


@contextlib.contextmanager
def _process(folder: pathlib.Path):
    """A server in a process of its own, and a client of it."""
    with subprocess.Popen(
            [sys.executable, "-c", _RUN, str(folder)], text=True, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.getcwd()}) as process:
        try:
            ready = process.stdout.readline()
            assert ready.startswith("ready: gRPC "), ready
            target = ready.removeprefix("ready: gRPC ").split(",")[0]
            with Client(target, timeout_seconds=120) as client:
                yield process, client
        finally:
            process.kill()


def _children(pid: int) -> list[int]:
    return [int(child) for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
            for child in task.read_text().split()]


def _model_pids(server: subprocess.Popen) -> list[int]:
    """The model processes: children of the one that they are forked from, the server's child."""
    return [pid for child in _children(server.pid) for pid in _children(child)]


def _descendants(pid: int) -> list[int]:
    return [one for child in _children(pid) for one in (child, *_descendants(child))]


def test_a_server_that_is_killed_leaves_no_process_behind(push, tmp_path, toy_versions):
    push("first", 1)
    with _process(tmp_path / "serving") as (process, client):
        before = len(_descendants(process.pid))
        assert before  # the process of version 1 and the one that it was forked from
        part = tmp_path / "part"
        shutil.copytree(toy_versions["second"], part)
        hang(part).rename(tmp_path / "serving/2")
        wait_until(lambda: len(_descendants(process.pid)) > before)
        assert _first(client) == "p3"
        pids = _descendants(process.pid)
        process.kill()
        process.wait()
        # Also the one that was loading: nobody is left whom it could tell.
        wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_disk_that_fills_does_not_matter(push, tmp_path):
    push("first", 1)
    with _process(tmp_path / "serving") as (process, client):
        # No process of the server can write a byte to any file from now on, nor can those that
        # are forked from them. (A start needs a little room: TensorFlow's import does.)
        for pid in (process.pid, *_descendants(process.pid)):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        assert _first(client) == "p3"
        push("second", 2)
        wait_until(lambda: client.metadata().version == 2)
        assert _first(client) == "new-p3"
        # Neither does a process that has to be replaced on it.
        wait_until(lambda: len(_model_pids(process)) == 1)
        kill(*_model_pids(process))
        assert _first(client) == "new-p3"


def test_a_signal_ends_a_server_that_still_loads(push, tmp_path):
    hang(push("first", 1))
    with subprocess.Popen(
            [sys.executable, "-c", _RUN, str(tmp_path / "serving")], text=True,
            stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}) as process:
        wait_until(lambda: _model_pids(process))
        pids = _descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == ""  # it was never ready
        assert process.wait(60) == 0
        wait_until(lambda: not any(is_alive(pid) for pid in pids))
