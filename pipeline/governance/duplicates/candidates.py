"""Beam: products -> families of candidates, by locality-sensitive hashing.

What is shuffled are arrays: a million products are 16 million entries of 20 bytes, dealt out to
256 buckets; their pairs are some megabytes and meet in one place.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput

from pipeline.governance.duplicates.banding import BUCKETS, ENTRY, Array, Banding, deal
from pipeline.governance.duplicates.compare import PRICE_TOLERANCE
from pipeline.governance.duplicates.families import Families, connect
from pipeline.governance.duplicates.pairs import PAIR, add_pairs, pair_entries
from pipeline.ingest.rows import Row

METRICS_NAMESPACE = "emporium.duplicates"
"""Beam counters: what was too much to be compared in full, and what came of the rest."""

KNOWN_TITLES = 3
"""Titles that have a word from which on the word is no slip."""

_BATCH = 2_048
_WORDS = "words"
_PAIRS = "pairs"
_COUNT = np.dtype([("word", "<u4"), ("titles", "<u4")])


class Candidates(NamedTuple):
    """What is compared, and by which words.

    Attributes:
        families: one `Families`.
        pairs: of products of one family, `pairs.PAIR` as bytes, by the family's bucket.
        words: one array, the keys of the words that `KNOWN_TITLES` titles have, ascending, uint32
            `[words]`.
    """

    families: beam.PCollection[Families]
    pairs: beam.PCollection[tuple[int, bytes]]
    words: beam.PCollection[npt.NDArray[np.uint32]]


class FindCandidates(beam.PTransform):
    """Rows of products -> `Candidates`.

    Args:
        price_tolerance: share of the higher price by which two prices of one product may differ.
    """

    def __init__(self, price_tolerance: float = PRICE_TOLERANCE) -> None:
        super().__init__()
        self._price_tolerance = price_tolerance

    def expand(self, rows: beam.PCollection[Row]) -> Candidates:
        """Builds the graph."""
        banded = (
            rows
            | "Batch" >> beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "FindBands" >> beam.ParDo(_FindBands()).with_outputs(_WORDS, main="entries"))
        connected = (
            banded.entries
            | "GroupByBucket" >> beam.GroupByKey()
            | "PairProducts" >> beam.ParDo(_PairProducts(self._price_tolerance))
            | "GroupPairs" >> beam.GroupByKey()
            | "AddPairs" >> beam.MapTuple(_add_pairs)
            | "GatherPairs" >> beam.CombineGlobally(_Gather(PAIR))
            | "Connect" >> beam.FlatMap(_connect).with_outputs(_PAIRS, main="families"))
        words = (
            banded[_WORDS]
            | "GroupWords" >> beam.GroupByKey()
            | "CountWords" >> beam.MapTuple(_known_words)
            | "GatherWords" >> beam.CombineGlobally(_Gather(np.dtype("<u4")))
            | "SortWords" >> beam.Map(np.sort))
        return Candidates(connected.families, connected[_PAIRS], words)


@beam.typehints.with_output_types(tuple[int, bytes])
class _FindBands(beam.DoFn):
    """Yields entries by bucket, and under a tag how many titles have which words."""

    def setup(self) -> None:
        self._band = Banding()

    def process(self, rows: list[Row]) -> Iterator[Any]:
        yield from self._band(rows)
        counts = collections.Counter(word for words in self._band.words for word in words)
        table = np.array(list(counts.items()), np.int64).reshape(-1, 2)
        array = np.zeros(len(table), _COUNT)
        array["word"], array["titles"] = table[:, 0], table[:, 1]
        for bucket, part in deal(array, table[:, 0] % BUCKETS):
            yield TaggedOutput(_WORDS, (bucket, part))


@beam.typehints.with_output_types(tuple[int, bytes])
class _PairProducts(beam.DoFn):
    """Pairs the products of a bucket; pairs are dealt out anew, as they met in several."""

    def __init__(self, price_tolerance: float) -> None:
        super().__init__()
        self._price_tolerance = price_tolerance

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        _, parts = element
        pairs, large = pair_entries(
            np.frombuffer(b"".join(parts), ENTRY), self._price_tolerance)
        Metrics.counter(METRICS_NAMESPACE, "bands too large").inc(large)
        yield from deal(pairs, ((pairs["first"] ^ pairs["second"]) % BUCKETS).astype(np.int64))


def _add_pairs(_: int, parts: Iterable[bytes]) -> bytes:
    return add_pairs(np.frombuffer(b"".join(parts), PAIR)).tobytes()


def _connect(pairs: Array) -> Iterator[Any]:
    """Yields the families, and under a tag their pairs by bucket."""
    # Parts come in any order, which the numbers of families would follow.
    pairs = np.sort(pairs, order=["first", "second"])
    families = connect(pairs)
    Metrics.counter(METRICS_NAMESPACE, "pairs").inc(len(pairs))
    Metrics.counter(METRICS_NAMESPACE, "pairs left out").inc(families.left_out)
    yield families
    numbers = families.find(pairs["first"])
    together = (numbers >= 0) & (numbers == families.find(pairs["second"]))
    for bucket, part in deal(pairs[together], family_bucket(numbers[together])):
        yield TaggedOutput(_PAIRS, (bucket, part))


def family_bucket(numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The bucket in which the rows of each family meet."""
    return (numbers % BUCKETS).astype(np.int64)


def _known_words(_: int, parts: Iterable[bytes]) -> bytes:
    counts = np.frombuffer(b"".join(parts), _COUNT)
    words, places = np.unique(counts["word"], return_inverse=True)
    titles = np.bincount(places, counts["titles"])
    return words[titles >= KNOWN_TITLES].tobytes()


class _Gather(beam.CombineFn):
    """Joins arrays that come as bytes."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__()
        self._dtype = dtype

    def create_accumulator(self) -> list[bytes]:
        return []

    def add_input(self, parts: list[bytes], part: bytes) -> list[bytes]:
        parts.append(part)
        return parts

    def merge_accumulators(self, several: Iterable[list[bytes]]) -> list[bytes]:
        return [part for parts in several for part in parts]

    def extract_output(self, parts: list[bytes]) -> npt.NDArray[Any]:
        return np.frombuffer(b"".join(parts), self._dtype)
