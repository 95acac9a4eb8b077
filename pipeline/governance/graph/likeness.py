"""Which products of a category have titles that say the same."""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import scipy.sparse

from pipeline.cjk import is_run, pairs, split_runs
from pipeline.governance.folding import fold
from pipeline.governance.graph.directory import hash_texts
from pipeline.governance.graph.evidence import ALIKE, EDGE, strongest
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


def word_groups(titles: Sequence[Collection[str]]) -> np.ndarray:
    """Hashes of what parts products into groups that like titles tend to share, uint64 `[n]`.

    It is a word of each, the first by a hash: of two titles that share most words it is likely the
    same. Numbers and codes, which tell products apart, are no such words where there are others.

    Args:
        titles: words of each.
    """
    return hash_texts([
        "word:" + min(
            [word for word in words if word.isalpha()] or words or [""],
            key=lambda word: (zlib.crc32(word.encode("utf-8")), word))
        for words in titles])


def pair_titles(
    titles: Titles, products: int, min_likeness: float, price_ratio: float, neighbours: int,
) -> Counts:
    """Pairs of products of a category with like titles, and near prices where both have one.

    Args:
        titles: all of each category or group that occurs.
        products: size of the catalogue.
        min_likeness: cosine of two titles' words, weighted by their rarity in the category.
        price_ratio: of the dearer to the cheaper, at the most.
        neighbours: of a product that are the most like it, at the most.

    Returns:
        Pairs of which one is among the other's neighbours, with their likeness.
    """
    _, place = np.unique(titles.categories, return_inverse=True)
    order = np.argsort(place, kind="stable")
    borders = np.flatnonzero(np.diff(place[order])) + 1
    return add_counts([
        _pair_category(titles.take(places), products, min_likeness, price_ratio, neighbours)
        for places in np.split(order, borders)])


def _pair_category(
    titles: Titles, products: int, min_likeness: float, price_ratio: float, neighbours: int,
) -> Counts:
    matched, whole = _weighted(titles)
    parts = [np.empty(0, EDGE)]
    for start in range(0, len(titles.rows), _CHUNK):
        likeness = (matched[start:start + _CHUNK] @ matched.T).tocoo()
        one, other = likeness.row + start, likeness.col
        cosine = likeness.data / (whole[one] * whole[other])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = titles.prices[one] / titles.prices[other]
        # A comparison with NaN is false: without two prices none is too far.
        far = (ratio > price_ratio) | (ratio < 1.0 / price_ratio)
        kept = (one != other) & (cosine >= min_likeness) & ~far
        edges = np.empty(np.count_nonzero(kept), EDGE)
        edges["kind"] = ALIKE
        edges["head"], edges["tail"] = titles.rows[one[kept]], titles.rows[other[kept]]
        edges["weight"] = np.minimum(cosine[kept], 1.0)
        # Templates have hundreds of titles that are like each other: all pairs would not fit.
        parts.append(strongest(edges, neighbours))
    found = np.concatenate(parts)
    keys, first = np.unique(
        pair_keys(found["head"], found["tail"], products), return_index=True)
    return Counts(keys, found["weight"][first])


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
