"""Beam: families of candidates -> groups of products that are one, and what to do about them."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import numpy.typing as npt
from apache_beam.metrics import Metrics
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.utils.shared import Shared

from pipeline.governance.duplicates.banding import product_key, word_key
from pipeline.governance.duplicates.candidates import (
    METRICS_NAMESPACE,
    Candidates,
    family_bucket,
)
from pipeline.governance.duplicates.encoder import Encoder
from pipeline.governance.duplicates.families import Families
from pipeline.governance.duplicates.groups import Group, group_products, merge_group
from pipeline.governance.duplicates.matching import (
    Matching,
    compare_family,
    contradiction,
    judge_families,
)
from pipeline.governance.duplicates.pairs import PAIR
from pipeline.governance.findings import Finding
from pipeline.ingest.rows import Row, decode_row, encode_row

NewEncoder = Callable[[], Encoder | None]
"""Loads the encoder on a worker; None where words alone decide."""

_BATCH = 1_024
_GROUPS, _ROWS, _PAIRS = "groups", "rows", "pairs"


class Merged(NamedTuple):
    """What was found.

    Attributes:
        findings: by product_id.
        groups: of products that are one.
    """

    findings: beam.PCollection[tuple[str, Finding]]
    groups: beam.PCollection[Group]


class MergeDuplicates(beam.PTransform):
    """Rows of products -> `Merged`.

    Args:
        candidates: of the same rows, read once more so that no runner keeps them all.
        matching: what makes two products the same.
        new_encoder: loads what confirms them.
    """

    def __init__(
        self, candidates: Candidates, matching: Matching, new_encoder: NewEncoder,
    ) -> None:
        super().__init__()
        self._candidates, self._matching = candidates, matching
        self._new_encoder = new_encoder

    def expand(self, rows: beam.PCollection[Row]) -> Merged:
        """Builds the graph."""
        members = (
            rows
            | "Batch" >> beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "PickMembers" >> beam.ParDo(
                _PickMembers(), AsSingleton(self._candidates.families)))
        found = (
            {_ROWS: members, _PAIRS: self._candidates.pairs}
            | "GroupByFamily" >> beam.CoGroupByKey()
            | "Merge" >> beam.ParDo(
                _Merge(self._matching, self._new_encoder), AsSingleton(self._candidates.words)
            ).with_outputs(_GROUPS, main="findings"))
        return Merged(found.findings, found[_GROUPS])


@beam.typehints.with_output_types(tuple[int, Any])
class _PickMembers(beam.DoFn):
    """Deals the rows that have a family out to the buckets of families."""

    def process(
        self, rows: list[Row], families: Families,
    ) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
        keys = np.array([product_key(row["product_id"]) for row in rows], np.uint64)
        numbers = families.find(keys)
        buckets: dict[int, list[tuple[int, bytes]]] = collections.defaultdict(list)
        for place in np.flatnonzero(numbers >= 0).tolist():
            bucket = int(family_bucket(numbers[place]))
            buckets[bucket].append((int(numbers[place]), encode_row(rows[place])))
        yield from buckets.items()


class _Merge(beam.DoFn):
    """Compares the products of the families of a bucket, and merges those that are one."""

    def __init__(self, matching: Matching, new_encoder: NewEncoder) -> None:
        super().__init__()
        self._matching, self._new_encoder = matching, new_encoder
        self._shared = Shared()

    def setup(self) -> None:
        # One encoder a process, however many threads.
        self._holder = self._shared.acquire(lambda: _Holder(self._new_encoder()))

    def process(
        self, element: tuple[int, dict[str, Iterable[Any]]], words: npt.NDArray[np.uint32],
    ) -> Iterator[Any]:
        _, parts = element
        matching, encoder = self._matching, self._holder.encoder
        known = KnownWords(words, encoder.words if encoder else frozenset())
        families = [
            compare_family(rows, pairs, known, matching)
            for rows, pairs in _gather(parts[_ROWS], parts[_PAIRS])]
        judged = judge_families(families, matching, encoder.encode if encoder else None)
        for family, sure in zip(families, judged, strict=True):
            apart = contradiction(family, known, matching)
            for members in group_products(family.rows, sure, apart, matching.threshold):
                group, findings = merge_group(family.rows, members)
                Metrics.counter(METRICS_NAMESPACE, "products merged").inc(len(group.aliases))
                yield TaggedOutput(_GROUPS, group)
                for product_id, found in findings.items():
                    for finding in found:
                        yield product_id, finding


def _gather(
    batches: Iterable[list[tuple[int, bytes]]], parts: Iterable[bytes],
) -> Iterator[tuple[list[Row], list[tuple[int, int]]]]:
    """Yields the rows of each family, in the order of their ids, and the places of its pairs."""
    rows: dict[int, list[Row]] = collections.defaultdict(list)
    for number, encoded in itertools.chain.from_iterable(batches):
        rows[number].append(decode_row(encoded))
    places: dict[int, tuple[int, int]] = {}
    for number, members in rows.items():
        members.sort(key=lambda row: row["product_id"])
        for place, row in enumerate(members):
            places[product_key(row["product_id"])] = number, place
    pairs: dict[int, list[tuple[int, int]]] = collections.defaultdict(list)
    met = np.frombuffer(b"".join(parts), PAIR)
    for keys in zip(met["first"].tolist(), met["second"].tolist(), strict=True):
        (number, first), (_, second) = places[keys[0]], places[keys[1]]
        pairs[number].append((min(first, second), max(first, second)))
    for number, members in rows.items():
        yield members, sorted(pairs[number])


class KnownWords:
    """Whether a word is one that people use.

    Args:
        keys: of those of the catalogue, ascending, uint32 `[words]`.
        words: that an encoder knows.
    """

    def __init__(self, keys: npt.NDArray[np.uint32], words: frozenset[str]) -> None:
        self._keys, self._words = keys, words

    def __call__(self, word: str) -> bool:
        """Whether they use this one, in the form of `words.read_words`."""
        if word in self._words:
            return True
        key = word_key(word)
        place = int(np.searchsorted(self._keys, key))
        return place < len(self._keys) and int(self._keys[place]) == key


class _Holder:
    """What workers share: None, which they cannot, may be in it."""

    def __init__(self, encoder: Encoder | None) -> None:
        self.encoder = encoder
