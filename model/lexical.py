"""The lexical arm: BM25F over the terms of a catalogue's texts, and likeness by shared words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import scipy.sparse
import tensorflow as tf

from model.postings import Postings, heaviest
from model.terms import FAMILIES, terms

K1 = 0.6
"""BM25's saturation: texts of products repeat words seldom, and to repeat one says little."""

B = 0.3
"""BM25's length normalisation, of titles: they differ little in length."""

MAX_QUERY_TERMS = 128
"""Terms of a query that are looked up in each family, the first: some twenty words' trigrams. It
bounds what a hostile text costs."""

MAX_POSTINGS = 50_000
"""Products that a term keeps, those that it weighs most in: every one of a catalogue that is no
larger, and a catalogue of a million stays fast."""

MAX_ALIKE_POSTINGS = 8_000
"""Products that a word keeps where products are compared with each other: what is in more of them
makes two products hardly alike, and the comparison takes the square of it."""

KEPT_ALIKE = 100
"""Products alike that are kept of each; twice as many gain nothing."""

DEFINING_TERMS = 32
"""Words of a product by which others are alike, the heaviest: the others of a long text are the
frequent ones, and looking them up would be most of the work."""

_CHUNK = 4_096
"""Texts whose terms are read at once."""

_COMPARED = 256
"""Products compared with all others at once: frequent words make that nearly a full row each."""


@dataclasses.dataclass(frozen=True)
class Field:
    """A text of every product, and how much a term in it counts.

    Attributes:
        texts: one a product.
        weight: of a term's occurrence, against 1 in a title.
        families: which terms are read.
        length_share: BM25's b: how far a term counts for less in a text longer than the field's
            mean, in [0, 1].
    """

    texts: Sequence[str]
    weight: float
    families: tuple[str, ...] = FAMILIES
    length_share: float = B


