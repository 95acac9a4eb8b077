"""The `emporium` command: the front door, which imports each room only when asked for it."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from pipeline.cli import (
    demo,
    gateway,
    govern,
    kubeflow,
    loadtest,
    query,
    rank,
    rollback,
    run,
    sample,
    serve,
    tune,
    version,
)
from pipeline.cli.errors import user_message

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130

_OLD_PYTHON = "You are using a "
"""How warnings of Google's libraries begin that Python 3.10 is old, or soon too old, for them."""

_DESCRIPTION = """\
Search and recommendation for a shop, from its tables to a server.

  emporium demo                          a generated shop, trained, served and asked: start here
  emporium run shop/ --out out/          your own tables
  emporium serve out/                    the trained model over gRPC and REST
  emporium query "usb c cable"           what it answers
  emporium gateway --catalogue shop/     the shop's API and storefront before it

`emporium COMMAND --help` explains a command.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status.

    Args:
        argv: arguments, those of the process when None.
    """
    # Before the first TensorFlow import: Keras 2. Its C++ libraries report missing GPUs as errors.
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Google's libraries count Python 3.10 as old; TFX goes with no newer one. In processes that a
    # command starts as well.
    warnings.filterwarnings("ignore", _OLD_PYTHON, FutureWarning)
    os.environ.setdefault("PYTHONWARNINGS", f"ignore:{_OLD_PYTHON}:FutureWarning")
    args = _make_parser().parse_args(argv)
    try:
        return int(args.execute(args))
    except KeyboardInterrupt:
        print("emporium: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader, `head` perhaps, has enough; what Python flushes on exit must not raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        print(f"emporium: error: {message}", file=sys.stderr)
        return EXIT_USER_ERROR


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="emporium", usage="emporium COMMAND [ARGUMENTS]", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(
        title="commands", prog="emporium", metavar="COMMAND [ARGUMENTS]", required=True)
    for command in (run, tune, govern, demo, sample, serve, rollback, gateway, rank, query,
                    loadtest, kubeflow, version):
        command.add_parser(commands)
    return parser
