"""Bands of signatures: products that share one are worth comparing.

The hash of a band also holds the numbers of the title. Products whose numbers differ are not the
same, and the families of variants that fill catalogues mostly differ in them.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.governance.buckets import places_by_bucket
from pipeline.governance.duplicates.reading import title_numbers
from pipeline.governance.duplicates.signatures import Hasher
from pipeline.governance.duplicates.words import read_words
from pipeline.ingest.rows import Row

BANDS = 16
BAND_ROWS = 4
"""Titles of which seven in ten shingles agree share a band with odds of .988, four in ten of .34
and two in ten of .025: 1 - (1 - s**4)**16."""

BUCKETS = 256
"""Into which entries are dealt: 60,000 each of a million products, 1.3 MB."""

Array = npt.NDArray[np.void]

ENTRY = np.dtype([("band", "<u4"), ("words", "<u4"), ("mark", "<u4"), ("key", "<u8")])
"""A product in a band.

band: the hash of the band; the bucket holds other bits of it.
words: a bit a word of the title.
mark: the logarithm of the price, in steps; without a price the hash of how the description begins,
    which is `PRICELESS` or more.
key: see `product_key`.
"""

PRICELESS = 1 << 31
"""Marks from here on are of products without a price."""

_PRICE_STEPS = 1 << 25
"""Marks of prices of which one is e times the other differ by so many."""

_CHEAPEST = -16.0
_BEGINNING = 48
_WORD_BITS = 32
_ODD = np.uint64(0x9E3779B97F4A7C15)


def product_key(product_id: str) -> int:
    """64 bits that stand for an id; of a million ids two share them with odds of 1 in 10^7."""
    return _hash(product_id)


def word_key(word: str) -> int:
    """32 bits that stand for a word."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def price_distance(tolerance: float) -> int:
    """By how much the marks of two prices differ at most that are nearly the same.

    Args:
        tolerance: share of the higher price, below 1.
    """
    return math.ceil(-math.log1p(-tolerance) * _PRICE_STEPS) + 1


class Banding:
    """Finds the bands of products.

    Attributes:
        words: of each title that was read last, by their keys, each once.
    """

    def __init__(self) -> None:
        self._sign = Hasher(BANDS * BAND_ROWS)
        self.words: list[set[int]] = []

    def __call__(self, rows: Sequence[Row]) -> Iterator[tuple[int, bytes]]:
        """Yields entries of products by bucket, as bytes; a title without a word has none."""
        titles, numbers, products = [], [], []
        for row in rows:
            title = read_words(row["title"])
            if title.tokens:
                titles.append(title.tokens)
                numbers.append(_hash("\n".join(
                    title_numbers(title, read_words(row.get("brand", "")).tokens))))
                products.append(row)
        self.words = [set(map(word_key, title)) for title in titles]
        if not titles:
            return
        entries = np.zeros(len(titles), ENTRY)
        entries["words"] = [_word_bits(words) for words in self.words]
        entries["mark"] = [_mark(row) for row in products]
        entries["key"] = [product_key(row["product_id"]) for row in products]
        hashes = _band_hashes(self._sign(titles), np.array(numbers, np.uint64)).ravel()
        entries = np.tile(entries, BANDS)
        entries["band"] = hashes & np.uint64(0xFFFFFFFF)
        yield from deal(entries, (hashes >> np.uint64(56)).astype(np.int64))


def deal(entries: Array, buckets: npt.NDArray[np.int64]) -> Iterator[tuple[int, bytes]]:
    """Yields the entries of each bucket, as bytes."""
    for bucket, places in places_by_bucket(buckets):
        yield bucket, entries[places].tobytes()


def _band_hashes(
    signatures: npt.NDArray[np.uint32], numbers: npt.NDArray[np.uint64],
) -> npt.NDArray[np.uint64]:
    """Hash of each band of each product, `[bands, products]`."""
    bands = signatures.reshape(len(signatures), BANDS, BAND_ROWS).transpose(1, 0, 2)
    hashes = numbers[np.newaxis, :] + np.arange(BANDS, dtype=np.uint64)[:, np.newaxis]
    for row in range(BAND_ROWS):
        hashes = (hashes ^ bands[:, :, row]) * _ODD
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _word_bits(words: set[int]) -> int:
    bits = 0
    for word in words:
        bits |= 1 << word % _WORD_BITS
    return bits


def _mark(row: Row) -> int:
    price = row.get("price", 0.0)
    if price > 0.0:
        return min(PRICELESS - 1, max(0, round((math.log(price) - _CHEAPEST) * _PRICE_STEPS)))
    return PRICELESS | word_key(row.get("description", "")[:_BEGINNING].casefold())


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")
