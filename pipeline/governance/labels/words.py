"""How the words of a query and of a product's texts agree."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import math
import zlib
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from model.terms import words
from pipeline.cjk import with_pairs

Floats = npt.NDArray[np.float32]
Words = tuple[bytes, ...]

NAMES = (
    "query words", "title words", "share of words", "share of words by rarity",
    "rarity of words found", "words missing", "rarest word missing", "first word found",
    "last word found", "place of last word", "share of pairs", "share of trigrams",
    "likeness of trigrams", "share of title's start", "share of words in all texts",
    "share of brand", "numbers", "share of numbers", "share of numbers with units",
    "numbers of another value")
"""Columns of `agreement`."""

MAX_CHARS = 1_000
"""Characters of a text that are read, as by the lexical arm."""

SLOTS = 2**18
"""Words share a count where their hashes do; of 100,000 words a third, mostly rare ones, do."""

_START_WORDS = 2
_TEXTS_AT_ONCE = 8_192


@dataclasses.dataclass(frozen=True)
class Frequencies:
    """How many titles hold a word.

    Attributes:
        titles: number of titles counted.
        counts: titles by the slot of the word, int32 `[SLOTS]`.
    """

    titles: int
    counts: npt.NDArray[np.int32]

    @classmethod
    def of(cls, titles: Iterable[str]) -> Frequencies:
        """Counts titles."""
        split = split_words(list(titles))
        slots = [_slot(word) for title in split for word in set(title)]
        counts = np.bincount(np.array(slots, np.int64), minlength=SLOTS)
        return cls(len(split), counts.astype(np.int32))

    def __add__(self, other: Frequencies) -> Frequencies:
        return Frequencies(self.titles + other.titles, self.counts + other.counts)

    def rarity(self, word: bytes) -> float:
        """Inverse document frequency as BM25 has it, above 0."""
        count = min(int(self.counts[_slot(word)]), self.titles)  # Words of a slot add up.
        return math.log1p((self.titles - count + 0.5) / (count + 0.5))


@dataclasses.dataclass(frozen=True)
class Texts:
    """Texts of a product as words, "" where it has none.

    Attributes:
        title: its name.
        brand: its maker.
        other: whatever else it says.
    """

    title: str
    brand: str = ""
    other: str = ""


def agreement(
    queries: Sequence[str], products: Sequence[Texts], frequencies: Frequencies,
) -> Floats:
    """How the words of each query and of the product beside it agree.

    Returns:
        float32 `[rows, len(NAMES)]`, NaN where there is nothing to compare.
    """
    texts = {text for product in products for text in dataclasses.astuple(product)}
    texts.update(queries)
    split = dict(zip(texts, split_words(list(texts)), strict=True))
    found = np.full((len(queries), len(NAMES)), np.nan, np.float32)
    for row, (query, product) in enumerate(zip(queries, products, strict=True)):
        if split[query]:
            found[row] = _agreement(
                split[query], split[product.title], split[product.brand], split[product.other],
                frequencies)
    return found


def split_words(texts: Sequence[str]) -> list[Words]:
    """Words of texts as the lexical arm reads them; unspaced scripts as pairs of characters."""
    split: list[Words] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        some = [with_pairs(text[:MAX_CHARS]) for text in texts[start:start + _TEXTS_AT_ONCE]]
        split += map(tuple, words(tf.constant(some, tf.string)).to_list())
    return split


def _agreement(
    query: Words, title: Words, brand: Words, other: Words, frequencies: Frequencies,
) -> list[float]:
    in_title = set(title)
    rarity = [frequencies.rarity(word) for word in query]
    hits = [word in in_title for word in query]
    missing = [weight for weight, hit in zip(rarity, hits, strict=True) if not hit]
    query_pairs, title_pairs = set(itertools.pairwise(query)), set(itertools.pairwise(title))
    query_trigrams, title_trigrams = _trigrams(query), _trigrams(title)
    both = len(query_trigrams & title_trigrams)
    return [
        len(query), len(title),
        sum(hits) / len(query), 1.0 - sum(missing) / sum(rarity), sum(rarity) - sum(missing),
        len(missing), max(missing, default=0.0),
        hits[0], hits[-1], _place(query[-1], title),
        _share(query_pairs, title_pairs),
        both / len(query_trigrams), both / len(query_trigrams | title_trigrams),
        _share(title[:_START_WORDS], query),
        _share(query, in_title.union(brand, other)),
        _share(brand, query),
        *_numbers(query, in_title, query_pairs, title_pairs),
    ]


def _numbers(
    query: Words, title: Collection[bytes], query_pairs: Collection[tuple[bytes, bytes]],
    title_pairs: Collection[tuple[bytes, bytes]],
) -> tuple[float, float, float, float]:
    """Numbers of a query, shares found alone and with their units, and units of another value."""
    numbers = [word for word in query if _is_number(word)]
    measures = [pair for pair in query_pairs if _is_measure(pair)]
    values = collections.defaultdict(set)
    for value, unit in filter(_is_measure, title_pairs):
        values[unit].add(value)
    other_value = sum(unit in values and value not in values[unit] for value, unit in measures)
    return len(numbers), _share(numbers, title), _share(measures, title_pairs), other_value


def _is_number(word: bytes) -> bool:
    return word[:1].isdigit()


def _is_measure(pair: tuple[bytes, bytes]) -> bool:
    return _is_number(pair[0]) and not _is_number(pair[1])


def _share(some: Collection[object], of: Collection[object]) -> float:
    """Share of some things that are among others; NaN of nothing."""
    return sum(thing in of for thing in some) / len(some) if some else math.nan


def _place(word: bytes, title: Words) -> float:
    """Where the word stands last in the title, from 0 at its start to 1; NaN for nowhere."""
    places = [place for place, other in enumerate(title) if other == word]
    return places[-1] / max(1, len(title) - 1) if places else math.nan


def _trigrams(words_of_text: Words) -> set[bytes]:
    marked = [b"^" + word + b"$" for word in words_of_text]
    return {word[place:place + 3] for word in marked for place in range(len(word) - 2)}


def _slot(word: bytes) -> int:
    return zlib.crc32(word) % SLOTS
