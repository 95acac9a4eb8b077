"""What a judgement looks like beside its query's words, its product's texts and other judgements.

Everything here is known of a judgement without its own grade, so that the same row describes it
with the grade that it has and with one that it might have had.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.governance.labels import words
from pipeline.governance.labels.words import Frequencies, Texts

Floats = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Floats]
"""Unit vectors of texts, float32 `[texts, dim]`."""

COMPARED = ("share of words by rarity", "share of trigrams", "likeness of trigrams")
"""Lexical features that are also told relative to the query's other judged products."""

_GRADES = (
    "mean grade of query", "judgements of query", "mean grade of product",
    "judgements of product")

NAMES = (
    *words.NAMES,
    *(f"{name}, {how}" for name in COMPARED for how in ("deviation", "rank")),
    *_GRADES)
"""Columns of `describe` without an encoder."""

SEMANTIC_NAMES = ("cosine", "cosine, deviation", "cosine, rank", "grade of similar products")
"""Columns that an encoder adds."""

_LIKENESS_TEMPERATURE = 0.1
"""Products of cosine 0.9 weigh a third of one with the same title, when grades are averaged."""


@dataclasses.dataclass(frozen=True)
class Judged:
    """Judgements of whole queries: all that were made of a query stand together.

    Attributes:
        position: of each row in its table, int64 `[rows]`.
        query: normalised texts, one a row.
        product: texts of the products, one a row.
        grade: float32 `[rows]`.
        product_mean: mean grade of the product's other judgements, NaN for none, float32 `[rows]`.
        product_count: number of those, float32 `[rows]`.
    """

    position: npt.NDArray[np.int64]
    query: list[str]
    product: list[Texts]
    grade: Floats
    product_mean: Floats
    product_count: Floats

    def __len__(self) -> int:
        return len(self.position)

    def queries(self) -> npt.NDArray[np.int64]:
        """Number of the query of each row, from 0, ascending, int64 `[rows]`."""
        first = [a != b for a, b in itertools.pairwise(self.query)]
        return np.cumsum([0, *first])[:len(self.query)].astype(np.int64)


def describe(judged: Judged, frequencies: Frequencies, encode: Encode | None = None) -> Floats:
    """Features of judgements.

    Args:
        judged: judgements of whole queries.
        frequencies: of words in titles.
        encode: what turns queries and titles into vectors, or None to do without.

    Returns:
        float32 `[rows, features]`, NaN where something is not known. Columns are `NAMES` and, with
        an encoder, `SEMANTIC_NAMES`.
    """
    query = judged.queries()
    lexical = words.agreement(judged.query, judged.product, frequencies)
    columns = list(lexical.T)
    for name in COMPARED:
        column = lexical[:, words.NAMES.index(name)]
        columns += [deviation(column, query), rank(column, query)]
    columns += [*others_mean(judged.grade, query), judged.product_mean, judged.product_count]
    if encode is not None:
        vectors = _encode_distinct([product.title for product in judged.product], encode)
        cosine = np.einsum("rd,rd->r", _encode_distinct(judged.query, encode), vectors)
        columns += [
            cosine, deviation(cosine, query), rank(cosine, query),
            grade_of_similar(judged.grade, query, vectors)]
    return np.column_stack(columns).astype(np.float32)


def others_mean(grade: Floats, group: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mean grade and number of the other rows of a row's group, NaN and 0 for a row alone.

    Args:
        grade: float `[rows]`.
        group: number of each row's group, from 0, int64 `[rows]`.
    """
    others = np.bincount(group)[group] - 1
    total = np.bincount(group, grade)[group] - grade
    mean = np.where(others > 0, total / np.maximum(others, 1), np.nan)
    return mean.astype(np.float32), others.astype(np.float32)


def deviation(values: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """Values less the mean of those that their group has; NaN stays."""
    known = ~np.isnan(values)
    count = np.bincount(group, known)
    total = np.bincount(group, np.where(known, values, 0.0))
    return (values - (total / np.maximum(count, 1))[group]).astype(np.float32)


def rank(values: Floats, group: npt.NDArray[np.int64]) -> Floats:
    """Share of the group's other rows whose value is lower, ties counting half; NaN for one alone.

    NaN counts as lower than any number.
    """
    filled = np.where(np.isnan(values), -np.inf, values)
    _, number = np.unique(filled, return_inverse=True)
    key = group * (number.max(initial=0) + 1) + number
    ordered = np.sort(key)
    first = np.searchsorted(ordered, group * (number.max(initial=0) + 1))
    below = np.searchsorted(ordered, key) - first
    ties = np.searchsorted(ordered, key, side="right") - first - below - 1
    others = np.bincount(group)[group] - 1
    share = np.where(others > 0, (below + ties / 2) / np.maximum(others, 1), np.nan)
    return share.astype(np.float32)


def grade_of_similar(
    grade: Floats, group: npt.NDArray[np.int64], vectors: Floats,
) -> Floats:
    """Mean grade of the other rows of the group, by how alike their products are.

    Args:
        grade: float `[rows]`.
        group: ascending, int64 `[rows]`.
        vectors: of the products, of unit length, float32 `[rows, dim]`.

    Returns:
        float32 `[rows]`, NaN for a row alone.
    """
    mean = np.full(len(grade), np.nan, np.float32)
    ends = np.flatnonzero(np.diff(group, append=-1)) + 1
    for start, end in itertools.pairwise([0, *ends]):
        if end - start < 2:
            continue
        weight = np.exp((vectors[start:end] @ vectors[start:end].T - 1) / _LIKENESS_TEMPERATURE)
        np.fill_diagonal(weight, 0.0)
        mean[start:end] = weight @ grade[start:end] / weight.sum(axis=1)
    return mean


def _encode_distinct(texts: Sequence[str], encode: Encode) -> Floats:
    """Vectors of texts, each different one encoded once, `[texts, dim]`."""
    distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return encode(list(distinct))[[distinct[text] for text in texts]]
