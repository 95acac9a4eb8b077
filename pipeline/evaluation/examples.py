"""A few queries with what the candidate answers, for a person to look at."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from pipeline.evaluation.data import Catalogue, Context
from pipeline.evaluation.metrics import NOTHING, Floats, Ints

_RESULTS = 5
# A typed query may be an e-mail address or a phone number; those are not shown.
_PRIVATE = re.compile(r"@|\d(?:[ ()./-]?\d){6,}")


@dataclasses.dataclass(frozen=True)
class Result:
    """One returned product; `gain` is 0 when it is not known to be relevant."""

    product_id: str
    title: str
    gain: float


@dataclasses.dataclass(frozen=True)
class ExampleQuery:
    """A query, what the candidate scored on it and what it returned first."""

    query: str
    score: float
    relevant: int
    results: tuple[Result, ...]


def example_queries(
    contexts: Sequence[Context], rankings: Ints, scores: Floats, catalogue: Catalogue, count: int
) -> tuple[ExampleQuery, ...]:
    """Picks search contexts evenly from the worst to the best answered.

    Recommend contexts are never shown: a history or a profile describes a person.

    Args:
        contexts: of both kinds.
        rankings: of the candidate, `[contexts, depth]`.
        scores: nDCG@10 of the candidate, `[contexts]`.
        catalogue: of the titles.
        count: examples, at the most.
    """
    shown = [
        row for row, context in enumerate(contexts)
        if context.kind == "search" and context.query and not _PRIVATE.search(context.query)
    ]
    shown.sort(key=lambda row: (scores[row], contexts[row].query))
    picks = np.unique(np.linspace(0, len(shown) - 1, count).round().astype(int)) if shown else []
    examples = []
    for row in (shown[pick] for pick in picks):
        products = [number for number in rankings[row, :_RESULTS] if number != NOTHING]
        examples.append(ExampleQuery(
            query=contexts[row].query, score=float(scores[row]),
            relevant=sum(gain > 0 for gain in contexts[row].relevant.values()),
            results=tuple(
                Result(
                    catalogue.product_ids[number], catalogue.titles[number],
                    contexts[row].relevant.get(catalogue.product_ids[number], 0.0))
                for number in products)))
    return tuple(examples)
