"""Time and peak memory of building a shop's graph as catalogue and log grow.

Usage:  python -m benchmarks.governance.graph_scale [--products N ...] [--work DIR]

Each size is a catalogue of random words with eight attributes a product, and five events a product
in sessions of five, written as ingest writes tables; the graph is built in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import shutil
import sys
import time
from collections.abc import Iterator

import apache_beam as beam
import tensorflow as tf

from benchmarks.quality.emporium import run_measured
from pipeline.governance.graph.build import SUMMARY, run_graph
from pipeline.governance.graph.settings import GraphSettings
from pipeline.ingest.rows import Row, encode_row

SIZES = (10_000, 100_000)
_EVENTS = 5
_SHARDS = 4
_KINDS = ("view", "view", "click", "cart", "purchase")


def main(arguments: list[str] | None = None) -> int:
    """Prints a line for each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, nargs="+", default=SIZES)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("out/governance"))
    parser.add_argument("--build", type=pathlib.Path, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    if args.build:
        tables = {path.name: str(path) for path in (args.build / "tables").iterdir()}
        run_graph(beam.Pipeline(), tables, str(args.build / "graph"), GraphSettings())
        return 0
    print(f"{'products':>10} {'events':>10} {'triples':>11} {'minutes':>8} {'peak GB':>8}")
    for size in args.products:
        folder = args.work / f"graph-{size}"
        shutil.rmtree(folder, ignore_errors=True)
        _write(folder / "tables" / "products", _products(size))
        _write(folder / "tables" / "events", _events(size))
        started = time.monotonic()
        status, peak = run_measured(
            [sys.executable, "-m", "benchmarks.governance.graph_scale", "--build", str(folder)])
        minutes = (time.monotonic() - started) / 60
        if status:
            raise RuntimeError(f"the graph of {size} products ended with status {status}")
        triples = sum(json.loads((folder / "graph" / SUMMARY).read_text())["triples"].values())
        print(f"{size:10,} {_EVENTS * size:10,} {triples:11,} {minutes:8.1f} {peak:8.2f}",
              flush=True)
        shutil.rmtree(folder)
    return 0


def _products(size: int) -> Iterator[Row]:
    rng = random.Random(1)
    words = [f"w{number:x}" for number in range(20_000)]
    for number in range(size):
        group = number % max(1, size // 200)
        yield {
            "product_id": f"P{number:09d}", "price": round(rng.lognormvariate(3, 1), 2),
            "title": " ".join([words[group % 20_000], *rng.choices(words[:2_000], k=6)]),
            "description": " ".join(rng.choices(words, k=60)),
            "brand": f"Brand {words[int(rng.paretovariate(0.8)) % 20_000]}",
            "category": f"Top {group % 20} > Middle {group % 400} > Leaf {group}",
            "attributes": {
                **{f"size_{axis}": f"{rng.randrange(1, 500)} cm" for axis in range(4)},
                **{f"kind_{axis}": rng.choice(words[:50]) for axis in range(3)},
                "code": f"{number:x}"}}


def _events(size: int) -> Iterator[Row]:
    rng = random.Random(2)
    for session in range(size):
        group = rng.randrange(max(1, size // 200))
        user = rng.randrange(max(1, size // 4))
        for place, kind in enumerate(_KINDS):
            near = group + rng.randrange(200) * max(1, size // 200)
            yield {
                "user_id": f"U{user}", "product_id": f"P{min(near, size - 1):09d}",
                "event": kind, "timestamp": 1_700_000_000 + session, "session_id": f"S{session}",
                "query": f"leaf {group}", "position": session * len(_KINDS) + place}


def _write(folder: pathlib.Path, rows: Iterator[Row]) -> None:
    folder.mkdir(parents=True)
    writers = [tf.io.TFRecordWriter(str(folder / f"data-{shard}.gz"), "GZIP")
               for shard in range(_SHARDS)]
    for place, row in enumerate(rows):
        writers[place % _SHARDS].write(encode_row(row))
    for writer in writers:
        writer.close()


if __name__ == "__main__":
    sys.exit(main())
