"""Which products answer the same query, as shoppers and raters saw it."""

from __future__ import annotations

import numpy as np

from pipeline.governance.graph.pairs import Counts, add_counts, pair_keys

EDGE = np.dtype([("query", "u8"), ("product", "i4"), ("strength", "f4"), ("judged", "?")])
"""A product that somebody wanted or judged for a query: hash of the query, row of the product, and
how many shoppers wanted it, or its grade."""

GOOD_SHARE = 0.5
"""Share of a query's best grade from which on a product answers it."""

MAX_ANSWERS = 50
"""Answers of a query that are looked at, the strongest: one with more says little of any two."""


def good_answers(edges: np.ndarray, min_shoppers: int) -> np.ndarray:
    """The edges of products that answer their query.

    Args:
        edges: of type `EDGE`, all of each query that occurs, in any order.
        min_shoppers: how many must have wanted a product that nobody judged.

    Returns:
        Of type `EDGE`, by query, the strongest first; one for each query and product. Judged
        answers come before others, as a person has said so.
    """
    edges = _added_up(edges)
    queries, place = np.unique(edges["query"], return_inverse=True)
    best = np.zeros(len(queries))
    np.maximum.at(best, place, np.where(edges["judged"], edges["strength"], 0))
    good = np.where(
        edges["judged"], (edges["strength"] > 0) & (edges["strength"] >= GOOD_SHARE * best[place]),
        edges["strength"] >= min_shoppers)
    edges = edges[good]
    order = np.lexsort((edges["product"], -edges["strength"], ~edges["judged"], edges["query"]))
    edges = edges[order]
    _, first = np.unique(edges[["query", "product"]], return_index=True)
    edges = edges[np.sort(first)]
    return edges[_places(edges["query"]) < MAX_ANSWERS]


def pair_answers(answers: np.ndarray, products: int) -> Counts:
    """How strongly queries say that two products do the same.

    A query with two answers says it of them as 1, one with many says less of each pair.

    Args:
        answers: as `good_answers` returns them.
        products: size of the catalogue.
    """
    _, place, sizes = np.unique(answers["query"], return_inverse=True, return_counts=True)
    product = answers["product"]
    parts = []
    for apart in range(1, int(sizes.max(initial=0))):
        same = place[apart:] == place[:-apart]
        keys = pair_keys(product[apart:][same], product[:-apart][same], products)
        parts.append(Counts(keys, 1.0 / (sizes[place[apart:][same]] - 1.0)))
    return add_counts(parts)


def _added_up(edges: np.ndarray) -> np.ndarray:
    """One edge for each query, product and kind: shoppers added, the mean of grades."""
    if not len(edges):
        return edges
    edges = np.sort(edges, order=["query", "product", "judged"])
    starts = np.ones(len(edges), bool)
    starts[1:] = (
        (edges["query"][1:] != edges["query"][:-1])
        | (edges["product"][1:] != edges["product"][:-1])
        | (edges["judged"][1:] != edges["judged"][:-1]))
    first = np.flatnonzero(starts)
    total = np.add.reduceat(edges["strength"].astype(np.float64), first)
    count = np.diff(np.append(first, len(edges)))
    added = edges[first].copy()
    added["strength"] = np.where(added["judged"], total / count, total)
    return added


def _places(sorted_keys: np.ndarray) -> np.ndarray:
    """The place of each among equal keys, from 0."""
    return np.arange(len(sorted_keys)) - np.searchsorted(sorted_keys, sorted_keys)
