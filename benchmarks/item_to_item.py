"""What smoothing by content and the age of events are worth to item-to-item evidence.

Usage:  python benchmarks/item_to_item.py OUT

OUT is the output folder of `emporium run` on a shop with events. Counts the evidence anew from the
run's sequences as they were before validation, with and without each part, and prints nDCG@10 of
the collaborative arm alone on the run's validation contexts.
"""

from __future__ import annotations

import pathlib
import sys
from unittest import mock

import numpy as np
import scipy.sparse
import tensorflow as tf

from model.hybrid import Behaviour
from pipeline.evaluation.data import Context, read_contexts
from pipeline.examples.sequences import read_sequences, without_held_out
from pipeline.indexing import behaviour
from pipeline.serving_validation.probe import load_servable

VARIATIONS = {
    "as it is": {"LENT": behaviour.LENT},
    "nothing lent": {"LENT": 1e-9, "LENT_TO_NEW": 1e-9},
    "no age": {"AGE_HALF_LIFE": 1e9},
    "order without effect": {"BACKWARD": 1.0},
    "visits without effect": {"VISIT_DECAY": 1.0},
}
_BATCH = 256


def main(out: pathlib.Path) -> None:
    """Prints a line for each of `VARIATIONS`."""
    pipeline = out / "pipeline"
    servable = _newest(pipeline / "IndexBuilder" / "model") / "Format-Serving"
    vectors = load_servable(str(servable)).hybrid.vectors.numpy()
    # Products come first in this file, in their rows' order; then aliases.
    lines = (servable / "assets" / "product_ids.txt").read_text(encoding="utf-8").split("\n")
    ids = lines[:len(vectors)]
    sequences = list(without_held_out(
        read_sequences(str(_newest(pipeline / "ExamplesJoin" / "sequences")))))
    contexts = [
        context for context in read_contexts(str(_newest(pipeline / "ExamplesJoin" / "contexts")))
        if context.history]
    for name, changed in VARIATIONS.items():
        with mock.patch.multiple(behaviour, **changed):
            tables = behaviour.count_behaviour(sequences, ids, vectors, {})
        if not isinstance(tables.item_to_item, scipy.sparse.csr_matrix):
            sys.exit(f"{out}: its shop has no events that validate anything")
        values = _measure(Behaviour(tables), contexts, ids)
        error = values.std() / len(values)**0.5
        print(f"{name:24s} {values.mean():.4f} +- {error:.4f}", flush=True)


def _newest(folder: pathlib.Path) -> pathlib.Path:
    numbered = (path for path in folder.iterdir() if path.name.isdigit())
    return max(numbered, key=lambda path: int(path.name))


def _measure(counted: Behaviour, contexts: list[Context], ids: list[str]) -> np.ndarray:
    row_of = {product: row for row, product in enumerate(ids)}
    discounts = 1.0 / np.log2(np.arange(10) + 2.0)
    values = []
    for start in range(0, len(contexts), _BATCH):
        batch = contexts[start:start + _BATCH]
        histories = [[row_of[p] for p in reversed(c.history) if p in row_of] for c in batch]
        history = tf.ragged.constant(histories, ragged_rank=1, dtype=tf.int64).to_tensor(-1)
        scores = tf.reduce_sum(counted.collaborative(history), axis=1).numpy()
        for row, context, own in zip(scores, batch, histories, strict=True):
            row[own] = -np.inf
            best = np.argsort(-row, kind="stable")[:10]
            hits = np.array([ids[product] in context.relevant for product in best])
            ideal = discounts[:min(10, len(context.relevant))].sum()
            values.append(float(hits @ discounts / ideal))
    return np.array(values)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
