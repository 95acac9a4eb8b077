"""What benchmarks over the tasks are told."""

from __future__ import annotations

import argparse
import pathlib


def task_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser that knows `--tasks`, the folder of the tasks; others are added to it."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tasks", type=pathlib.Path, default=pathlib.Path("out/benchmark/tasks"), metavar="DIR",
        help="folder of the tasks (%(default)s)")
    return parser
