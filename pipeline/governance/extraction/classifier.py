"""What a product's words say about a value that they do not name: linear models over TF-IDF."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from pipeline.cjk import with_pairs
from pipeline.governance.extraction.values import Value

MAX_CLASSES = 100
MIN_CLASS_ROWS = 3
_PASSES = 10
_MAX_FEATURES = 60_000
_WORD = re.compile(r"[^\W_]+")


class WordFeatures:
    """Words and word pairs of texts, weighted by TF-IDF.

    Args:
        texts: from which words are learned.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            preprocessor=_spaced, tokenizer=_WORD.findall, token_pattern=None, ngram_range=(1, 2),
            min_df=2, sublinear_tf=True, max_features=_MAX_FEATURES, dtype=np.float32)
        self._vectorizer.fit(texts)

    def __call__(self, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
        """Features of texts, float32 `[texts, features]`."""
        return self._vectorizer.transform(texts)


class ValueClassifier:
    """Tells which of a column's common values a product has; nothing where there are not two.

    Args:
        features: of rows that have a value, `[rows, features]`.
        values: of the rows.
        seed: of the order in which rows are learned from.
    """

    def __init__(
        self, features: scipy.sparse.csr_matrix, values: Sequence[Value], seed: int,
    ) -> None:
        counts = collections.Counter(values)
        common = {
            value for value, count in counts.most_common(MAX_CLASSES) if count >= MIN_CLASS_ROWS}
        self._model: SGDClassifier | None = None
        if len(common) < 2:
            return
        rows = [row for row, value in enumerate(values) if value in common]
        self._values = sorted(common, key=str)
        number = {value: place for place, value in enumerate(self._values)}
        self._model = SGDClassifier(
            loss="log_loss", alpha=1e-5, max_iter=_PASSES, tol=None, random_state=seed)
        self._model.fit(features[rows], [number[values[row]] for row in rows])

    def __call__(self, features: scipy.sparse.csr_matrix, top: int) -> list[dict[Value, float]]:
        """The most probable values of each row with their probabilities.

        Args:
            features: `[rows, features]`.
            top: values a row.
        """
        if self._model is None:
            return [{} for _ in range(features.shape[0])]
        probabilities = self._model.predict_proba(features)
        places = self._model.classes_
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
        return [
            {self._values[places[column]]: float(probabilities[row, column]) for column in columns}
            for row, columns in enumerate(best)]


def _spaced(text: str) -> str:
    """A text whose words stand apart, case folded."""
    return with_pairs(text).casefold()
