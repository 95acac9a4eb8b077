"""From evidence about pairs to weighted edges, the best of each product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from pipeline.governance.graph.pairs import Counts
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.graph.triples import BOUGHT_WITH, SUBSTITUTES

BOUGHT, SEEN, ANSWERED, ALIKE = range(4)
"""Kinds of evidence: shoppers who bought both in a visit or looked at both, queries that both
answer, and titles that say the same."""

MEANING = {
    BOUGHT: (BOUGHT_WITH, "events.visits"), SEEN: (SUBSTITUTES, "events.visits"),
    ANSWERED: (SUBSTITUTES, "queries"), ALIKE: (SUBSTITUTES, "products.title")}
"""Relation and source of the edges of each kind of evidence."""

SMOOTHING = 5.0
"""Added to the counts of both products: of those that few have, a pair says less
(benchmarks/governance/graph.py)."""

EDGE = np.dtype([("kind", "i1"), ("head", "i4"), ("tail", "i4"), ("weight", "f4")])
"""An edge from product to product, by their rows."""


class Totals(NamedTuple):
    """What pairs are compared with.

    Attributes:
        amounts: shoppers or queries by product, float32 `[products]`.
        total: shoppers or queries in all.
    """

    amounts: np.ndarray
    total: float


def weigh(
    evidence: Mapping[int, Counts], totals: Mapping[int, Totals], categories: np.ndarray,
    settings: GraphSettings,
) -> np.ndarray:
    """Edges, in both directions.

    Products are bought together where more shoppers did so than chance would have it. They are
    substitutes where visits looked at both, queries have both for an answer, or titles say the
    same, but not where they are bought together or are of different categories: who furnishes a
    room looks at a desk and a lamp, and finds both for "home office".

    Args:
        evidence: by kind, with all that is known of each pair that occurs.
        totals: by kind, but for titles.
        categories: hash of each product's category, 0 for none, uint64 `[products]`.
        settings: of the graph.

    Returns:
        Of type `EDGE`; weights in (0, 1]: a cosine.
    """
    size = len(categories)
    bought = np.empty(0, np.int64)
    parts = [np.empty(0, EDGE)]
    for kind, (keys, amounts) in sorted(evidence.items()):
        low, high = keys // size, keys % size
        kept = np.ones(len(keys), bool)
        weights = amounts
        if kind in totals:
            one, other = totals[kind].amounts[low], totals[kind].amounts[high]
            weights = amounts / np.sqrt((one + SMOOTHING) * (other + SMOOTHING))
        if kind in (BOUGHT, SEEN):
            kept &= amounts >= settings.min_shoppers
            kept &= amounts * totals[kind].total > one * other
        if kind == BOUGHT:
            bought = keys[kept]
        else:
            kept &= ~np.isin(keys, bought, assume_unique=True)
        if kind in (SEEN, ANSWERED):
            apart = (categories[low] != categories[high]) & (
                categories[low] > 0) & (categories[high] > 0)
            kept &= ~apart
        parts += [_edges(kind, head[kept], tail[kept], weights[kept])
                  for head, tail in ((low, high), (high, low))]
    return np.concatenate(parts)


def strongest(edges: np.ndarray, neighbours: int) -> np.ndarray:
    """The strongest edges of each kind and head; of equal ones those to the first products."""
    order = np.lexsort((edges["tail"], -edges["weight"], edges["head"], edges["kind"]))
    edges = edges[order]
    starts = np.ones(len(edges), bool)
    starts[1:] = (edges["kind"][1:] != edges["kind"][:-1]) | (
        edges["head"][1:] != edges["head"][:-1])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(edges)), 0))
    return edges[np.arange(len(edges)) - first < neighbours]


def _edges(kind: int, head: np.ndarray, tail: np.ndarray, weight: np.ndarray) -> np.ndarray:
    edges = np.empty(len(head), EDGE)
    edges["kind"], edges["head"], edges["tail"], edges["weight"] = kind, head, tail, weight
    return edges
