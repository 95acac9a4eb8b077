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
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf

from model.encoding import BatchEncoder
from model.presets import load_preset
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer
from model.whitening import half_whitening, to_unit

_OTHERS = 9_000
_DECAY = 0.75
_FIELDS = ("title", "brand", "category", "description")
_DISCOUNTS = 1.0 / np.log2(np.arange(10) + 2.0)


class _Encoder:
    """minilm as published."""

    def __init__(self) -> None:
        preset = load_preset("minilm")
        self._tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
        self._encode = BatchEncoder(TextEncoder(preset))

    def __call__(self, texts: list[str], tokens: int) -> np.ndarray:
        return self._encode(self._tokenizer(tf.constant(texts), tokens))


def main() -> None:
    """Prints a line a task."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=pathlib.Path, metavar="TASKS")
    tasks = parser.parse_args().tasks
    encoder = _Encoder()
    for name, measure in (("homedepot", _homedepot), ("scientific", _scientific)):
        print(name, *(f"{label} {value:.4f}" for label, value in measure(
            tasks / name, encoder).items()), sep="  ", flush=True)


def _homedepot(folder: pathlib.Path, encoder: _Encoder) -> dict[str, float]:
    gains: dict[str, dict[str, float]] = collections.defaultdict(dict)
    for row in _rows(folder / "judgments.jsonl"):
        if row["split"] == "validation":
            gains[row["query"]][row["product_id"]] = 2.0 ** row["grade"] - 1.0
    titles = {row["product_id"]: row["title"] for row in _rows(folder / "products.jsonl")}
    judged = sorted({product for found in gains.values() for product in found})
    others = np.random.default_rng(0).choice(
        sorted(set(titles).difference(judged)), _OTHERS, replace=False).tolist()
    pool = judged + others
    products = encoder([titles[product] for product in pool], 64)
    queries = encoder(list(gains), 24)

    def ndcg(products: np.ndarray, queries: np.ndarray) -> float:
        values = []
        for query, found in zip(queries, gains.values(), strict=True):
            best = np.argsort(-(products @ query), kind="stable")[:10]
            ideal = np.sort(list(found.values()))[::-1][:10]
            value = sum(found.get(pool[row], 0.0) * discount
                        for row, discount in zip(best, _DISCOUNTS, strict=True))
            values.append(value / max(1e-9, float(ideal @ _DISCOUNTS[:len(ideal)])))
        return float(np.mean(values))

    kernel = half_whitening(products)
    return {"as published": ndcg(products, queries),
            "half whitened": ndcg(to_unit(products @ kernel), queries @ kernel)}


def _scientific(folder: pathlib.Path, encoder: _Encoder) -> dict[str, float]:
    rows = list(_rows(folder / "products.jsonl"))
    number = {row["product_id"]: place for place, row in enumerate(rows)}
    products = encoder([" ".join(row.get(field, "") for field in _FIELDS) for row in rows], 64)
    wants: dict[str, list[int]] = collections.defaultdict(list)
    for row in _rows(folder / "events.jsonl"):
        wants[row["user_id"]].append(number[row["product_id"]])
    several = [found for _, found in sorted(wants.items()) if len(found) > 1]

    def ndcg(products: np.ndarray) -> float:
        values = []
        for *history, answer in several:
            shares = _DECAY ** np.arange(len(history))[::-1]
            scores = products @ (shares @ products[history])
            scores[history] = -np.inf
            ahead = int((scores > scores[answer]).sum())
            values.append(_DISCOUNTS[ahead] if ahead < 10 else 0.0)
        return float(np.mean(values))

    return {"as published": ndcg(products),
            "half whitened": ndcg(to_unit(products @ half_whitening(products)))}


def _rows(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
