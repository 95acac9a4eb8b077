"""What half whitening does to text vectors alone, before any training.

Usage:  python -m benchmarks.whitening TASKS

TASKS is the folder that tasks.py made, with homedepot and scientific. Of homedepot the queries of
the validation split are asked, among their judged products and 9,000 others; of scientific every
shopper's last training event, after the mean of what they rated before, the newest first by 0.75 a
step. The encoder is minilm as published. Prints nDCG@10; held-out answers are not read.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # Before TensorFlow is imported.

import numpy as np

from benchmarks.lexical import ndcg, validation_gains
from benchmarks.quality.peers.encoder import MiniLM
from benchmarks.quality.peers.rankings import recency_weights
from benchmarks.quality.tasks import Task, load_task
from model.whitening import half_whitening, to_unit

_OTHERS = 9_000
_DECAY = 0.75


def main() -> None:
    """Prints a line a task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=pathlib.Path, metavar="TASKS")
    tasks = parser.parse_args().tasks
    encode = MiniLM()
    for name, measure in (("homedepot", _homedepot), ("scientific", _scientific)):
        plain, spread = measure(load_task(tasks / name), encode)
        print(f"{name}: nDCG@10 {plain:.4f} as published, {spread:.4f} half whitened", flush=True)


def _homedepot(task: Task, encode: MiniLM) -> tuple[float, float]:
    judged = validation_gains(task.folder, task.number_of)
    answers = sorted({row for gains in judged.values() for row in gains})
    others = np.setdiff1d(np.arange(len(task.products)), answers)
    pool = np.concatenate([
        answers, np.random.default_rng(0).choice(others, _OTHERS, replace=False)])
    place = {int(row): number for number, row in enumerate(pool)}
    texts = task.texts()
    products, queries = encode([texts[row] for row in pool]), encode(list(judged))

    def measure(products: np.ndarray, queries: np.ndarray) -> float:
        return float(np.mean([
            ndcg(products @ query, {place[row]: gain for row, gain in gains.items()})
            for query, gains in zip(queries, judged.values(), strict=True)]))

    kernel = half_whitening(products)
    return (measure(products, queries), measure(to_unit(products @ kernel), queries @ kernel))


def _scientific(task: Task, encode: MiniLM) -> tuple[float, float]:
    wants = collections.defaultdict(list)
    for user, product in zip(*task.interactions(), strict=True):
        wants[user].append(product)
    products = encode(task.texts())

    def measure(products: np.ndarray) -> float:
        values = []
        for *history, answer in wants.values():
            if history:
                scores = products @ (recency_weights(len(history), _DECAY) @ products[history])
                scores[history] = -np.inf
                values.append(ndcg(scores, {answer: 1.0}))
        return float(np.mean(values))

    return measure(products), measure(to_unit(products @ half_whitening(products)))


if __name__ == "__main__":
    main()
