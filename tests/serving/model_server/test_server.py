"""The whole server: swaps under load, start, stop and what it says when it cannot start."""

import concurrent.futures
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading

import grpc
import httpx
import numpy as np
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.client import Client, ClientError
from serving.errors import StartupError
from serving.model_server import ServerConfig, one_model
from serving.model_server.loaded import LoadOptions
from serving.model_server.model_config import ModelConfig
from serving.tensors import encode_tensor
from tests.serving.conftest import running, wait_until


def _config(folder: pathlib.Path, **settings) -> ServerConfig:
    return ServerConfig(**{"models": one_model(folder), "port": 0, "rest_port": 0,
                           "poll_seconds": 0.05, **settings})


def test_no_request_fails_while_versions_are_swapped(push, tmp_path):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, \
            Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=60) as client, \
            httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=60) as http, \
            concurrent.futures.ThreadPoolExecutor(4) as pool:
        swapped = threading.Event()

        def over_grpc() -> set[str]:
            seen = set()
            while not swapped.is_set():
                ((first, *_),) = client.search(["garden hose"])
                seen.add(first.product_id)
            return seen

        def over_rest() -> set[str]:
            seen = set()
            while not swapped.is_set():
                response = http.post(
                    "/v1/models/emporium:predict", json={"instances": ["garden hose"]})
                assert response.status_code == 200, response.text
                seen.add(response.json()["predictions"][0]["product_id"][0])
            return seen

        calls = [pool.submit(call) for call in (over_grpc, over_grpc, over_rest, over_rest)]
        try:
            for number in range(2, 6):
                push("second" if number % 2 == 0 else "first", number)
                wait_until(lambda number=number: client.metadata().version == number)
                assert not any(call.done() for call in calls)
        finally:
            swapped.set()
        for call in calls:
            assert call.result() == {"p3", "new-p3"}
        wait_until(lambda: all(status.state != "UNLOADING" for status in client.status()))
        assert [(status.version, status.state) for status in client.status()] == [
            (5, "AVAILABLE"), (4, "END"), (3, "END"), (2, "END"), (1, "END")]


def test_a_broken_version_is_reported_and_the_old_one_answers(push, tmp_path):
    push("first", 1)
    with running(_config(tmp_path / "serving")) as server, \
            Client(f"127.0.0.1:{server.grpc_port}") as client:
        broken = tmp_path / "serving" / "2"
        broken.mkdir()
        (broken / "saved_model.pb").write_bytes(b"broken")
        wait_until(lambda: [status.state for status in client.status()] == ["END", "AVAILABLE"])
        assert client.metadata().version == 1
        assert client.search(["garden hose"])[0][0].product_id == "p3"
        status = client.status()[0]
        assert (status.version, status.state) == (2, "END")
        assert "cannot be read as a SavedModel" in status.error
        rest = httpx.get(f"http://127.0.0.1:{server.rest_port}/v1/models/emporium/versions/2")
        (entry,) = rest.json()["model_version_status"]
        assert entry["state"] == "END"
        assert entry["status"] == {
            "error_code": "FAILED_PRECONDITION", "error_message": status.error}


def test_a_stop_waits_for_the_requests_that_run(push, tmp_path):
    push("first", 1)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        with running(_config(tmp_path / "serving")) as server:
            client = Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=60)
            steps = np.array(100_000, np.int32)
            over_grpc = pool.submit(client.predict, "spin", {"steps": steps})
            over_rest = pool.submit(
                httpx.post, f"http://127.0.0.1:{server.rest_port}/v1/models/emporium:predict",
                json={"signature_name": "spin", "inputs": int(steps)}, timeout=60)
            wait_until(lambda: server.manager.in_flight == 2)
        assert over_grpc.result()["steps"] == steps
        assert over_rest.result().json() == {"outputs": steps}
    with pytest.raises(ClientError, match="UNAVAILABLE"):
        client.search(["too late"])
    client.close()


def test_what_would_only_wait_is_refused(push, tmp_path):
    push("first", 1)
    config = _config(tmp_path / "serving", load=LoadOptions(max_requests=1))
    with concurrent.futures.ThreadPoolExecutor(1) as pool, running(config) as server, \
            Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=60) as client:
        steps = np.array(200_000, np.int32)
        runs = pool.submit(client.predict, "spin", {"steps": steps})
        wait_until(lambda: server.manager.in_flight == 1)
        with pytest.raises(ClientError, match="RESOURCE_EXHAUSTED: the server is busy with as m"):
            client.search(["garden hose"])
        assert client.metadata().version == 1  # what needs no model is answered
        assert runs.result()["steps"] == steps
        assert client.search(["garden hose"])[0][0].product_id == "p3"
        metrics = httpx.get(
            f"http://127.0.0.1:{server.rest_port}/monitoring/prometheus/metrics").text
        assert "emporium_requests_shed_total 1.0" in metrics


