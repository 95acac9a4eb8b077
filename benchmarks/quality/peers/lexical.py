"""BM25 as bm25s has it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import bm25s
import numpy as np
import Stemmer

from benchmarks.quality.peers.rankings import Floats, Scorer
from benchmarks.quality.tasks import Task

logging.getLogger("bm25s").setLevel(logging.INFO)  # It sets DEBUG when imported.


def bm25(task: Task, fields: Sequence[str]) -> Scorer:
    """BM25 (k1 1.2, b 0.75), English stems and stop words; no shared word is no answer.

    Args:
        task: whose products are searched.
        fields: columns of the catalogue whose texts are indexed, as one.
    """
    stemmer = Stemmer.Stemmer("english")

    def tokenize(texts: Sequence[str]) -> list[list[str]]:
        return bm25s.tokenize(
            list(texts), stopwords="en", stemmer=stemmer, show_progress=False, return_ids=False)

    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(tokenize(task.texts(fields)), show_progress=False)
    queries = tokenize(task.queries)

    def score(rows: range) -> Floats:
        scores = np.stack([
            index.get_scores(queries[row]) if queries[row] else np.zeros(len(task.products))
            for row in rows])
        return np.where(scores > 0, scores, -np.inf)

    return score
