"""`emporium version`: what is installed."""

from __future__ import annotations

import argparse
import platform

from pipeline.libraries import LIBRARIES, installed_version


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "version", help="versions of Emporium and of what it stands on",
        description="Prints the versions of Emporium, Python and the libraries, for a bug report.")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:  # noqa: ARG001  Commands share one signature.
    """Prints a version a line."""
    print(f"emporium {installed_version('emporium')}")
    print(f"python {platform.python_version()}")
    for name in (*LIBRARIES, "kfp"):
        print(f"{name} {installed_version(name) or 'not installed'}")
    return 0
