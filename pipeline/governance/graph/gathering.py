"""Evidence about pairs of products, gathered from every table, as Beam transforms.

What is shuffled are arrays, of everything that falls into one of 256 buckets of shoppers, queries,
categories or pairs: the rows of a million events would not fit into a runner that shuffles in
memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from apache_beam.pvalue import AsSingleton, TaggedOutput

from pipeline.examples.split import normalise_query
from pipeline.governance.buckets import places_by_bucket
from pipeline.governance.graph import answers, evidence, pairs
from pipeline.governance.graph.directory import Directory, hash_texts
from pipeline.governance.graph.likeness import (
    Titles,
    join_titles,
    pair_titles,
    title_words,
    word_groups,
)
from pipeline.governance.graph.pairs import Counts
from pipeline.governance.graph.settings import GraphSettings
from pipeline.ingest.rows import Row, decode_row

BATCH = 10_000
"""Rows whose arrays are shuffled together."""

BUCKETS = 256

MAX_TOGETHER = 100_000
"""Products without a category up to which each is compared with all; more are parted by a word of
the title, as one worker would have to compare them."""

BOUGHT_EVENTS = frozenset(("purchase", "rating", "cart"))
SEEN_EVENTS = frozenset(("view", "click"))
"""An impression is the shop's choice, and connects nothing."""

_TOTALS = "totals"
_ANSWERS = "answers"


class Evidence(NamedTuple):
    """What is known of pairs, and what it is compared with.

    Attributes:
        pairs: (bucket of the pairs, (kind of evidence, counts by pair)).
        totals: (kind of evidence, counts by product, shoppers or queries in all).
    """

    pairs: beam.PCollection[tuple[int, tuple[int, Counts]]]
    totals: beam.PCollection[tuple[int, Counts, float]]


class GatherEvidence(beam.PTransform):
    """Serialized rows by table -> `Evidence`; events and judgments may be missing."""

    def __init__(self, directory: AsSingleton, settings: GraphSettings) -> None:
        super().__init__()
        self._directory = directory
        self._settings = settings

    def expand(self, tables: Mapping[str, beam.PCollection[bytes]]) -> Evidence:
        """Builds the graph."""
        batches = {
            table: rows | f"Batch[{table}]" >> beam.BatchElements(BATCH, BATCH)
            for table, rows in tables.items()}
        found, totals, asked = [], [], []
        found.append(
            batches["products"]
            | "Titles" >> beam.FlatMap(_read_titles, self._directory)
            | "GroupByCategory" >> beam.GroupByKey()
            | "PairTitles" >> beam.FlatMap(_pair_titles, self._directory, self._settings))
        if "events" in batches:
            shoppers = (
                batches["events"]
                | "Events" >> beam.FlatMap(_read_events, self._directory)
                | "GroupByShopper" >> beam.GroupByKey()
                | "PairVisits" >> beam.ParDo(_PairVisits(self._settings), self._directory)
                .with_outputs(_TOTALS, _ANSWERS, main="pairs"))
            found.append(shoppers.pairs)
            totals.append(shoppers[_TOTALS])
            asked.append(shoppers[_ANSWERS])
        if "judgments" in batches:
            asked.append(
                batches["judgments"]
                | "Judgments" >> beam.FlatMap(_read_judgments, self._directory))
        if asked:
            answered = (
                asked
                | "Asked" >> beam.Flatten()
                | "GroupByQuery" >> beam.GroupByKey()
                | "PairAnswers" >> beam.ParDo(_PairAnswers(self._settings), self._directory)
                .with_outputs(_TOTALS, main="pairs"))
            found.append(answered.pairs)
            totals.append(answered[_TOTALS])
        pipeline = batches["products"].pipeline
        return Evidence(
            found | "Pairs" >> beam.Flatten(pipeline=pipeline),
            totals | "Totals" >> beam.Flatten(pipeline=pipeline))


