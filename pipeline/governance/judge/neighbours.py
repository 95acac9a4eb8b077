"""Evidence from the products most like a product: their prices, brands, categories and titles."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse
from sklearn.preprocessing import normalize

from pipeline.governance.judge.brands import fold_brand
from pipeline.governance.judge.measures import Measures, only_where
from pipeline.governance.judge.prices import log_prices
from pipeline.governance.judge.texts import Texts, log_lengths
from pipeline.governance.judge.views import View, Views

NEIGHBOURS = 10

USUAL = 0.5
"""Share of the titles of products described alike from which a word is due."""

ORDER_TOKENS = 24
"""Of a description whose order is compared, the first."""

_ROWS = 512
"""Products that are compared with all at once."""


class Neighbours:
    """Products to compare others with.

    Args:
        texts: of these products.
        views: of the same.
    """

    def __init__(self, texts: Texts, views: Views) -> None:
        self._whole = _vectors(*views)
        self._rest = _vectors(views.description, views.attributes)
        self._prices = log_prices(texts)
        self._brands, self._categories = _brands(texts), _categories(texts)
        self._descriptions = normalize(views.description.dense)
        self._places = [
            {token: place for place, token in enumerate(tokens[:ORDER_TOKENS])}
            for tokens in texts.description]
        self._words = (views.title.sparse > 0).astype(np.float32)
        self._lengths = log_lengths(texts)

    def measure(self, texts: Texts, views: Views) -> Measures:
        """How like the nearest products are, and what of them differs."""
        nearest, likeness = _nearest(_vectors(*views), self._whole)
        prices = self._prices[nearest]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # Where no neighbour has a price.
            middle, spread = np.nanmedian(prices, axis=1), np.nanstd(prices, axis=1)
        brands, categories = _brands(texts), _categories(texts)
        same_brand = (self._brands[nearest] == brands[:, np.newaxis]).mean(1)
        same_category = (self._categories[nearest] == categories[:, np.newaxis]).mean(1)
        return {
            "neighbours": likeness,
            "neighbours' price": log_prices(texts) - middle,
            "neighbours' price spread": spread,
            "neighbours' brand": np.where(brands == "", np.nan, same_brand),
            "neighbours' category": np.where(categories == "", np.nan, same_category),
            **self._titles(texts, views), **self._order(texts, views)}

    def _titles(self, texts: Texts, views: Views) -> Measures:
        """What the titles of products that are described alike say, and this one does not."""
        nearest, likeness = _nearest(_vectors(views.description, views.attributes), self._rest)
        products, count = nearest.shape
        choice = scipy.sparse.csr_matrix(
            (np.full(nearest.size, 1 / count, np.float32), nearest.ravel(),
             np.arange(0, nearest.size + 1, count)), shape=(products, self._words.shape[0]))
        due = (choice @ self._words).tocsr()
        own = (views.title.sparse > 0).astype(np.float32)
        said = _sum(due.multiply(own))
        usual = due.multiply(due >= USUAL).tocsr()
        lacking = _sum(usual) - _sum(usual.multiply(own))
        return {
            "described alike": likeness,
            "usual words said": said / np.maximum(1, _sum(own)),
            "usual words share": said / np.maximum(_sum(due), 1e-6),
            "usual words lacking": lacking,
            "usual words lacking share": lacking / np.maximum(_sum(usual), USUAL),
            "usual length": log_lengths(texts) - self._lengths[nearest].mean(1)}

    def _order(self, texts: Texts, views: Views) -> Measures:
        """Whether words that descriptions share are in the same order."""
        nearest, _ = _nearest(normalize(views.description.dense), self._descriptions)
        kept, turned = np.zeros(len(texts)), np.zeros(len(texts))
        upper = np.triu(np.ones((ORDER_TOKENS, ORDER_TOKENS), bool), 1)
        for row, tokens in enumerate(texts.description):
            own = list(dict.fromkeys(tokens[:ORDER_TOKENS]))
            for number in nearest[row]:
                there = self._places[number]
                places = np.array([there[token] for token in own if token in there])
                ahead = places[:, np.newaxis] < places
                pairs = upper[:len(places), :len(places)]
                kept[row] += ahead[pairs].sum()
                turned[row] += (~ahead)[pairs].sum()
        described = views.description.present
        return only_where(described & (kept + turned > 0), {
            "words in usual order": (kept - turned) / np.sqrt(np.maximum(kept + turned, 1)),
            "share in usual order": kept / np.maximum(kept + turned, 1)})


def _nearest(vectors: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the nearest known vectors, `[rows, NEIGHBOURS]`, and their mean cosine."""
    count = min(NEIGHBOURS, len(known))
    nearest = np.zeros((len(vectors), count), np.int64)
    likeness = np.zeros(len(vectors))
    for start in range(0, len(vectors), _ROWS):
        scores = vectors[start:start + _ROWS] @ known.T
        best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        nearest[start:start + _ROWS] = best
        likeness[start:start + _ROWS] = np.take_along_axis(scores, best, axis=1).mean(1)
    return nearest, likeness


def _vectors(*views: View) -> np.ndarray:
    return normalize(np.hstack([normalize(view.dense) for view in views]))


def _sum(matrix: scipy.sparse.spmatrix) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1)).ravel()


def _brands(texts: Texts) -> np.ndarray:
    return np.array([fold_brand(row.get("brand", "")) for row in texts.rows], object)


def _categories(texts: Texts) -> np.ndarray:
    return np.array([row.get("category", "") for row in texts.rows], object)
