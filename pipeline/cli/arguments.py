"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.channels import ClientTls

COPY_FIRST = (
    "copy its serving/ first, as with `gcloud storage rsync --recursive gs://bucket/out/serving "
    "out/serving`, and give the local folder")
"""What to do where pushed versions lie in a bucket."""


def local_path(remedy: str) -> Callable[[str], str]:
    """The type of an argument that names something on this machine.

    A URI is refused: as a path, gs://bucket/out would be a folder `gs:` of the working directory.

    Args:
        remedy: ends the message that refuses it.
    """

    def parse(text: str) -> str:
        if "://" in text:
            raise argparse.ArgumentTypeError(
                f"should be a path on this machine, received {text!r}; {remedy}")
        return text

    return parse


def add_server_tls(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of a client of a model server that speaks TLS."""
    group = parser.add_argument_group("TLS to the model server")
    for name, what in (
        ("ca", "certificates that sign the server's; turns TLS on"),
        ("cert", "own certificate, for a server that asks for one"),
        ("key", "private key of --server-cert"),
    ):
        group.add_argument(f"--server-{name}", type=pathlib.Path, metavar="FILE",
                           help=f"{what} (PEM)")


def server_tls(args: argparse.Namespace) -> ClientTls | None:
    """What `add_server_tls` was given; None for plain text.

    Raises:
        StartupError: a file cannot be used.
    """
    if args.server_ca is None:
        for name in ("cert", "key"):
            if getattr(args, f"server_{name}") is not None:
                args.parser.error(f"--server-{name} wants --server-ca, which turns TLS on")
        return None
    from serving.channels import ClientTls

    return ClientTls.read(args.server_ca, args.server_cert, args.server_key)