def deal(keys: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """The places of the keys that fall into each bucket; a key always into the same."""
    return places_by_bucket((keys % BUCKETS).astype(np.int64))


def _deal_counts(kind: int, counts: Counts) -> Iterator[tuple[int, tuple[int, Counts]]]:
    for bucket, places in deal(counts.keys):
        yield bucket, (kind, Counts(counts.keys[places], counts.amounts[places]))


def _read_events(
    batch: Sequence[bytes], directory: Directory,
) -> Iterator[tuple[int, np.ndarray]]:
    rows = [row for row in map(decode_row, batch) if _is_wish(row)]
    events = np.empty(len(rows), pairs.EVENT)
    events["user"] = hash_texts([row["user_id"] for row in rows])
    events["product"] = directory.rows([row["product_id"] for row in rows])
    events["time"] = [row.get("timestamp", -1) for row in rows]
    events["position"] = [row["position"] for row in rows]
    events["bought"] = [row["event"] in BOUGHT_EVENTS for row in rows]
    events["session"] = _hash_present([row.get("session_id", "") for row in rows])
    events["query"] = _hash_present([normalise_query(row.get("query", "")) for row in rows])
    events = events[events["product"] >= 0]
    for bucket, places in deal(events["user"]):
        yield bucket, events[places]


def _is_wish(row: Row) -> bool:
    if row["event"] == "purchase" and row.get("value", 1) <= 0:
        return False
    return row["event"] in BOUGHT_EVENTS or row["event"] in SEEN_EVENTS


def _hash_present(texts: Sequence[str]) -> np.ndarray:
    return np.where([bool(text) for text in texts], hash_texts(texts), np.uint64(0))


class _PairVisits(beam.DoFn):
    """The events of a bucket of shoppers -> pairs, products and answered queries."""

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        self._settings = settings

    def process(
        self, element: tuple[int, Iterable[np.ndarray]], directory: Directory,
    ) -> Iterator[Any]:
        events = np.concatenate(list(element[1]))
        size = len(directory)
        for kind, chosen in ((evidence.BOUGHT, events["bought"]),
                             (evidence.SEEN, ~events["bought"])):
            some = events[chosen]
            if not len(some):
                continue
            yield from _deal_counts(kind, pairs.count_pairs(
                some, size, self._settings.reach, self._settings.ordered_reach))
            yield TaggedOutput(_TOTALS, (
                kind, pairs.count_products(some, size), float(len(np.unique(some["user"])))))
        asked = np.unique(events[events["query"] > 0][["query", "product", "user"]])
        edges = np.zeros(len(asked), answers.EDGE)
        edges["query"], edges["product"], edges["strength"] = asked["query"], asked["product"], 1
        for bucket, places in deal(edges["query"]):
            yield TaggedOutput(_ANSWERS, (bucket, edges[places]))


def _read_judgments(
    batch: Sequence[bytes], directory: Directory,
) -> Iterator[tuple[int, np.ndarray]]:
    rows = [decode_row(serialized) for serialized in batch]
    edges = np.empty(len(rows), answers.EDGE)
    edges["query"] = hash_texts([normalise_query(row["query"]) for row in rows])
    edges["product"] = directory.rows([row["product_id"] for row in rows])
    edges["strength"] = [row["grade"] for row in rows]
    edges["judged"] = True
    edges = edges[edges["product"] >= 0]
    for bucket, places in deal(edges["query"]):
        yield bucket, edges[places]


class _PairAnswers(beam.DoFn):
    """What was wanted or judged for a bucket of queries -> pairs and products."""

    def __init__(self, settings: GraphSettings) -> None:
        super().__init__()
        self._settings = settings

    def process(
        self, element: tuple[int, Iterable[np.ndarray]], directory: Directory,
    ) -> Iterator[Any]:
        good = answers.good_answers(
            np.concatenate(list(element[1])), self._settings.min_shoppers)
        if len(good):
            yield from _deal_counts(
                evidence.ANSWERED, answers.pair_answers(good, len(directory)))
            yield TaggedOutput(_TOTALS, (
                evidence.ANSWERED, pairs.as_counts(good["product"].astype(np.int64)),
                float(len(np.unique(good["query"])))))


def _read_titles(
    batch: Sequence[bytes], directory: Directory,
) -> Iterator[tuple[int, Titles]]:
    rows = [decode_row(serialized) for serialized in batch]
    words = [sorted(title_words(row)) for row in rows]
    places = directory.rows([row["product_id"] for row in rows])
    groups = directory.categories[places]
    if np.count_nonzero(directory.categories == 0) > MAX_TOGETHER:
        groups = np.where(groups == 0, word_groups(words), groups)
    titles = Titles(
        groups, places,
        np.array([row.get("price") or np.nan for row in rows], np.float32),
        hash_texts([word for title in words for word in title]),
        np.array([len(title) for title in words], np.int64))
    for bucket, chosen in deal(titles.categories):
        yield bucket, titles.take(chosen)


def _pair_titles(
    element: tuple[int, Iterable[Titles]], directory: Directory, settings: GraphSettings,
) -> Iterator[tuple[int, tuple[int, Counts]]]:
    yield from _deal_counts(evidence.ALIKE, pair_titles(
        join_titles(list(element[1])), len(directory), settings.min_likeness,
        settings.price_ratio, settings.neighbours))