class LexicalIndex(tf.Module):
    """Scores every product for the terms of queries and for likeness to products.

    Args:
        fields: the products' texts.
        products: how many there are.
    """

    def __init__(self, fields: Sequence[Field], products: int, name: str = "lexical") -> None:
        super().__init__(name=name)
        self._vocabularies: dict[str, tf.Variable] = {}
        self._postings: dict[str, Postings] = {}
        occurrences = _read(fields, products)
        for family in FAMILIES:
            vocabulary, frequencies = _matrix(occurrences.pop(family), products)
            weights = heaviest(term_weights(frequencies), MAX_POSTINGS)
            self._vocabularies[family] = tf.Variable(
                vocabulary, trainable=False, name=f"{family}_vocabulary")
            self._postings[family] = Postings(weights, name=f"{family}_postings")
            if family == "words":
                self._alike = Postings(
                    alike(heaviest(weights, MAX_ALIKE_POSTINGS)), name="alike")

    def lookup(self, queries: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Rows of the queries' terms, int64 `[batch, terms]` for each family, -1 for none.

        Args:
            queries: string `[batch]`.
        """
        found = terms(queries)
        return tuple(self._rows(family, found[family]) for family in FAMILIES)

    def scores(self, rows: Sequence[tf.Tensor]) -> tf.Tensor:
        """Scores of every product, float32 `[batch, families, products]`.

        Args:
            rows: as `lookup` returns them.
        """
        return tf.stack([
            self._postings[family].scores(some, tf.ones_like(some, tf.float32))
            for family, some in zip(FAMILIES, rows, strict=True)], axis=1)

    def alike(self, history: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        """How alike every product is to those of histories, float32 `[batch, products]`.

        Args:
            history: rows of products, int64 `[batch, history]`, padded with -1.
            shares: how much each of them counts, float32 `[batch, history]`, at most 1 together.

        Returns:
            The mean of the cosines of `alike`, by the shares, in [0, 1].
        """
        return self._alike.scores(history, shares)

    def _rows(self, family: str, found: tf.RaggedTensor) -> tf.Tensor:
        vocabulary, found = self._vocabularies[family], found[:, :MAX_QUERY_TERMS]
        places = tf.searchsorted(vocabulary, found.flat_values, out_type=tf.int64)
        places = tf.minimum(places, tf.size(vocabulary, tf.int64) - 1)
        known = tf.gather(vocabulary, places) == found.flat_values
        return found.with_flat_values(tf.where(known, places, -1)).to_tensor(default_value=-1)


def term_weights(frequencies: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """BM25F weights (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework").

    Args:
        frequencies: how often each term stands in each product, each field's occurrences by its
            weight and its length, `[terms, products]`.

    Returns:
        float32 `[terms, products]`; a query's score is the sum over its terms.
    """
    products = frequencies.shape[1]
    spread = np.diff(frequencies.indptr)
    rarity = np.log1p((products - spread + 0.5) / (spread + 0.5))
    weights = frequencies.data * (K1 + 1) / (frequencies.data + K1) * np.repeat(rarity, spread)
    return scipy.sparse.csr_matrix(
        (weights.astype(np.float32), frequencies.indices, frequencies.indptr), frequencies.shape)


def alike(weights: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """How alike products are by their words, the `KEPT_ALIKE` largest values of each product.

    What shoppers of a product want next shares its words more often than a sentence encoder sees:
    a thread, a filament's diameter, a printer's model.

    Args:
        weights: `[terms, products]`.

    Returns:
        float32 `[products, products]`: cosines, of a row's product by its `DEFINING_TERMS` alone;
        nothing on the diagonal.
    """
    words = weights.T.tocsr()
    length = np.sqrt(np.asarray(words.multiply(words).sum(axis=1))).ravel()
    words = (scipy.sparse.diags(1.0 / np.maximum(length, 1e-9)) @ words).tocsr()
    defining, every = heaviest(words, DEFINING_TERMS), words.T.tocsr()
    chunks = []
    for start in range(0, words.shape[0], _COMPARED):
        cosines = (defining[start:start + _COMPARED] @ every).tocsr()
        row = np.repeat(np.arange(cosines.shape[0]), np.diff(cosines.indptr))
        cosines.data[cosines.indices == row + start] = 0.0
        chunks.append(heaviest(cosines, KEPT_ALIKE))
    return scipy.sparse.vstack(chunks, format="csr").astype(np.float32)


_Occurrences = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Hashes of terms, rows of the products that they stand in, and what each occurrence counts."""


def _read(fields: Sequence[Field], products: int) -> dict[str, list[_Occurrences]]:
    """Every occurrence of a term, by family and field."""
    read: dict[str, list[_Occurrences]] = {family: [] for family in FAMILIES}
    for field in fields:
        parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {f: [] for f in field.families}
        for start in range(0, len(field.texts), _CHUNK):
            found = terms(tf.constant(field.texts[start:start + _CHUNK], tf.string))
            for family, some in parts.items():
                values = found[family]
                some.append((
                    values.flat_values.numpy(),
                    values.value_rowids().numpy().astype(np.int32) + start))
        for family, some in parts.items():
            if some:
                values, product = map(np.concatenate, zip(*some, strict=True))
                read[family].append((values, product, _counts(field, product, products)))
    return read


def _counts(field: Field, product: np.ndarray, products: int) -> np.ndarray:
    """What each occurrence in a field counts, by the length of the text that it stands in."""
    lengths = np.bincount(product, minlength=products)
    mean = lengths[lengths > 0].mean() if len(product) else 1.0
    relative = 1.0 + field.length_share * (lengths[product] / mean - 1.0)
    return (field.weight / relative).astype(np.float32)


def _matrix(
    parts: Sequence[_Occurrences], products: int,
) -> tuple[np.ndarray, scipy.sparse.csr_matrix]:
    """Sorted vocabulary and frequencies `[terms, products]`."""
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    values, product, count = (np.concatenate(part) for part in zip(nothing, *parts, strict=True))
    vocabulary, term = np.unique(values, return_inverse=True)
    frequencies = scipy.sparse.csr_matrix(
        (count, (term, product)), shape=(max(1, len(vocabulary)), products))
    # A vocabulary of nothing would have no last place to look at; no hash is negative.
    return (vocabulary if len(vocabulary) else np.array([-1])), frequencies
