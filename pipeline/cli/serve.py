"""`emporium serve`: TensorFlow Serving's API over the pushed versions."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import pathlib
from typing import TYPE_CHECKING

from pipeline.cli.arguments import COPY_FIRST, local_path
from pipeline.config import MODEL_NAME

if TYPE_CHECKING:
    from serving.model_server import ServerConfig
    from serving.model_server.loaded import LoadOptions
    from serving.model_server.model_config import ModelConfig

_DESCRIPTION = """\
Serves the newest version in DIR/serving over TensorFlow Serving's gRPC and REST API, and each
newer one as soon as it is pushed, without dropping a request.

  emporium serve out/
  emporium query "usb c cable"
  curl -d '{"signature_name": "search", "inputs": {"query": ["usb c cable"]}}' \\
      http://localhost:8501/v1/models/emporium:predict

It also takes TensorFlow Serving's flags, and then serves any SavedModel:

  emporium serve --model_base_path=/models/shop --model_name=shop --rest_api_port=8501
  emporium serve --model_config_file=/etc/models.config --model_config_file_poll_wait_seconds=60

SIGINT (Ctrl-C) and SIGTERM finish the requests that run, then stop.
"""

_LOCAL = f"{COPY_FIRST}, or serve it with stock TensorFlow Serving, which reads gs://"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "serve", help="answer requests with the newest pushed version", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_models(parser.add_argument_group("what is served"))
    _add_network(parser.add_argument_group("where"))
    _add_load(parser.add_argument_group("how"))
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Serves until a signal."""
    from serving.model_server import run_server

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s")
    run_server(server_config(args))
    return 0


def server_config(args: argparse.Namespace) -> ServerConfig:
    """What the arguments of `emporium serve` say.

    Raises:
        StartupError: a file that they name cannot be used, or they contradict each other.
    """
    from serving.model_server import ServerConfig, config

    return ServerConfig(
        models=_models(args),
        model_config_file=_absolute(args.model_config_file),
        config_poll_seconds=args.model_config_file_poll_wait_seconds,
        host=args.host, port=args.port, rest_port=args.rest_port if args.rest_port >= 0 else None,
        grpc_socket=_absolute(args.grpc_socket_path),
        tls=config.read_tls(args.ssl_config_file) if args.ssl_config_file else None,
        channel_arguments=config.parse_channel_arguments(args.grpc_channel_arguments),
        poll_seconds=args.file_system_poll_wait_seconds,
        load=_load_options(args),
        rest_timeout_seconds=args.rest_api_timeout_in_ms / 1000,
        metrics_path=(
            config.read_metrics_path(args.monitoring_config_file) if args.monitoring_config_file
            else config.DEFAULT_PATH),
    )


def _models(args: argparse.Namespace) -> tuple[ModelConfig, ...]:
    from serving.errors import StartupError
    from serving.model_server import one_model

    given = [
        name for name in ("dir", "model_base_path", "model_config_file") if getattr(args, name)]
    if len(given) > 1:
        raise StartupError(
            "give one of DIR, --model_base_path and --model_config_file, not "
            f"{' and '.join(given)}")
    if args.dir:
        return one_model(pathlib.Path(args.dir) / "serving", args.model_name)
    if args.model_base_path:
        return one_model(pathlib.Path(args.model_base_path), args.model_name)
    return ()


def _load_options(args: argparse.Namespace) -> LoadOptions:
    from serving.model_server.config import read_batching
    from serving.model_server.loaded import DEFAULT_LOAD, LoadOptions

    batching, calls = DEFAULT_LOAD.batching, DEFAULT_LOAD.calls
    if args.batching_parameters_file:
        batching, calls = read_batching(args.batching_parameters_file)
    if args.max_queue_ms is not None:
        batching = dataclasses.replace(batching, max_queued_seconds=args.max_queue_ms / 1000)
    intra, inter = (
        args.tensorflow_session_parallelism if given is None else given
        for given in (args.tensorflow_intra_op_parallelism, args.tensorflow_inter_op_parallelism))
    threads = DEFAULT_LOAD.threads
    if intra is not None:
        threads = dataclasses.replace(threads, intra_op=intra)
    if inter is not None:
        threads = dataclasses.replace(threads, inter_op=inter)
    return LoadOptions(
        processes=args.workers, calls=calls, threads=threads,
        warm_up=args.enable_model_warmup, batching=batching, batch=args.enable_batching,
        max_requests=args.max_requests, cache_bytes=args.result_cache_mb * 2**20,
        load_seconds=args.load_timeout_s, call_seconds=args.call_timeout_s)


def _absolute(path: pathlib.Path | None) -> pathlib.Path | None:
    return None if path is None else path.absolute()


