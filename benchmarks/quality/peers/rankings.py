"""From scores of a whole catalogue to rankings, and from two rankings to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.quality.tasks import Task

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

Scorer = Callable[[range], Floats]
"""Scores of every product for the topics of a range, `[topics, products]`; -inf: no answer."""

DEPTH = 100
"""Products of an answer, as many as any measure looks at."""

NOTHING = -1
"""Stands in a ranking after its last product."""

_TOPICS_AT_ONCE = 256


def rank(task: Task, score: Scorer, depth: int = DEPTH) -> Ints:
    """Product numbers by descending score, equal ones in the catalogue's order.

    Products of a topic's own history are left out.

    Returns:
        `[topics, depth]`, padded with `NOTHING`.
    """
    rankings = np.full((len(task.topics), depth), NOTHING, np.int64)
    for start in range(0, len(task.topics), _TOPICS_AT_ONCE):
        rows = range(start, min(start + _TOPICS_AT_ONCE, len(task.topics)))
        scores = np.array(score(rows))
        for row, values in zip(rows, scores, strict=True):
            if task.histories:
                values[task.histories[row]] = -np.inf
            order = np.argsort(-values, kind="stable")[:depth]
            order = order[values[order] > -np.inf]
            rankings[row, :len(order)] = order
    return rankings


def fuse(first: Ints, second: Ints, weight: float, k: int = 20) -> Ints:
    """Reciprocal rank fusion (Cormack et al. 2009), each arm with a weight.

    Args:
        first: rankings `[topics, depth]`, padded with `NOTHING`.
        second: of the same topics.
        weight: of the first arm; the second has the rest to 1.
        k: added to the ranks, which count from 1.

    Returns:
        Rankings of the size of `first`.
    """
    fused = np.full_like(first, NOTHING)
    for row, arms in enumerate(zip(first, second, strict=True)):
        scores: dict[int, float] = {}
        for arm, share in zip(arms, (weight, 1 - weight), strict=True):
            for position, product in enumerate(arm[arm != NOTHING].tolist(), start=1):
                scores[product] = scores.get(product, 0.0) + share / (k + position)
        best = sorted(scores, key=scores.__getitem__, reverse=True)[:first.shape[1]]
        fused[row, :len(best)] = best
    return fused


def recency_weights(length: int, decay: float) -> Floats:
    """Weights of a history, oldest first: `decay` to the power of how many are newer."""
    return np.asarray(decay ** np.arange(length - 1, -1, -1, dtype=np.float64))


def run_lines(task: Task, rankings: Ints, tag: str) -> Sequence[str]:
    """Lines of a TREC run; the score only repeats the order."""
    ids = [row["product_id"] for row in task.products]
    return [
        f"{topic} Q0 {ids[product]} {position} {len(ranking) - position} {tag}\n"
        for topic, ranking in zip(task.topics, rankings, strict=True)
        for position, product in enumerate(ranking[ranking != NOTHING].tolist(), start=1)
    ]
