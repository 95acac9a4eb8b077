"""Time and memory of finding near duplicates, by the size of the catalogue.

Usage:  python -m benchmarks.governance.duplicates_scale [PRODUCTS ...]
            (default: 10000 100000 1000000)

Products of the sample shop, one in twenty with a copy; words alone decide, since what an encoder
costs is its own time for the pairs that it is asked about. Each size runs in a process of its own,
over one that wrote the catalogue; prints seconds (of wall and CPU), products a second, the peak of
resident memory, and of it what stood before the first product was read.
"""

from __future__ import annotations

import json
import multiprocessing
import pathlib
import resource
import sys
import tempfile
import time

import tensorflow as tf

from benchmarks.governance.duplicates import count_right, run_pipeline, words_alone
from benchmarks.governance.edits import copy_products
from pipeline.ingest.rows import encode_row
from pipeline.sample.catalogue import draw_catalogue
from pipeline.sample.randomness import word_stream
from pipeline.sample.vocabulary import LANGUAGES, load_vocabulary
from pipeline.sample.wording import product_row

SIZES = (10_000, 100_000, 1_000_000)
_BLOCK = 10_000
_COPIES = 0.05
_SEED = 1


def main(sizes: list[int]) -> None:
    """Prints a line a size."""
    context = multiprocessing.get_context("spawn")
    print(f"{'products':>10}{'seconds':>9}{'CPU':>8}{'a second':>10}{'peak MB':>9}{'before':>8}"
          f"{'copies':>8}{'found':>7}{'wrong':>7}  counters")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for step in (_write, _measure):
                process = context.Process(target=step, args=(folder, size))
                process.start()
                process.join()
                if process.exitcode:
                    sys.exit(f"{size:,} products: {step.__name__} ended with {process.exitcode}")


def _write(folder: str, size: int) -> None:
    """Writes rows, and which of them are copies of which."""
    catalogue = draw_catalogue(load_vocabulary(LANGUAGES["en"]), size, _SEED)
    rng = word_stream(_SEED, "products")
    sources = {}
    for start in range(0, size, _BLOCK):
        rows = [
            product_row(catalogue, index, rng)
            for index in range(start, min(size, start + _BLOCK))]
        copies = copy_products(rows, _COPIES, seed=start)
        for number, copy in enumerate(copies):
            copy.row["product_id"] = f"copy-{start}-{number}"
            sources[copy.row["product_id"]] = copy.source
        with tf.io.TFRecordWriter(f"{folder}/rows-{start}") as writer:
            for row in [*rows, *(copy.row for copy in copies)]:
                writer.write(encode_row(row))
    pathlib.Path(folder, "sources.json").write_text(json.dumps(sources))


def _measure(folder: str, size: int) -> None:
    before = _peak()
    started, cpu = time.perf_counter(), time.process_time()
    groups, counters = run_pipeline(f"{folder}/rows-*", words_alone)
    seconds, cpu, peak = time.perf_counter() - started, time.process_time() - cpu, _peak()
    sources = json.loads(pathlib.Path(folder, "sources.json").read_text())
    right, wrong = count_right(groups, sources)
    print(f"{size:>10,}{seconds:>9.0f}{cpu:>8.0f}{size / seconds:>10,.0f}{peak:>9,.0f}"
          f"{before:>8,.0f}{len(sources):>8,}{right:>7,}{wrong:>7,}  {counters}", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
