"""What word pairs and letter trigrams add to BM25 over words, on a shop's validation queries.

Usage:  python benchmarks/lexical.py DATASET_DIR

Reads `products.jsonl` and the judgments of `judgments.jsonl` whose split is validation; prints
nDCG@10 over the whole catalogue by the weights of words, pairs and trigrams.
"""

from __future__ import annotations

import collections
import json
import pathlib
import sys
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from model.lexical import Field, LexicalIndex

WEIGHTS: tuple[tuple[float, ...], ...] = (
    (1, 0, 0), (0, 0, 1), (1, 0.2, 0), (1, 0, 0.2), (1, 0.2, 0.2), (1, 0.4, 0.2))
_BATCH = 32
_DISCOUNTS = 1.0 / np.log2(np.arange(10) + 2.0)


def main(folder: pathlib.Path) -> None:
    """Prints a line for each of `WEIGHTS`."""
    products = [json.loads(line) for line in (folder / "products.jsonl").open(encoding="utf-8")]
    row_of = {product["product_id"]: row for row, product in enumerate(products)}
    judged = validation_gains(folder, row_of)
    queries = list(judged)
    index = LexicalIndex([Field([product["title"] for product in products], 1.0)], len(products))
    found: dict[tuple[float, ...], list[float]] = {weights: [] for weights in WEIGHTS}
    for start in range(0, len(queries), _BATCH):
        batch = queries[start:start + _BATCH]
        scores = index.scores(index.lookup(tf.constant(batch))).numpy()
        for weights in WEIGHTS:
            for query, row in zip(batch, np.einsum("bfp,f->bp", scores, weights), strict=True):
                found[weights].append(ndcg(row, judged[query]))
    print(f"{len(queries)} queries; nDCG@10 by the weights of words, pairs and trigrams")
    for weights, values in found.items():
        print(*weights, f"{np.mean(values):.4f} +- {np.std(values) / len(values)**0.5:.4f}")


def validation_gains(
    folder: pathlib.Path, row_of: Mapping[str, int],
) -> dict[str, dict[int, float]]:
    """Gains by row of each query of the validation split that has an answer."""
    judged: dict[str, dict[int, float]] = collections.defaultdict(dict)
    for line in (folder / "judgments.jsonl").open(encoding="utf-8"):
        judgment = json.loads(line)
        if judgment.get("split") == "validation":
            gain = 2.0 ** judgment["grade"] - 1.0
            judged[judgment["query"]][row_of[judgment["product_id"]]] = gain
    return {query: gains for query, gains in judged.items() if any(gains.values())}


def ndcg(scores: np.ndarray, gains: Mapping[int, float]) -> float:
    """nDCG@10 of scores `[products]`."""
    best = np.argpartition(-scores, 10)[:10]
    best = best[np.argsort(-scores[best], kind="stable")]
    ideal = np.sort(list(gains.values()))[::-1][:10]
    reached = np.array([gains.get(int(row), 0.0) for row in best])
    return float(reached @ _DISCOUNTS / (ideal @ _DISCOUNTS[:len(ideal)]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
