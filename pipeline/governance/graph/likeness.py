"""Which products of a category have titles that say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse

from pipeline.cjk import is_run, pairs, split_runs
from pipeline.governance.folding import fold
from pipeline.governance.graph.pairs import Counts, add_counts, pair_keys
from pipeline.ingest.rows import Row

MAX_WORD_PRODUCTS = 500
"""Products of a category with a word, above which it brings no two together: it is too common to
say much, and the pairs grow with the square."""

_CHUNK = 256
_WORD = re.compile(r"[^\W_]+")


class Titles(NamedTuple):
    """Products and what their titles say.

    Attributes:
        categories: hashes, uint64 `[n]`.
        rows: of the products, int32 `[n]`.
        prices: float32 `[n]`; NaN where there is none.
        words: hashes of the titles' words, title after title, uint64 `[all words]`.
        lengths: words of each title, int32 `[n]`.
    """

    categories: np.ndarray
    rows: np.ndarray
    prices: np.ndarray
    words: np.ndarray
    lengths: np.ndarray

    def take(self, places: np.ndarray) -> Titles:
        """Some of the products."""
        ends = np.cumsum(self.lengths)
        lengths = self.lengths[places]
        first = np.repeat(ends[places] - lengths - np.cumsum(lengths) + lengths, lengths)
        return Titles(
            self.categories[places], self.rows[places], self.prices[places],
            self.words[first + np.arange(len(first))], lengths)


def join_titles(parts: Sequence[Titles]) -> Titles:
    """The products of all parts."""
    return Titles(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def title_words(row: Row) -> set[str]:
    """What a title says besides the brand: words, and pairs of characters without spaces."""
    return _words(row["title"]) - _words(row.get("brand", ""))


def pair_titles(titles: Titles, products: int, min_likeness: float, price_ratio: float) -> Counts:
    """Pairs of products of a category with like titles, and near prices where both have one.

    Args:
        titles: all of each category that occurs, 0 being the category of those that have none.
        products: size of the catalogue.
        min_likeness: cosine of two titles' words, weighted by their rarity in the category.
        price_ratio: of the dearer to the cheaper, at the most.

    Returns:
        Pairs with their likeness.
    """
    _, place = np.unique(titles.categories, return_inverse=True)
    order = np.argsort(place, kind="stable")
    borders = np.flatnonzero(np.diff(place[order])) + 1
    return add_counts([
        _pair_category(titles.take(places), products, min_likeness, price_ratio)
        for places in np.split(order, borders)])


def _pair_category(
    titles: Titles, products: int, min_likeness: float, price_ratio: float,
) -> Counts:
    matched, whole = _weighted(titles)
    keys, amounts = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    for start in range(0, len(titles.rows), _CHUNK):
        likeness = (matched[start:start + _CHUNK] @ matched.T).tocoo()
        one, other = likeness.row + start, likeness.col
        cosine = likeness.data / (whole[one] * whole[other])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = titles.prices[one] / titles.prices[other]
        # A comparison with NaN is false: without two prices none is too far.
        far = (ratio > price_ratio) | (ratio < 1.0 / price_ratio)
        kept = (one < other) & (cosine >= min_likeness) & ~far
        keys.append(pair_keys(titles.rows[one[kept]], titles.rows[other[kept]], products))
        amounts.append(np.minimum(cosine[kept], 1.0).astype(np.float32))
    return Counts(np.concatenate(keys), np.concatenate(amounts))


def _weighted(titles: Titles) -> tuple[scipy.sparse.csr_matrix, np.ndarray]:
    """Words by rarity that may match, `[n, words]`, and the length of each title's whole vector."""
    size = len(titles.rows)
    vocabulary, column = np.unique(titles.words, return_inverse=True)
    row = np.repeat(np.arange(size), titles.lengths)
    count = np.bincount(column, minlength=len(vocabulary))
    weights = np.log1p(size / count)
    whole = np.sqrt(np.bincount(row, weights[column] ** 2, minlength=size))
    matching = ((count >= 2) & (count <= MAX_WORD_PRODUCTS))[column]
    matched = scipy.sparse.csr_matrix(
        (weights[column[matching]], (row[matching], column[matching])),
        shape=(size, len(vocabulary)))
    return matched, np.maximum(whole, 1e-9)


def _words(text: str) -> set[str]:
    return {
        part for piece in split_runs(fold(text)) for word in _WORD.findall(piece)
        for part in (pairs(word) if is_run(word) else [word])}
