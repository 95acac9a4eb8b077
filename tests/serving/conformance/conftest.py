"""Where the conformance suite finds a server.

By default it starts this project's own, one a model, on free ports. To hold any other server of
the protocol against the same tests, such as stock TensorFlow Serving, export the models, start it
on them, and say where it is:

    python -m tests.serving.conformance.models "$PWD/models"
    docker run -d -v "$PWD/models:$PWD/models:ro" -p 8500:8500 -p 8501:8501 \
        tensorflow/serving:2.16.1 --model_config_file="$PWD/models/models.config" \
        --monitoring_config_file="$PWD/models/monitoring.config"
    EMPORIUM_CONFORMANCE_GRPC=localhost:8500 EMPORIUM_CONFORMANCE_REST=localhost:8501 \
        python -m pytest tests/serving/conformance -k "not flags"
"""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

import grpc
import httpx
import pytest
from tensorflow_serving.apis import model_service_pb2_grpc, prediction_service_pb2_grpc

from serving.model_server import ServerConfig, one_model
from tests.serving.conformance.models import base_path, export_all
from tests.serving.conftest import running


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A served model by all of its doors."""

    model_name: str
    prediction: prediction_service_pb2_grpc.PredictionServiceStub
    model: model_service_pb2_grpc.ModelServiceStub
    http: httpx.Client

    @property
    def path(self) -> str:
        return f"/v1/models/{self.model_name}"


@contextlib.contextmanager
def _connected(model_name: str, target: str, rest: str) -> Iterator[Endpoint]:
    with grpc.insecure_channel(target) as channel, httpx.Client(
            base_url=f"http://{rest}", timeout=30) as http:
        yield Endpoint(
            model_name, prediction_service_pb2_grpc.PredictionServiceStub(channel),
            model_service_pb2_grpc.ModelServiceStub(channel), http)


@pytest.fixture(scope="session")
def model_root(tmp_path_factory) -> pathlib.Path:
    """The exported models."""
    root = tmp_path_factory.mktemp("conformance")
    export_all(root)
    return root


@pytest.fixture(scope="session")
def endpoint(request) -> Iterator[Callable[[str], Endpoint]]:
    """Gives the endpoint of a model by its name."""
    target = os.environ.get("EMPORIUM_CONFORMANCE_GRPC")
    rest = os.environ.get("EMPORIUM_CONFORMANCE_REST")
    if bool(target) != bool(rest):
        pytest.exit("give both EMPORIUM_CONFORMANCE_GRPC and EMPORIUM_CONFORMANCE_REST", 4)
    known: dict[str, Endpoint] = {}
    with contextlib.ExitStack() as stack:

        def find(model_name: str) -> Endpoint:
            if model_name not in known:
                addresses = (target, rest) if target else _start(stack, request, model_name)
                known[model_name] = stack.enter_context(_connected(model_name, *addresses))
            return known[model_name]

        yield find


def _start(stack: contextlib.ExitStack, request, model_name: str) -> tuple[str, str]:
    root = request.getfixturevalue("model_root")
    server = stack.enter_context(running(ServerConfig(
        one_model(base_path(root, model_name), model_name), port=0, rest_port=0,
        poll_seconds=3600)))
    return f"127.0.0.1:{server.grpc_port}", f"127.0.0.1:{server.rest_port}"


@pytest.fixture(scope="session")
def half(endpoint) -> Endpoint:
    """The model x / 2 + 2."""
    return endpoint("half_plus_two")


@pytest.fixture(scope="session")
def forms(endpoint) -> Endpoint:
    """The model with signatures of every form."""
    return endpoint("forms")
