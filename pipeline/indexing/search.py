"""Brute force or ScaNN over the catalogue's vectors, and what ScaNN's approximation costs."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs

from model.hybrid import Search
from pipeline.config import Index

_log = logging.getLogger("emporium.indexing")

_EFFORTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8)
"""Shares of the leaves that are searched, from fast to thorough."""


class RecallError(RuntimeError):
    """No ScaNN configuration reached the recall that the configuration asks for."""


class ScannError(ImportError):
    """ScaNN is asked for and cannot be imported; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class SearchIndex:
    """An index, ready to be put into a servable.

    Attributes:
        kind: brute_force or scann.
        search: vectors and a count to scores and rows.
        state: what holds its variables.
        recall: recall@10 against brute force.
        leaves, leaves_searched: of ScaNN; 0 for brute force.
    """

    kind: str
    search: Search
    state: Any
    recall: float
    leaves: int = 0
    leaves_searched: int = 0


def build_index(vectors: np.ndarray, settings: Index, probes: np.ndarray) -> SearchIndex:
    """Indexes vectors as configured; ScaNN as fast as reaches the least recall allowed.

    Args:
        vectors: unit vectors `[products, dim]`.
        settings: the section `index`.
        probes: vectors to look up, on which recall is measured, `[probes, dim]`.

    Raises:
        RecallError: ScaNN stays below `settings.min_recall` at every effort.
        ScannError: ScaNN is asked for and not installed.
    """
    exact = _brute_force(vectors, settings.top_k)
    kind = settings.kind
    if kind == "auto":
        kind = "brute_force" if len(vectors) < settings.brute_force_below else "scann"
    if kind == "brute_force":
        return exact
    queries, count = tf.constant(probes), min(10, len(vectors))
    truth = exact.search(queries, tf.constant(count))[1].numpy()
    leaves = max(1, round(len(vectors) ** 0.5))
    layer = _scann(vectors, settings.top_k, leaves)
    best = 0.0
    for searched in sorted({max(1, round(leaves * effort)) for effort in _EFFORTS}):
        search = _search_leaves(layer, searched)
        found = search(queries, tf.constant(count))[1].numpy()
        recall = float(np.mean([
            len(set(a) & set(b)) / count for a, b in zip(truth, found, strict=True)]))
        _log.info("ScaNN with %d of %d leaves searched: recall@10 %.3f", searched, leaves, recall)
        if recall >= settings.min_recall:
            return SearchIndex(
                "scann", search, layer._serialized_searcher, recall, leaves, searched)
        best = max(best, recall)
    raise RecallError(
        f"index: recall@10 against brute force should be at least {settings.min_recall}. Received "
        f"{best:.3f} at the most, with {leaves} leaves. Lower index.min_recall, or set "
        "index.kind=brute_force")


def require_scann() -> None:
    """Imports ScaNN, only to say what is missing before TFRS does.

    Raises:
        ScannError: it is not installed, or does not fit TensorFlow.
    """
    try:
        import scann  # noqa: F401
    except ImportError as error:
        raise ScannError(
            "index: ScaNN is asked for (index.kind=scann, or auto with index.brute_force_below "
            "products or more), and is not installed or does not fit TensorFlow 2.16 "
            f"({error}): pip install scann==1.3.2, or set index.kind=brute_force") from error


def _brute_force(vectors: np.ndarray, top_k: int) -> SearchIndex:
    layer = tfrs.layers.factorized_top_k.BruteForce(k=min(top_k, len(vectors)))
    layer.index(tf.constant(vectors))
    return SearchIndex("brute_force", layer.call, layer.variables, recall=1.0)


def _scann(vectors: np.ndarray, top_k: int, leaves: int) -> Any:
    require_scann()
    layer = tfrs.layers.factorized_top_k.ScaNN(
        k=min(top_k, len(vectors)), num_leaves=leaves, num_leaves_to_search=leaves,
        # The best few hundred are scored exactly: also what an exclude list may take away.
        num_reordering_candidates=min(len(vectors), max(500, 5 * top_k)))
    return layer.index(tf.constant(vectors))


def _search_leaves(layer: Any, searched: int) -> Search:
    """TFRS's ScaNN search with a number of leaves of its own: one index serves every effort."""
    from scann.scann_ops.py import scann_ops

    def search(queries: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        searcher = scann_ops.searcher_from_module(layer._serialized_searcher)
        found = searcher.search_batched(
            queries, final_num_neighbors=count, leaves_to_search=searched)
        return found.distances, found.indices

    return search
