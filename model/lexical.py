"""The lexical arm: BM25 over a catalogue's words, word pairs and letter trigrams, in the graph.

Words alone miss a plural, a compound or a typing error, and take "steel door handle" for a
handle of any steel thing. Pairs of neighbouring words know their order, and trigrams of letters
know that "dishwasher" and "dish washer" are one thing. Scripts that put no space between words
are read by characters and pairs of characters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse
import tensorflow as tf
import tensorflow_text as tf_text

from model.postings import Postings

FAMILIES = ("words", "pairs", "trigrams")
"""Kinds of terms, each scored for itself, so that what each is worth can be learned."""

K1, B = 0.6, 0.3
"""BM25's saturation and length normalisation: titles repeat words seldom and differ little in
length, so both count for less than in prose (benchmarks/lexical.py)."""

MAX_CHARS = 1_000
"""Characters of a query or a field that are read."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts read by characters: they put no space between words, or glue particles to them."""

_POINT = "\ue000"
"""Stands for a decimal point while others are removed; nobody writes this private character."""

_BUCKETS = 2**62
"""Terms are told apart by their hash: two of a million share one with odds of 1 in ten million."""


def words(texts: tf.Tensor) -> tf.RaggedTensor:
    """Words of texts: lower case, without accents, letters and digits apart, plurals stripped.

    Args:
        texts: string `[batch]`.

    Returns:
        string `[batch, (words)]`; a run of an unspaced script is one word still.
    """
    text = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    text = tf.strings.substr(text, 0, MAX_CHARS, unit="UTF8_CHAR")
    text = tf_text.normalize_utf8(tf_text.case_fold_utf8(text), "NFKD")
    # Marks of Latin, Greek and Cyrillic only: in other scripts they are letters of their own.
    text = tf.strings.regex_replace(text, "[\u0300-\u036f]", "")
    text = tf_text.normalize_utf8(text, "NFKC")
    text = tf.strings.regex_replace(text, _POINT, " ")
    text = tf.strings.regex_replace(text, r"(\p{N})\.(\p{N})", rf"\1{_POINT}\2")
    text = tf.strings.regex_replace(text, rf"[^\p{{L}}\p{{M}}\p{{N}}{_POINT}]+", " ")
    text = tf.strings.regex_replace(text, rf"(\p{{N}}+(?:{_POINT}\p{{N}}+)*)", r" \1 ")
    text = tf.strings.regex_replace(text, f"([{_UNSPACED}]+)", r" \1 ")
    found = tf.strings.split(text)
    return found.with_flat_values(_singular(found.flat_values))


def _singular(tokens: tf.Tensor) -> tf.Tensor:
    """Words without a plural's ending, as far as spelling tells."""
    for ending, rest in ((r"^(.{2,})ies$", r"\1y"), (r"^(.+(?:s|x|z|sh|ch))es$", r"\1"),
                         (r"^(.{2,}[^s])s$", r"\1")):
        tokens = tf.strings.regex_replace(tokens, ending, rest)
    return tokens


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def terms(texts: tf.Tensor) -> dict[str, tf.RaggedTensor]:
    """Terms of texts, by family.

    Args:
        texts: string `[batch]`.

    Returns:
        Hashes, int64 `[batch, (terms)]`, for each of `FAMILIES`.
    """
    found = words(texts)
    unspaced = tf.strings.regex_full_match(found.flat_values, f"[{_UNSPACED}]+")
    letters = tf.strings.unicode_split(found.flat_values, "UTF-8")
    marked = tf.strings.unicode_split(
        tf.strings.join(["^", found.flat_values, "$"]), "UTF-8")
    characters = tf.concat([letters, _ngrams(letters, 2)], axis=1)
    whole = tf.RaggedTensor.from_row_lengths(
        found.flat_values, tf.ones_like(found.flat_values, tf.int64))
    spoken = _choose(unspaced, characters, whole)
    trigrams = _choose(unspaced, tf.zeros_like(letters)[:, :0], _ngrams(marked, 3))
    strings = {
        "words": _of_texts(spoken, found),
        "pairs": _ngrams(found, 2, " "),
        "trigrams": _of_texts(trigrams, found),
    }
    return {
        family: values.with_flat_values(
            tf.strings.to_hash_bucket_fast(values.flat_values, _BUCKETS))
        for family, values in strings.items()}


def _ngrams(values: tf.RaggedTensor, width: int, separator: str = "") -> tf.RaggedTensor:
    return tf.strings.ngrams(values, width, separator=separator)


def _choose(
    condition: tf.Tensor, yes: tf.RaggedTensor, no: tf.RaggedTensor,
) -> tf.RaggedTensor:
    """Rows of one or of the other, `[rows, (values)]`."""
    first = tf.ragged.boolean_mask(yes, condition)
    second = tf.ragged.boolean_mask(no, ~condition)
    both = tf.concat([first, second], axis=0)
    places = tf.concat([tf.where(condition), tf.where(~condition)], axis=0)[:, 0]
    order = tf.argsort(places)
    return tf.gather(both, order)


