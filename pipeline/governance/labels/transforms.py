"""Finds wrong grades in a table of judgements, as a Beam transform."""

from __future__ import annotations

import dataclasses
import functools
import operator
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping

import apache_beam as beam
import numpy as np
from apache_beam import pvalue
from apache_beam.utils.shared import Shared

from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.governance.labels.features import Encode, Judged, describe
from pipeline.governance.labels.joining import GatherJudged
from pipeline.governance.labels.sampling import Described, SampleQueries
from pipeline.governance.labels.suspects import Detector, fit_detector
from pipeline.governance.labels.words import Frequencies
from pipeline.governance.text_vectors import TextVectors

LABEL_ERROR = Rule(
    name="label_error",
    table_names=("judgments",),
    reason="The grade contradicts what the words of query and product and the other judgements "
    "of both say.",
    remedy="Judge the product for this query again; where many rows of one source are found, look "
    "whether its scale is read the right way round.")


@dataclasses.dataclass(frozen=True)
class LabelSettings:
    """How wrong grades are looked for.

    Attributes:
        min_probability: of being wrong, from which on a judgement is set aside. Below a half: a
            wrong grade costs a ranking several times what the lack of a right one does
            (`python -m benchmarks.governance.labels`, its proxy).
        max_fitted: judgements learned from, at the most; all are scored. More take longer in
            proportion and teach little.
        preset: encoder that compares meanings, as in the setting `text.preset`, or None to
            compare words alone.
    """

    min_probability: float = 0.3
    max_fitted: int = 50_000
    preset: str | None = "minilm"


class FindLabelErrors(beam.PTransform):
    """The tables products and judgments -> (position as text, Finding) of suspected judgements.

    In: serialized rows by table, as ingest wrote them. Learns from a sample of the queries and
    scores all; where there is too little to learn from nothing is found.
    """

    def __init__(self, settings: LabelSettings) -> None:
        """Names how they are looked for."""
        super().__init__()
        self._settings = settings

    def expand(
        self, tables: Mapping[str, beam.PCollection[bytes]],
    ) -> beam.PCollection[tuple[str, Finding]]:
        """Describes judgements, learns from some of them, scores all."""
        judged = tables | "GatherJudged" >> GatherJudged()
        frequencies = pvalue.AsSingleton(
            judged | "CountWords" >> beam.CombineGlobally(_CountWords()))
        described = judged | "Describe" >> beam.ParDo(
            _Describe(self._settings.preset), frequencies)
        detector = pvalue.AsSingleton(
            described
            | "Sample" >> beam.CombineGlobally(SampleQueries(self._settings.max_fitted))
            | "Learn" >> beam.Map(_learn))
        return described | "Score" >> beam.FlatMap(
            find_errors, detector, self._settings.min_probability)


def find_in_folders(
    pipeline: beam.Pipeline, products: str, judgments: str, settings: LabelSettings,
) -> beam.PCollection[tuple[str, Finding]]:
    """Suspected judgements of folders of TFRecords that ingest wrote.

    Args:
        pipeline: receives the steps.
        products: folder of the split products.
        judgments: folder of the split judgments.
        settings: how they are looked for.
    """
    tables = {
        name: pipeline | f"Read {name}" >> beam.io.ReadFromTFRecord(os.path.join(folder, "*"))
        for name, folder in (("products", products), ("judgments", judgments))}
    return tables | "FindLabelErrors" >> FindLabelErrors(settings)


def find_errors(
    described: Described, detector: Detector | None, min_probability: float,
) -> Iterator[tuple[str, Finding]]:
    """Findings about some judgements, keyed by the rows' positions as text."""
    if detector is None:
        return
    probability = detector.probability(described.features, described.grade, described.fold())
    for row in np.flatnonzero(probability >= min_probability):
        yield str(described.position[row]), Finding(
            LABEL_ERROR.name, WHOLE_ROW, Action.SET_ASIDE, confidence=float(probability[row]),
            note=f"graded {described.grade[row]:g}")


def describe_part(
    judged: Judged, frequencies: Frequencies, encode: Encode | None,
) -> Described:
    """Judgements of whole queries as the detector reads them."""
    hashes = {query: zlib.crc32(query.encode("utf-8")) for query in set(judged.query)}
    return Described(
        judged.position, np.array([hashes[query] for query in judged.query], np.int64),
        judged.grade, describe(judged, frequencies, encode))


class _Describe(beam.DoFn):
    def __init__(self, preset: str | None) -> None:
        super().__init__()
        self._preset = preset
        self._shared = Shared()  # One encoder a process, however many threads.
        self._encode: Encode | None = None

    def setup(self) -> None:
        if self._preset is not None:
            self._encode = self._shared.acquire(functools.partial(TextVectors, self._preset))

    def process(self, judged: Judged, frequencies: Frequencies) -> Iterator[Described]:
        yield describe_part(judged, frequencies, self._encode)


class _CountWords(beam.CombineFn):
    """How many titles of judged products hold a word."""

    def create_accumulator(self) -> Frequencies:
        return Frequencies.of([])

    def add_input(self, total: Frequencies, judged: Judged) -> Frequencies:
        return total + Frequencies.of({product.title for product in judged.product})

    def merge_accumulators(self, parts: Iterable[Frequencies]) -> Frequencies:
        return functools.reduce(operator.add, parts, self.create_accumulator())

    def extract_output(self, total: Frequencies) -> Frequencies:
        return total


def _learn(sample: Described | None) -> Detector | None:
    if sample is None:
        return None
    return fit_detector(sample.features, sample.grade, sample.query, sample.fold())
