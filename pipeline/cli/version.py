"""`emporium version`: what is installed."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform

_LIBRARIES = (
    "tfx", "tensorflow", "tf-keras", "tensorflow-text", "tensorflow-recommenders", "keras-nlp",
    "apache-beam", "kfp", "scann")


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "version", help="versions of Emporium and of what it stands on",
        description="Prints the versions of Emporium, Python and the libraries, for a bug report.")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:  # noqa: ARG001  Commands share one signature.
    """Prints a version a line."""
    print(f"emporium {_installed('emporium')}")
    print(f"python {platform.python_version()}")
    for name in _LIBRARIES:
        print(f"{name} {_installed(name)}")
    return 0


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
