"""Peers that know who touched what: popularity, item-to-item neighbours, EASE."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from benchmarks.quality.peers.rankings import Floats, Scorer, recency_weights
from benchmarks.quality.tasks import Task

SHRINKAGE = 10.0
"""Added to the norm of a cosine, so that two products of few users are not neighbours by chance."""

DECAY = 0.8
"""Weight of an event relative to the next newer one, where recency counts."""


def popularity(task: Task) -> Scorer:
    """Every product by its number of users; one without any is no answer."""
    counts = _together(task).diagonal()
    scores = np.where(counts > 0, counts, -np.inf)
    return lambda rows: np.tile(scores, (len(rows), 1))


def item_knn(task: Task, decay: float = 1.0) -> Scorer:
    """Sum over a history of each product's shrunk cosine with the others, by the users they share.

    Args:
        task: whose events are learned.
        decay: weight of an event relative to the next newer one.
    """
    together = _together(task)
    norms = np.sqrt(together.diagonal())
    cosine = together / (np.outer(norms, norms) + SHRINKAGE)
    np.fill_diagonal(cosine, 0.0)

    def score(rows: range) -> Floats:
        scores = _of_histories(task, rows, decay) @ cosine
        return np.where(scores > 0, scores, -np.inf)

    return score


def ease(task: Task, penalty: float) -> Scorer:
    """EASE (Steck 2019): the linear item-to-item model that best repeats the interactions.

    Args:
        task: whose events are learned.
        penalty: of the squared weights, lambda.
    """
    together = _together(task)
    inverse = np.linalg.inv(together + penalty * np.eye(len(together)))
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0.0)
    return lambda rows: _of_histories(task, rows, 1.0) @ weights


def _together(task: Task) -> Floats:
    """In how many users' events two products both are, `[products, products]`."""
    users, products = task.interactions()
    touched = scipy.sparse.csr_matrix(
        (np.ones(len(users)), (users, products)), (max(users) + 1, len(task.products)))
    touched.data[:] = 1.0  # It has added up what was touched twice.
    return np.asarray((touched.T @ touched).toarray())


def _of_histories(task: Task, rows: range, decay: float) -> Floats:
    """Histories as weights of products, `[topics, products]`; a repeated one counts as newest."""
    weights = np.zeros((len(rows), len(task.products)))
    for row, topic in enumerate(rows):
        history = task.histories[topic]
        weights[row, history] = recency_weights(len(history), decay)
    return weights
