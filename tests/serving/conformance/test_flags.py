"""The command line of TensorFlow Serving's model server, as its own tests start it.

Each test starts `emporium serve` by its flags: these are of this project's server whatever
EMPORIUM_CONFORMANCE_GRPC says.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import grpc
import httpx
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from tests.serving.conformance.models import VERSION, base_path, model_config
from tests.serving.conformance.requests import predict

START_SECONDS = 120
# What a server answers that is starting, or that has not loaded the model.
_NOT_YET = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.DEADLINE_EXCEEDED)
_COMMAND = "import sys; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A server process and what to ask it."""

    def __init__(self, process: subprocess.Popen, target: str, rest: str,
                 log: pathlib.Path) -> None:
        self.process = process
        self.target = target
        self.rest = rest
        self.log = log

    def half(self, model_name: str, x: float = 2.0, target: str = "") -> tuple[float, int]:
        """The answer of a model of x / 2 + something, and the version that gave it."""
        with grpc.insecure_channel(target or self.target) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            response = stub.Predict(predict(model_name, {"x": [x]}), timeout=30)
        (y,) = response.outputs["y"].float_val
        return y, response.model_spec.version.value

    def is_available(self, model_name: str) -> bool:
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model_name
        with grpc.insecure_channel(self.target) as channel:
            try:
                response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(
                    request, timeout=5)
            except grpc.RpcError as error:
                if error.code() in _NOT_YET:
                    return False
                raise
        available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        return available in {status.state for status in response.model_version_status}

    def wait_for(self, model_name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_available(model_name):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)


def _popen(log: pathlib.Path, *flags: str) -> subprocess.Popen:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "serve", *flags], stdout=output, stderr=output,
            env={**os.environ, "PYTHONPATH": os.getcwd()})


@contextlib.contextmanager
def _serving(log: pathlib.Path, *flags: str, model_name: str) -> Iterator[Server]:
    port, rest_port = _free_port(), _free_port()
    process = _popen(
        log, f"--port={port}", f"--rest_api_port={rest_port}", "--rest_api_timeout_in_ms=30000",
        *flags)
    server = Server(process, f"127.0.0.1:{port}", f"127.0.0.1:{rest_port}", log)
    try:
        server.wait_for(model_name)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def log(tmp_path) -> pathlib.Path:
    return tmp_path / "server.log"


def test_one_model_and_every_flag_that_goes_with_it(model_root, log, tmp_path):
    unix_socket = tmp_path / "tf-serving.sock"
    folder = base_path(model_root, "half_plus_two")
    with _serving(
            log, "--model_name=default", f"--model_base_path={folder}",
            "--grpc_channel_arguments=grpc.max_connection_age_ms=2000,grpc.lb_policy_name=grpclb",
            f"--grpc_socket_path={unix_socket}",
            f"--monitoring_config_file={model_root / 'monitoring.config'}",
            "--enable_batching", f"--batching_parameters_file={model_root / 'batching.config'}",
            model_name="default") as server:
        assert server.half("default") == (3.0, VERSION)
        assert server.half("default", target=f"unix:{unix_socket}") == (3.0, VERSION)
        metrics = httpx.get(f"http://{server.rest}/monitoring/prometheus/metrics")
        assert metrics.status_code == 200
        assert "# TYPE" in metrics.text
        response = httpx.post(
            f"http://{server.rest}/v1/models/default:predict", json={"instances": [2.0, 3.0, 4.0]})
        assert response.json() == {"predictions": [3.0, 3.5, 4.0]}


def test_several_models_of_a_file(model_root, log):
    with _serving(
            log, f"--model_config_file={model_root / 'models.config'}",
            model_name="half_plus_three") as server:
        server.wait_for("half_plus_two")
        assert server.half("half_plus_two") == (3.0, VERSION)
        assert server.half("half_plus_three") == (4.0, VERSION)


def test_a_file_that_is_no_configuration(model_root, log):
    file = model_root / "bad.config"
    process = _popen(log, f"--port={_free_port()}", f"--rest_api_port={_free_port()}",
                     f"--model_config_file={file}")
    try:
        assert process.wait(START_SECONDS) != 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    # The two wordings of TensorFlow Serving over its releases, either of which scripts look for.
    assert (f"Invalid protobuf file: '{file}'" in said
            or "Error parsing text-format tensorflow.serving.ModelServerConfig" in said)
    assert "Traceback" not in said


def test_a_changed_file_is_read_again(model_root, log, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(model_config(model_root, ("half_plus_two",)))
    with _serving(
            log, f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=1",
            model_name="half_plus_two") as server:
        assert server.half("half_plus_two") == (3.0, VERSION)
        file.write_text(model_config(model_root, ("half_plus_three",)))
        server.wait_for("half_plus_three")
        assert server.half("half_plus_three") == (4.0, VERSION)


def test_without_a_poll_period_a_changed_file_is_not_read(model_root, log, tmp_path):
    file = tmp_path / "models.config"
    file.write_text(model_config(model_root, ("half_plus_two",)))
    with _serving(
            log, f"--model_config_file={file}", "--model_config_file_poll_wait_seconds=0",
            model_name="half_plus_two") as server:
        file.write_text(model_config(model_root, ("half_plus_three",)))
        time.sleep(2)
        assert server.half("half_plus_two") == (3.0, VERSION)
        assert not server.is_available("half_plus_three")
