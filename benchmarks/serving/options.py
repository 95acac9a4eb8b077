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
from benchmarks.serving import shop_model
from pipeline.config import Index
from serving.loadtest import LoadConfig, LoadResult, run_load_test
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
    made.set_defaults(commit=code_commit())
    return made


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


def measure(args: argparse.Namespace, address: str, bodies: list[bytes], seconds: float,
            *, callers: int | None = None, rate: float | None = None,
            warm_up: float = 2.0) -> LoadResult:
    """Load on a server, with the deadline and processes of the arguments."""
    processes = 1 if callers == 1 else args.processes
    return run_load_test(
        LoadConfig(
            address, callers=callers, rate=rate, seconds=seconds, warm_up=warm_up,
            timeout=args.timeout, processes=processes), bodies)


def brief(result: LoadResult) -> dict[str, Any]:
    """The figures of a load that the results keep."""
    return {
        "load": result.config.load, "seconds": result.config.seconds,
        "throughput": round(result.throughput, 1), "p50_ms": result.latency_ms(50),
        "p99_ms": result.latency_ms(99), "max_ms": result.latency_ms(100),
        "codes": result.codes, "generator_limit": result.generator_limit()}


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
