"""`emporium demo`: a generated shop, trained, served and asked."""

from __future__ import annotations

import argparse
import asyncio
import json
import pathlib
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from pipeline.cli.arguments import local_path
from pipeline.cli.demo_questions import Questions, read_questions
from pipeline.cli.run import add_config_arguments, read_config, run_pipeline

if TYPE_CHECKING:
    from serving.retrieval import Result

_DESCRIPTION = """\
Writes a sample shop of 2,000 products to DIR/sample, runs the pipeline on it, serves the result
and asks it a search, a recommendation and for similar products. `make run` is this command.
It trains for a shorter time than `emporium run` does on the same shop.

  emporium demo
  emporium demo --out /tmp/shop --preset tiny
"""

_TOP = 3

_SETTINGS = ("training.max_text_pairs=6400", "training.context_epochs=5")
"""What keeps a laptop's first run short; --set and --config win over it."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "demo", help="the whole chain on a generated shop", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", default="out", metavar="DIR", type=local_path("give a local folder"),
        help="output folder (default %(default)s)")
    parser.add_argument(
        "--products", type=int, default=2_000, help="of the shop (default %(default)s)")
    add_config_arguments(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Samples, runs, serves, asks."""
    from pipeline.sample import generate

    # A file of settings stands for itself.
    short = not args.config and not args.overrides
    args.overrides = [*(() if args.config else _SETTINGS), *args.overrides]
    config = read_config(args)
    out = pathlib.Path(args.out)
    sample = out / "sample"
    # The same shop each time, byte for byte: the pipeline sees that nothing changed.
    print(generate(sample, products=args.products))
    status = run_pipeline(str(sample), str(out), config)
    if status != 0:
        return status
    questions = read_questions(sample)
    asyncio.run(_serve_and_ask(out, questions))
    print(next_steps(args.out, questions.query, short))
    return 0


def next_steps(out: str, query: str, short: bool) -> str:
    """What to do now, as commands that work in the caller's shell.

    Args:
        out: output folder.
        query: that was asked.
        short: whether it was trained by `_SETTINGS`.
    """
    folder = shlex.quote(out)
    lines = [
        "", "Now you:", f"  emporium serve {folder}",
        f"  emporium query {json.dumps(query)}       while it serves",
        f"  tensorboard --logdir {folder}/tensorboard",
        f"  {folder}/reports/latest.html       what the model reached, beside its baselines"]
    if shutil.which("emporium") is None:
        activate = str(pathlib.Path(sys.prefix, "bin", "activate"))
        lines.insert(2, f"  source {shlex.quote(activate)}")
    if short:
        given = " ".join(f"--set {setting}" for setting in _SETTINGS)
        lines.append(f"This was a short training ({given}); `emporium run` trains longer.")
    return "\n".join(lines)


async def _serve_and_ask(out: pathlib.Path, questions: Questions) -> None:
    from serving.model_server import ModelServer, ServerConfig, one_model

    server = ModelServer(ServerConfig(one_model(out / "serving"), port=0, rest_port=0))
    await server.start()
    try:
        await asyncio.to_thread(_ask, f"localhost:{server.grpc_port}", questions)
    finally:
        await server.stop()


def _ask(address: str, questions: Questions) -> None:
    from serving.client import Client
    from serving.retrieval import Context

    chosen = "; ".join(questions.title(product) for product in questions.history)
    print(f"\nServing on {address}, asked three questions over gRPC:")
    with Client(address) as client:
        [found] = client.search([questions.query], top_k=_TOP)
        _tell(f'search for "{questions.query}"', found, questions)
        [found] = client.recommend(
            [Context(history=questions.history, exclude=questions.history)], top_k=_TOP)
        _tell(f"recommend to who chose {chosen}", found, questions)
        [found] = client.similar([questions.history[-1]], top_k=_TOP)
        _tell(f"similar to {questions.title(questions.history[-1])}", found, questions)


def _tell(question: str, results: list[Result], questions: Questions) -> None:
    print(f"\n{question}")
    for result in results:
        print(f"  {result.score:6.3f}  {result.product_id}  {questions.title(result.product_id)}")
