"""Products as vectors, a column at a time: tf-idf of tokens and its truncated SVD."""

from __future__ import annotations

import collections
from typing import NamedTuple

import numpy as np
import scipy.sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from pipeline.governance.judge.texts import Texts

COLUMNS = ("title", "description", "attributes")

DIMENSIONS = {"title": 192, "description": 128, "attributes": 128}
"""Of a column's dense vectors."""

MAX_TERMS = 50_000
"""Tokens of a column that count, the most frequent: what bounds the memory of a large shop."""

MIN_PRODUCTS = 3
"""Products that have a token before it counts."""


class View(NamedTuple):
    """One column of some products.

    Attributes:
        sparse: tf-idf, rows of unit length, `[products, terms]`.
        dense: the same in few dimensions, `[products, dim]`.
        present: whether a product has the column, `[products]`.
    """

    sparse: scipy.sparse.csr_matrix
    dense: np.ndarray
    present: np.ndarray


class Views(NamedTuple):
    """The columns of some products."""

    title: View
    description: View
    attributes: View

    @property
    def sparse(self) -> scipy.sparse.csr_matrix:
        """All columns side by side."""
        return scipy.sparse.hstack([view.sparse for view in self], format="csr")

    @property
    def dense(self) -> np.ndarray:
        """All columns side by side."""
        return np.hstack([view.dense for view in self])

    @property
    def rest(self) -> np.ndarray:
        """All columns but the title, side by side."""
        return np.hstack([self.description.dense, self.attributes.dense])


class ViewSpace:
    """What turns products into views.

    Args:
        texts: what its terms, their weights and dimensions are learned from.
    """

    def __init__(self, texts: Texts) -> None:
        self._spaces = {
            column: _ColumnSpace(getattr(texts, column), DIMENSIONS[column]) for column in COLUMNS}

    def __call__(self, texts: Texts) -> Views:
        """Views of products."""
        return Views(*(self._spaces[column](getattr(texts, column)) for column in COLUMNS))

    def weights(self, column: str) -> dict[str, float]:
        """Inverse document frequency of the terms of a column."""
        return self._spaces[column].weights


class _ColumnSpace:
    """The space of one column; a column that says next to nothing is zero in it."""

    def __init__(self, lists: list[list[str]], dimensions: int) -> None:
        self.weights: dict[str, float] = {}
        self._svd: TruncatedSVD | None = None
        counts = collections.Counter(token for tokens in lists for token in set(tokens))
        terms = sum(count >= MIN_PRODUCTS for count in counts.values())
        if terms < 2:
            return
        self._vectorizer = TfidfVectorizer(
            analyzer=_as_it_is, min_df=MIN_PRODUCTS, max_features=MAX_TERMS, sublinear_tf=True,
            dtype=np.float32)
        sparse = self._vectorizer.fit_transform(lists)
        self._svd = TruncatedSVD(min(dimensions, terms - 1), n_iter=3, random_state=0).fit(sparse)
        self.weights = dict(zip(
            self._vectorizer.get_feature_names_out(), self._vectorizer.idf_.tolist(), strict=True))

    def __call__(self, lists: list[list[str]]) -> View:
        if self._svd is None:
            return View(
                scipy.sparse.csr_matrix((len(lists), 1), dtype=np.float32),
                np.zeros((len(lists), 1), np.float32), np.zeros(len(lists), bool))
        sparse = self._vectorizer.transform(lists)
        return View(
            sparse, self._svd.transform(sparse).astype(np.float32),
            np.array([bool(tokens) for tokens in lists], bool))


def _as_it_is(tokens: list[str]) -> list[str]:
    return tokens