def _of_texts(values: tf.RaggedTensor, found: tf.RaggedTensor) -> tf.RaggedTensor:
    """Values of words, `[all words, (values)]`, as values of texts, `[batch, (values)]`."""
    return found.with_values(values).merge_dims(1, 2)


def term_weights(counts: scipy.sparse.csr_matrix, lengths: np.ndarray) -> scipy.sparse.csr_matrix:
    """BM25 weights (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework").

    Args:
        counts: how often each term stands in each product, `[terms, products]`.
        lengths: terms of each product, `[products]`.

    Returns:
        float32 `[terms, products]`; a query's score is the sum over its terms.
    """
    products = counts.shape[1]
    frequency = np.diff(counts.indptr)
    rarity = np.log1p((products - frequency + 0.5) / (frequency + 0.5))
    relative = lengths / max(float(lengths.mean()), 1e-9)
    saturation = K1 * (1 - B + B * relative[counts.indices])
    weights = counts.data * (K1 + 1) / (counts.data + saturation)
    weights *= np.repeat(rarity, frequency)
    return scipy.sparse.csr_matrix(
        (weights.astype(np.float32), counts.indices, counts.indptr), counts.shape)


@dataclasses.dataclass(frozen=True)
class Field:
    """A text of every product, and how much a term in it counts.

    Attributes:
        texts: one a product.
        weight: of a term's occurrence, against 1 in a title.
        families: which terms are read.
    """

    texts: Sequence[str]
    weight: float
    families: tuple[str, ...] = FAMILIES


class LexicalIndex(tf.Module):
    """Scores every product for the terms of queries.

    Args:
        fields: the products' texts.
        products: how many there are.
    """

    def __init__(self, fields: Sequence[Field], products: int, name: str = "lexical") -> None:
        super().__init__(name=name)
        self._vocabularies: dict[str, tf.Variable] = {}
        self._postings: dict[str, Postings] = {}
        for family, parts in _count_terms(fields).items():
            vocabulary, matrix, lengths = _matrix(parts, products)
            self._vocabularies[family] = tf.Variable(
                vocabulary, trainable=False, name=f"{family}_vocabulary")
            self._postings[family] = Postings(
                prune(term_weights(matrix, lengths)), name=f"{family}_postings")

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

    def _rows(self, family: str, found: tf.RaggedTensor) -> tf.Tensor:
        vocabulary, found = self._vocabularies[family], found[:, :MAX_QUERY_TERMS]
        places = tf.searchsorted(vocabulary, found.flat_values, out_type=tf.int64)
        places = tf.minimum(places, tf.size(vocabulary, tf.int64) - 1)
        known = tf.gather(vocabulary, places) == found.flat_values
        return found.with_flat_values(tf.where(known, places, -1)).to_tensor(default_value=-1)


MAX_QUERY_TERMS = 128
"""Terms of a query that are looked up in each family, the first: some twenty words' trigrams. It
bounds what a hostile text costs."""

MAX_POSTINGS = 8_000
"""Products that a term keeps: one in more of them tells so little that a query with nothing rarer
is better answered by the dense arm, and a catalogue of a million stays fast."""


def prune(weights: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """Each term with its `MAX_POSTINGS` heaviest products only."""
    lengths = np.diff(weights.indptr)
    for term in np.flatnonzero(lengths > MAX_POSTINGS):
        part = slice(weights.indptr[term], weights.indptr[term + 1])
        values = weights.data[part]
        values[np.argpartition(-values, MAX_POSTINGS)[MAX_POSTINGS:]] = 0.0
    weights.eliminate_zeros()
    return weights


_CHUNK = 4_096
"""Texts whose terms are read at once."""


def _count_terms(fields: Iterable[Field]) -> dict[str, list[tuple[np.ndarray, ...]]]:
    """(hash, product, weight) of every occurrence, by family, in chunks."""
    parts: dict[str, list[tuple[np.ndarray, ...]]] = {family: [] for family in FAMILIES}
    for field in fields:
        for start in range(0, len(field.texts), _CHUNK):
            found = terms(tf.constant(field.texts[start:start + _CHUNK], tf.string))
            for family in field.families:
                values = found[family].flat_values.numpy()
                product = found[family].value_rowids().numpy().astype(np.int32) + start
                parts[family].append(
                    (values, product, np.full(len(values), field.weight, np.float32)))
    return parts


def _matrix(
    parts: list[tuple[np.ndarray, ...]], products: int,
) -> tuple[np.ndarray, scipy.sparse.csr_matrix, np.ndarray]:
    """Sorted vocabulary, counts `[terms, products]` and lengths `[products]`."""
    nothing = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    values, product, weight = (np.concatenate(part) for part in zip(nothing, *parts, strict=True))
    vocabulary, term = np.unique(values, return_inverse=True)
    counts = scipy.sparse.csr_matrix(
        (weight, (term, product)), shape=(max(1, len(vocabulary)), products))
    lengths = np.bincount(product, weights=weight, minlength=products)
    # A vocabulary of nothing would have no last place to look at; no hash is negative.
    return (vocabulary if len(vocabulary) else np.array([-1])), counts, lengths
