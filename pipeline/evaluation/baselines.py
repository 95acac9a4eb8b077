"""What a model has to beat: what is popular, and BM25 over the products' texts.

Both rank the whole catalogue for the same contexts as the model, and leave out the products of
the history where the model is asked to (recommend contexts).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import bm25s
import numpy as np
import Stemmer

from pipeline.cjk import with_pairs
from pipeline.evaluation.data import Catalogue, Context
from pipeline.evaluation.metrics import NOTHING, Ints

_QUERIES_AT_ONCE = 256

logging.getLogger("bm25s").setLevel(logging.INFO)  # It sets DEBUG when imported.


def popularity_rankings(
    contexts: Sequence[Context], catalogue: Catalogue, counts: Mapping[str, int], depth: int
) -> Ints:
    """Ranks what was wanted most in training first, for every context alike.

    Products wanted equally often, or never, follow the order of their ids.

    Returns:
        Product numbers `[contexts, depth]`.
    """
    ids = catalogue.product_ids
    order = sorted(range(len(ids)), key=lambda number: (-counts.get(ids[number], 0), number))
    excluded = [_excluded(context, catalogue) for context in contexts]
    longest = max(map(len, excluded), default=0)
    top = order[:depth + longest]
    return _fill((_without(top, out) for out in excluded), len(contexts), depth)


def bm25_rankings(contexts: Sequence[Context], catalogue: Catalogue, depth: int) -> Ints:
    """Ranks by BM25 (k1 1.2, b 0.75, English stems and stop words) over all text of a product.

    Chinese and Japanese are read as pairs of characters.

    The query of a search context is what was typed; of a recommend context it is the titles of
    its history. A product that shares no word with it is not returned.

    Returns:
        Product numbers `[contexts, depth]`; `NOTHING` after the last match.
    """
    stemmer = Stemmer.Stemmer("english")

    def tokenize(texts: Sequence[str]) -> bm25s.tokenization.Tokenized:
        return bm25s.tokenize(
            [with_pairs(text) for text in texts], stopwords="en", stemmer=stemmer,
            show_progress=False)

    corpus = tokenize(catalogue.texts)
    if not corpus.vocab:
        return np.full((len(contexts), depth), NOTHING, np.int64)
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(corpus, show_progress=False)
    rows: list[list[int]] = []
    for start in range(0, len(contexts), _QUERIES_AT_ONCE):
        batch = contexts[start:start + _QUERIES_AT_ONCE]
        excluded = [_excluded(context, catalogue) for context in batch]
        k = min(len(catalogue), depth + max(map(len, excluded)))
        found, scores = index.retrieve(
            tokenize([_bm25_query(context, catalogue) for context in batch]),
            k=k, show_progress=False, backend_selection="numpy")
        rows += [
            _without(row[score > 0].tolist(), out)
            for row, score, out in zip(found, scores, excluded, strict=True)
        ]
    return _fill(rows, len(contexts), depth)


def _bm25_query(context: Context, catalogue: Catalogue) -> str:
    if context.kind == "search":
        return context.query
    numbers = (catalogue.number_of.get(product) for product in context.history)
    return " ".join(catalogue.titles[number] for number in numbers if number is not None)


def _excluded(context: Context, catalogue: Catalogue) -> frozenset[int]:
    if context.kind != "recommend":
        return frozenset()
    numbers = (catalogue.number_of.get(product) for product in context.history)
    return frozenset(number for number in numbers if number is not None)


def _without(ranking: Sequence[int], excluded: frozenset[int]) -> list[int]:
    return [product for product in ranking if product not in excluded]


def _fill(rows: Iterable[Sequence[int]], contexts: int, depth: int) -> Ints:
    rankings = np.full((contexts, depth), NOTHING, np.int64)
    for number, row in enumerate(rows):
        rankings[number, :len(row)] = row[:depth]
    return rankings
