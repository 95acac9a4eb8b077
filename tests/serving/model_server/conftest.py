"""What the tests of the model server have in common."""

import contextlib
import multiprocessing
import os
import pathlib
import signal

import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from serving.model_server.loaded import LoadOptions
from serving.model_server.manager import ModelManager
from serving.model_server.metrics import Metrics
from serving.model_server.model_config import ModelConfig
from tests.serving.conftest import wait_until


@pytest.fixture
def managing():
    """Makes managers that look at a folder only when a test says so, and ends them."""

    @contextlib.asynccontextmanager
    async def make(*configs: ModelConfig, **options):
        manager = ModelManager(LoadOptions(**options), Metrics(), poll_seconds=3600)
        try:
            await manager.start(configs)
            yield manager
        finally:
            await manager.stop()

    return make


@pytest.fixture
def model_processes():
    """Lists the ids of the model processes that a test has started and that are there still.

    Servers that other tests share may have some, too.
    """

    def running() -> list[int]:
        return [child.pid for child in multiprocessing.active_children()
                if child.name.startswith("model-")]

    others = running()
    return lambda: [pid for pid in running() if pid not in others]


def policies(pid: int) -> set[int]:
    """By what the kernel schedules the threads of a process; of one that is gone there are none."""
    found = set()
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):  # It may end meanwhile.
        for task in os.listdir(f"/proc/{pid}/task"):
            found.add(os.sched_getscheduler(int(task)))
    return found


def halt(pid: int) -> None:
    """Stops a process, which SIGCONT lets go on, and waits until every thread of it has stopped."""
    os.kill(pid, signal.SIGSTOP)
    tasks = pathlib.Path(f"/proc/{pid}/task")
    wait_until(lambda: all(
        task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
        for task in tasks.iterdir()))


def break_graph(version: pathlib.Path) -> pathlib.Path:
    """Cuts off the graph of a version, as a copy that was interrupted does."""
    graph = version / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:100])
    return version


def hang(version: pathlib.Path) -> pathlib.Path:
    """Gives a version a warm-up request that takes hours."""
    request = predict_pb2.PredictRequest()
    request.model_spec.signature_name = "spin"
    request.inputs["steps"].CopyFrom(tf.make_tensor_proto(2**31 - 1, tf.int32))
    log = prediction_log_pb2.PredictionLog(
        predict_log=prediction_log_pb2.PredictLog(request=request))
    with tf.io.TFRecordWriter(
            str(version / "assets.extra/tf_serving_warmup_requests")) as writer:
        writer.write(log.SerializeToString())
    return version


def is_alive(pid: int) -> bool:
    """Whether there is a process, other than one that only waits to be reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(pid: int) -> None:
    """Ends a process as the kernel does when memory is short."""
    os.kill(pid, signal.SIGKILL)
