"""What the commands of this folder share: their arguments, the model, the load, the result."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import time
from typing import Any

import numpy as np

from benchmarks.quality.commit import code_commit
from benchmarks.serving import h2load, servers, shop_model
from benchmarks.serving.measured import ByPython, Measured
from pipeline.config import Index
from serving.loadtest import LoadConfig, run_load_test
from serving.loadtest.requests import grpc_bodies
from serving.retrieval import text_array

QUERIES = 100_000


def parser(description: str) -> argparse.ArgumentParser:
    """A parser with the arguments of every command."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--shape", choices=sorted(shop_model.PRESETS), default="2x128")
    made.add_argument("--products", type=int, default=20_000)
    made.add_argument("--index", choices=("auto", "brute_force", "scann"), default="auto")
    made.add_argument(
        "--arms", default="dense,lexical,collaborative,popularity", help="as index.arms")
    made.add_argument(
        "--top-k", type=int, default=Index().top_k, help="results of a request (%(default)s)")
    made.add_argument("--callers", type=int, default=32)
    made.add_argument("--timeout", type=float, default=1.0, help="deadline in seconds")
    made.add_argument("--processes", type=int, default=1, help="of the load's generator")
    made.add_argument(
        "--serve-arg", action="append", default=[], metavar="ARG",
        help="further argument of `emporium serve`, as --serve-arg=--port=0; may be repeated")
    made.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/serving-benchmark"))
    made.add_argument(
        "--output", type=pathlib.Path, help="write the result as JSON, in "
        "benchmarks/results/serving to keep it")
    # Read now: the checkout may be another when a long measurement ends.
    made.set_defaults(commit=code_commit(), h2load=False)
    return made


def add_generator(made: argparse.ArgumentParser) -> None:
    """Adds the argument that chooses what makes the load."""
    made.add_argument(
        "--h2load", action="store_true", help="load by nghttp2's h2load, not `emporium loadtest`: "
        "its callers leave the machine to the server")


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments; refused are those that this machine or the generator cannot do."""
    args = parser.parse_args()
    if args.h2load and not h2load.is_installed():
        parser.error("--h2load: install nghttp2's h2load first (Debian: nghttp2-client)")
    if args.h2load and args.callers % h2load.STREAMS:
        parser.error(f"--h2load: --callers should be a multiple of {h2load.STREAMS}")
    return args


def exported(args: argparse.Namespace) -> pathlib.Path:
    """OUT of `emporium serve`, with version 1 of the model that the arguments name."""
    index = Index(kind=args.index, arms=args.arms, top_k=args.top_k, min_recall=0.0)
    name = f"{args.shape}-{args.products}-{args.index}-{'-'.join(index.arms)}-{args.top_k}"
    out = args.work / name
    shop_model.export_version(out / "serving", args.shape, args.products, index)
    return out


def requests(queries: list[str]) -> list[bytes]:
    """Serialised searches, a query each."""
    return grpc_bodies(
        [("search", {"query": text_array([query])}) for query in queries], "emporium")


def serve_arguments(args: argparse.Namespace) -> list[str]:
    """Of `emporium serve`, for the load of the arguments."""
    return [*args.serve_arg, *([h2load.FORGETFUL] if args.h2load else [])]


def measure(args: argparse.Namespace, server: servers.Server, bodies: list[bytes], seconds: float,
            *, callers: int | None = None, rate: float | None = None,
            warm_up: float = 2.0) -> Measured:
    """Load on a server, with the generator, deadline and processes of the arguments."""
    config = LoadConfig(
        server.address, callers=callers, rate=rate, seconds=seconds, warm_up=warm_up,
        timeout=args.timeout, processes=1 if callers == 1 else args.processes)
    if args.h2load:
        return h2load.measure(server, config, bodies[0])
    return ByPython(run_load_test(config, bodies))


def spread(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return {"median": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}


def finish(args: argparse.Namespace, figures: dict[str, Any]) -> None:
    """Prints the result, and keeps it where that is asked for."""
    settings = {
        name: str(value) if isinstance(value, pathlib.Path) else value
        for name, value in vars(args).items() if name not in ("work", "output", "commit")}
    result = {
        "commit": args.commit, "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "settings": settings, **figures}
    text = json.dumps(result, indent=1)
    print(text)
    if args.output is not None:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(text + "\n")
