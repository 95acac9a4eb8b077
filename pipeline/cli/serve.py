"""`emporium serve`: TensorFlow Serving's API over the pushed versions."""

from __future__ import annotations

import argparse
import logging
import pathlib

from pipeline.cli.arguments import COPY_FIRST, local_path
from pipeline.config import MODEL_NAME

_DESCRIPTION = """\
Serves the newest version in DIR/serving over TensorFlow Serving's gRPC and REST API, and each
newer one as soon as it is pushed, without dropping a request.

  emporium serve out/
  emporium query "usb c cable"
  curl -d '{"signature_name": "search", "inputs": {"query": ["usb c cable"]}}' \\
      http://localhost:8501/v1/models/emporium:predict

SIGINT (Ctrl-C) and SIGTERM finish the requests that run, then stop.
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "serve", help="answer requests with the newest pushed version", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "dir", metavar="DIR", type=local_path(
            f"{COPY_FIRST}, or serve it with stock TensorFlow Serving, which reads gs://"),
        help="output folder of `emporium run`")
    parser.add_argument(
        "--port", type=int, default=8500, help="gRPC port, 0 for a free one (default %(default)s)")
    parser.add_argument(
        "--rest-port", type=int, default=8501,
        help="REST port, 0 for a free one (default %(default)s)")
    parser.add_argument(
        "--host", default="127.0.0.1",
        help="address to listen on; 0.0.0.0 takes requests from other machines, without "
        "authentication (default %(default)s)")
    parser.add_argument(
        "--model-name", default=MODEL_NAME,
        help="name that requests give (default %(default)s)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Serves until a signal."""
    from serving.model_server import ServerConfig, run_server

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s")
    run_server(ServerConfig(
        pathlib.Path(args.dir) / "serving", model_name=args.model_name, port=args.port,
        rest_port=args.rest_port, host=args.host))
    return 0
