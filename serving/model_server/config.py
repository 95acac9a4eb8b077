"""How a server runs: typed, checked, and read from TensorFlow Serving's files."""

from __future__ import annotations

import dataclasses
import pathlib

import grpc

from serving.errors import StartupError
from serving.model_server import text_protos
from serving.model_server.loaded import DEFAULT_LOAD, LoadOptions
from serving.model_server.metrics import DEFAULT_PATH
from serving.model_server.model_config import ModelConfig, read_config_file
from serving.model_server.request_queue import DEFAULT_BATCHING, BatchingOptions
from serving.signature import DEFAULT_LIMITS, Limits

DEFAULT_MODEL_NAME = "emporium"
_MAX_CHANNEL_NUMBER = 2**31 - 1  # gRPC holds them in 32 bits


@dataclasses.dataclass(frozen=True)
class Tls:
    """Files of a TLS server, by their contents.

    Attributes:
        key: private key, PEM.
        certificate: certificate chain, PEM.
        client_ca: certificates that sign those of clients, PEM; "" where none is asked for.
        verify_clients: whether a client has to show a certificate (mutual TLS).
    """

    key: bytes
    certificate: bytes
    client_ca: bytes = b""
    verify_clients: bool = False

    def credentials(self) -> grpc.ServerCredentials:
        """What a gRPC port takes."""
        return grpc.ssl_server_credentials(
            [(self.key, self.certificate)], self.client_ca or None, self.verify_clients)


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """How a server runs.

    Attributes:
        models: what it serves, where no file says so.
        model_config_file: ModelServerConfig in text format, which says so.
        config_poll_seconds: pause between two readings of that file; 0 to read it once.
        host: address to listen on; 0.0.0.0 takes requests from other machines.
        port: gRPC port; 0 picks a free one.
        rest_port: REST port; 0 picks a free one, None opens none.
        grpc_socket: path of a Unix socket for gRPC as well; None for none.
        tls: of the gRPC port; None for plain text.
        channel_arguments: gRPC channel arguments, name and value.
        poll_seconds: pause between two looks for a new version; 0 for one look only.
        max_message_bytes: largest request and answer.
        limits: largest inputs of a request.
        load: how versions are loaded and called.
        rest_timeout_seconds: how long a REST request may take.
        metrics_path: where REST answers with Prometheus' metrics; None for nowhere.
        grace_seconds: how long a stop waits for requests that run.
    """

    models: tuple[ModelConfig, ...] = ()
    model_config_file: pathlib.Path | None = None
    config_poll_seconds: float = 0.0
    host: str = "127.0.0.1"
    port: int = 8500
    rest_port: int | None = 8501
    grpc_socket: pathlib.Path | None = None
    tls: Tls | None = None
    channel_arguments: tuple[tuple[str, str | int], ...] = ()
    poll_seconds: float = 2.0
    max_message_bytes: int = 16 * 2**20
    limits: Limits = DEFAULT_LIMITS
    load: LoadOptions = DEFAULT_LOAD
    rest_timeout_seconds: float = 30.0
    metrics_path: str | None = DEFAULT_PATH
    grace_seconds: float = 10.0

    def read_models(self) -> tuple[ModelConfig, ...]:
        """The models to serve, from the file where there is one.

        Raises:
            StartupError: the file cannot be read, or nothing says which model to serve.
        """
        models = self.models
        if self.model_config_file is not None:
            models = read_config_file(self.model_config_file)
        if not models:
            raise StartupError(
                "there is no model to serve; name the output folder of `emporium run`, or give "
                "--model_base_path or --model_config_file")
        return models


def one_model(base_path: pathlib.Path, name: str = DEFAULT_MODEL_NAME) -> tuple[ModelConfig, ...]:
    """The models of a server that has one: the newest version in a folder."""
    return (ModelConfig(name, base_path),)


def read_tls(path: pathlib.Path) -> Tls:
    """TLS by the contents of an SSLConfig file.

    Raises:
        StartupError: the file is no SSLConfig, or has no key or certificate.
    """
    proto = text_protos.read(path, "SSLConfig")
    if not proto.server_key or not proto.server_cert:
        raise StartupError(f"{path} should have server_key and server_cert, both in PEM")
    if proto.client_verify and not proto.custom_ca:
        raise StartupError(
            f"{path}: client_verify needs custom_ca, the certificates that sign those of clients")
    return Tls(proto.server_key.encode(), proto.server_cert.encode(), proto.custom_ca.encode(),
               proto.client_verify)


def read_metrics_path(path: pathlib.Path) -> str | None:
    """Where metrics are by a MonitoringConfig file; None where it does not enable them.

    Raises:
        StartupError: the file is no MonitoringConfig.
    """
    prometheus = text_protos.read(path, "MonitoringConfig").prometheus_config
    return (prometheus.path or DEFAULT_PATH) if prometheus.enable else None


def read_batching(path: pathlib.Path) -> tuple[BatchingOptions, int | None]:
    """Batching by a BatchingParameters file, and how many batches run at once.

    Raises:
        StartupError: the file is no BatchingParameters, or its numbers cannot be.
    """
    proto = text_protos.read(path, "BatchingParameters")

    def positive(field: str, default: int, least: int = 1) -> int:
        if not proto.HasField(field):
            return default
        value = getattr(proto, field).value
        if value < least:
            raise StartupError(f"{path}: {field} should be at least {least}, it is {value}")
        return int(value)

    rows = positive("max_batch_size", 1000)  # TensorFlow Serving's own defaults
    sizes = tuple(proto.allowed_batch_sizes)
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[0] < 1 or sizes[-1] != rows):
        raise StartupError(
            f"{path}: allowed_batch_sizes should increase from at least 1 and end with "
            f"max_batch_size ({rows}), they are {list(sizes)}")
    return BatchingOptions(
        max_rows=rows, timeout_seconds=positive("batch_timeout_micros", 0, 0) / 1e6,
        max_queued_rows=positive("max_enqueued_batches", 10) * rows,
        max_queued_seconds=DEFAULT_BATCHING.max_queued_seconds,
        pad_lists=proto.pad_variable_length_inputs, allowed_rows=sizes,
    ), positive("num_batch_threads", 0) or DEFAULT_LOAD.calls


def parse_channel_arguments(text: str) -> tuple[tuple[str, str | int], ...]:
    """The pairs of `name=value,name=value`; whole numbers become such.

    Raises:
        StartupError: a part is no such pair.
    """
    pairs: list[tuple[str, str | int]] = []
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise StartupError(
                f"gRPC channel arguments should be name=value,name=value; {part!r} is none")
        try:
            number = int(value)
        except ValueError:
            pairs.append((name.strip(), value.strip()))
            continue
        if abs(number) > _MAX_CHANNEL_NUMBER:
            raise StartupError(
                f"gRPC channel argument {name.strip()} should be at most {_MAX_CHANNEL_NUMBER}, "
                f"received {number}")
        pairs.append((name.strip(), number))
    return tuple(pairs)