def _add_models(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "dir", metavar="DIR", nargs="?", type=local_path(_LOCAL),
        help="output folder of `emporium run`")
    group.add_argument(
        "--model-name", "--model_name", default=MODEL_NAME,
        help="name that requests give (default %(default)s)")
    group.add_argument(
        "--model_base_path", type=local_path(_LOCAL), metavar="PATH",
        help="folder with one numeric folder a version, instead of DIR")
    group.add_argument(
        "--model_config_file", type=pathlib.Path, metavar="FILE",
        help="several models, their versions and labels: ModelServerConfig in text format")
    group.add_argument(
        "--model_config_file_poll_wait_seconds", type=_number(0), default=0, metavar="N",
        help="read that file again every N seconds; 0 reads it once (default %(default)s)")
    group.add_argument(
        "--file_system_poll_wait_seconds", type=_number(0), default=2, metavar="N",
        help="look for new versions every N seconds; 0 looks once (default %(default)s)")


def _add_network(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--port", type=int, default=8500, help="gRPC port, 0 for a free one (default %(default)s)")
    group.add_argument(
        "--rest-port", "--rest_api_port", type=int, default=8501,
        help="REST port, 0 for a free one, -1 for none (default %(default)s)")
    group.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 takes requests from other machines, without "
        "authentication: --ssl_config_file can ask for certificates over gRPC, nothing does over "
        "REST (default %(default)s)")
    group.add_argument(
        "--grpc_socket_path", type=pathlib.Path, metavar="PATH",
        help="also answer gRPC on this Unix socket")
    group.add_argument(
        "--ssl_config_file", type=pathlib.Path, metavar="FILE",
        help="TLS for gRPC: SSLConfig in text format; REST stays plain, and open to everyone "
        "unless --rest-port is -1")
    group.add_argument(
        "--grpc_channel_arguments", default="", metavar="NAME=VALUE,...",
        help="such as grpc.max_connection_age_ms=2000")
    group.add_argument(
        "--rest_api_timeout_in_ms", type=_number(1), default=30_000, metavar="N",
        help="how long a REST request may take (default %(default)s)")
    group.add_argument(
        "--monitoring_config_file", type=pathlib.Path, metavar="FILE",
        help="MonitoringConfig in text format: whether and where the REST port has Prometheus' "
        "metrics (default: at /monitoring/prometheus/metrics)")


def _add_load(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--workers", type=_whole(1), default=1, metavar="N",
        help="processes that hold a version; with 2, one that dies is not missed "
        "(default %(default)s)")
    group.add_argument(
        "--enable_batching", type=_boolean, nargs="?", const=True, metavar="BOOL",
        help="answer several requests by one model call (default: where the version says that "
        "its rows are independent, as Emporium's do)")
    group.add_argument(
        "--batching_parameters_file", type=pathlib.Path, metavar="FILE",
        help="BatchingParameters in text format")
    group.add_argument(
        "--max-queue-ms", type=_number(0), metavar="N",
        help="refuse requests (RESOURCE_EXHAUSTED) that would wait longer for the model "
        "(default 1000)")
    group.add_argument(
        "--max-requests", type=_whole(1), metavar="N",
        help="refuse requests (RESOURCE_EXHAUSTED) while so many run on a version (default "
        "four full batches a model call, at least 64), and for a while after that, longer where "
        "it comes to that again, while an eighth of it do, at least eight; fewer wait less, and "
        "refuse bursts")
    group.add_argument(
        "--result-cache-mb", type=_whole(0), default=32, metavar="N",
        help="memory for answers that may be asked again, a version; 0 for none "
        "(default %(default)s)")
    group.add_argument(
        "--enable_model_warmup", type=_boolean, nargs="?", const=True, default=True,
        metavar="BOOL", help="answer the recorded requests of a version first (default true)")
    group.add_argument(
        "--load-timeout-s", type=_number(1), default=300, metavar="N",
        help="refuse a version that is not loaded and warmed by then; beside others that answer, "
        "half of it is for idle processor time alone (default %(default)s)")
    group.add_argument(
        "--call-timeout-s", type=_number(1), default=300, metavar="N",
        help="give up a model call that takes longer, and the process with it (default "
        "%(default)s)")
    for name, what in (
        ("session", "threads inside and beside operations"),
        ("intra_op", "threads of one operation"), ("inter_op", "operations beside each other"),
    ):
        group.add_argument(
            f"--tensorflow_{name}_parallelism", type=_whole(0), metavar="N",
            help=f"{what}; 0 lets TensorFlow choose (default: the thread of the call alone)")


def _boolean(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"should be true or false, received {text!r}")
    return known[text.lower()]


class _Bounded:
    """The type of an argument that has a least value."""

    def __init__(self, kind: type[int] | type[float], least: float) -> None:
        self._kind = kind
        self._least = least

    def __call__(self, text: str) -> float:
        what = "a whole number" if self._kind is int else "a number"
        try:
            value = self._kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"should be {what}, received {text!r}") from None
        if not self._least <= value < float("inf"):
            raise argparse.ArgumentTypeError(
                f"should be {what} from {self._least}, received {text!r}")
        return value


def _number(least: float) -> _Bounded:
    return _Bounded(float, least)


def _whole(least: int) -> _Bounded:
    return _Bounded(int, least)
