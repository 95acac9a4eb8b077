"""From how many products on an approximate index answers faster than an exhaustive search.

Usage:  python benchmarks/index_size.py [PRODUCTS ...]     (default: 2000 20000 100000)

Clustered unit vectors of 384 dimensions stand for the catalogue, noisy copies of them for queries.
Prints, for each size, the median time of one query with both indexes, in one process, turn by
turn, and their ratio; the absolute times are this machine's.
"""

from __future__ import annotations

import os
import sys
import time

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

from pipeline.config import Index
from pipeline.indexing.search import SearchIndex, build_index

DIMENSION = 384
QUERIES = 300


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of unit length."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def catalogue(
    products: int, generator: np.random.Generator, dimension: int = DIMENSION,
) -> np.ndarray:
    """Vectors in clusters, as those of a shop's products are."""
    centres = generator.normal(size=(max(10, products // 100), dimension))
    chosen = centres[generator.integers(0, len(centres), products)]
    return unit(chosen + 0.7 * generator.normal(size=(products, dimension)))


def seconds(index: SearchIndex, query: np.ndarray, count: tf.Tensor) -> float:
    """Time of one query."""
    started = time.perf_counter()
    index.search(tf.constant(query[np.newaxis]), count)
    return time.perf_counter() - started


def compare(products: int) -> None:
    """Prints one line."""
    generator = np.random.default_rng(0)
    vectors = catalogue(products, generator)
    queries = unit(
        vectors[generator.integers(0, products, QUERIES)]
        + 0.03 * generator.normal(size=(QUERIES, DIMENSION)))
    exact = build_index(vectors, Index(kind="brute_force"), queries)
    scann = build_index(vectors, Index(kind="scann"), queries)
    count = tf.constant(10)
    for index in (exact, scann):  # The first call traces and loads.
        seconds(index, queries[0], count)
    times = np.array([[seconds(i, q, count) for i in (exact, scann)] for q in queries])
    ratio = times[:, 0] / times[:, 1]
    low, middle, high = np.percentile(ratio, [25, 50, 75])
    brute_ms, scann_ms = 1e3 * np.median(times, axis=0)
    print(
        f"{products:>9,} products: brute force {brute_ms:6.2f} ms, ScaNN {scann_ms:6.2f} ms at "
        f"recall@10 {scann.recall:.3f}; ratio {middle:.2f} (quartiles {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    for size in [int(a) for a in sys.argv[1:]] or [2_000, 20_000, 100_000]:
        compare(size)