def test_after_too_many_fewer_are_taken(push, tmp_path):
    push("first", 1)
    config = _config(tmp_path / "serving", load=LoadOptions(max_requests=24))  # and then eight
    with concurrent.futures.ThreadPoolExecutor(24) as pool, running(config) as server, \
            Client(f"127.0.0.1:{server.grpc_port}", timeout_seconds=60) as client:
        spin = {"steps": np.array(100_000, np.int32)}
        runs = [pool.submit(client.predict, "spin", spin) for _ in range(24)]
        wait_until(lambda: server.manager.in_flight == 24)
        for running_now in (24, 20):  # so few would be let in by the whole bound
            wait_until(lambda most=running_now: server.manager.in_flight <= most)
            with pytest.raises(ClientError, match="RESOURCE_EXHAUSTED: the server is busy with"):
                client.search(["garden hose"])
        for run in runs:
            run.result()
        with server.manager.model("emporium").acquire() as loaded:
            # Nothing more is refused, so it ends after a second, not in half a minute.
            wait_until(lambda: client.search(["garden hose"]) and not loaded.admission.is_short,
                       seconds=20)


def test_a_busy_model_does_not_have_another_refused(push, tmp_path):
    folder = push("first", 1).parent
    config = _config(folder, models=tuple(ModelConfig(name, folder) for name in ("busy", "idle")),
                     load=LoadOptions(max_requests=1))
    with concurrent.futures.ThreadPoolExecutor(1) as pool, running(config) as server:
        address = f"127.0.0.1:{server.grpc_port}"
        with Client(address, model_name="busy", timeout_seconds=60) as busy, \
                Client(address, model_name="idle", timeout_seconds=60) as idle:
            steps = np.array(200_000, np.int32)
            runs = pool.submit(busy.predict, "spin", {"steps": steps})
            wait_until(lambda: server.manager.in_flight == 1)
            with pytest.raises(ClientError, match="RESOURCE_EXHAUSTED: the server is busy with 1"):
                busy.search(["garden hose"])
            assert idle.search(["garden hose"])[0][0].product_id == "p3"
            assert runs.result()["steps"] == steps


def test_a_taken_port_is_a_clear_error(push, tmp_path):
    push("first", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for argument, flag in (("port", "--port"), ("rest_port", "--rest-port")):
            with pytest.raises(StartupError, match=rf"127\.0\.0\.1:{port}.* another {flag} "), \
                    running(_config(tmp_path / "serving", **{argument: port})):
                pass


@pytest.mark.parametrize(("settings", "remedy"), [
    ({"port": 99_999}, r"127\.0\.0\.1:99999; give a port from 0 to 65535"),
    ({"rest_port": 99_999}, r"127\.0\.0\.1:99999.*give a rest_port from 0 to 65535"),
    ({"host": "no such host"}, r"no such host:0.*give the host by an address"),
])
def test_an_address_that_cannot_be_is_a_clear_error(push, tmp_path, settings, remedy):
    push("first", 1)
    with pytest.raises(StartupError, match=remedy), \
            running(_config(tmp_path / "serving", **settings)):
        pass


def test_a_folder_without_a_version_is_a_clear_error(tmp_path):
    with pytest.raises(StartupError, match=r"no model version in .*emporium run"), \
            running(_config(tmp_path)):
        pass


_RUN = """
import logging
import pathlib
import sys
from serving import ServingError
from serving.model_server import ServerConfig, one_model, run_server
logging.basicConfig(level=logging.INFO)
try:
    run_server(ServerConfig(one_model(pathlib.Path(sys.argv[1]), "shop"), port=0, rest_port=0))
except ServingError as error:
    sys.exit(f"error: {error}")
"""


def test_the_process_says_when_it_is_ready_and_stops_on_a_signal(push, tmp_path):
    push("first", 1)
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(tmp_path / "serving")], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()})
    with process:
        ready = process.stdout.readline()
        assert re.fullmatch(
            r"ready: gRPC 127\.0\.0\.1:\d+, REST http://127\.0\.0\.1:\d+/v1/models/shop, "
            r"version 1\n", ready)
        (target,) = re.findall(r"gRPC (\S+),", ready)
        with Client(target, model_name="shop") as client:
            assert client.search(["rake"])[0][0].product_id == "p4"
        process.stdout.close()  # Nobody reads what it says: no reason to stop in another way.
        process.send_signal(signal.SIGTERM)
        assert "finishing" in process.stderr.read()
    assert process.returncode == 0


def test_a_second_signal_does_not_wait(push, tmp_path):
    push("first", 1)
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, str(tmp_path / "serving")], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.getcwd()})
    with process:
        (target,) = re.findall(r"gRPC (\S+),", process.stdout.readline())
        with grpc.insecure_channel(target) as channel:
            request = predict_pb2.PredictRequest()
            request.model_spec.name = "shop"
            request.model_spec.signature_name = "spin"
            # Steps for hours: only the second signal can end this.
            request.inputs["steps"].CopyFrom(encode_tensor(np.array(2**31 - 1, np.int32)))
            endless = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict.future(
                request)
            # Answered later on the same connection, so the endless one runs by then.
            status = get_model_status_pb2.GetModelStatusRequest()
            status.model_spec.name = "shop"
            model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status)
            process.send_signal(signal.SIGINT)
            assert any("finishing" in line for line in process.stderr)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == -signal.SIGINT
            assert endless.code() is grpc.StatusCode.UNAVAILABLE
