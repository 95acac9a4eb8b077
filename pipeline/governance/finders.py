"""What takes the whole catalogue to find out, beyond one row and the habits of the shop.

A finder reads the products as the rules for rows left them, as often as it needs, and tells its
findings by the product's id. It runs where the pipeline's component runs, within memory that does
not grow with the catalogue but by what is found, or as a Beam pipeline of its own.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence

import apache_beam as beam
import orjson
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems

from model.presets import load_preset
from pipeline.governance import judge
from pipeline.governance.decisions import row_key
from pipeline.governance.duplicates.apart import (
    find_told_apart,
    keep_apart,
    merges,
    read_told_apart,
)
from pipeline.governance.duplicates.candidates import FindCandidates
from pipeline.governance.duplicates.encoder import load_encoder
from pipeline.governance.duplicates.groups import NEAR_DUPLICATE
from pipeline.governance.duplicates.matching import Matching
from pipeline.governance.duplicates.merging import MergeDuplicates
from pipeline.governance.extraction import fill
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.governance.labels.transforms import LABEL_ERROR, LabelSettings, find_in_folders
from pipeline.governance.settings import Governance
from pipeline.ingest.files import join_path
from pipeline.ingest.rows import Row, decode_row

_log = logging.getLogger("emporium.governance")

RULES: tuple[Rule, ...] = (*judge.RULES, *fill.RULES, LABEL_ERROR, NEAR_DUPLICATE)


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """The products that finders look at.

    Attributes:
        folder: of their gz TFRecords, a path or a URI.
        make_pipeline: makes an empty Beam pipeline.
        work: folder for what Beam's workers bring.
        events: folder of the events' gz TFRecords; None where the shop has none.
    """

    folder: str
    make_pipeline: Callable[[], beam.Pipeline]
    work: str
    events: str | None = None

    def read(self) -> Iterator[tuple[str, Row]]:
        """Every product with its id, file by file; may be called again."""
        for path in sorted(tf.io.gfile.glob(os.path.join(self.folder, "*"))):
            for serialized in tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator():
                row = decode_row(serialized)
                yield row_key("products", row), row


Finder = Callable[[Catalogue], Iterator[tuple[str, list[Finding]]]]


def product_finders(settings: Governance, preset: str) -> list[Finder]:
    """The finders that the settings ask for, in order.

    Args:
        settings: what a person decided.
        preset: of the encoder that reads texts.
    """
    finders: list[Finder] = []
    if settings.merge_duplicates:
        finders.append(functools.partial(find_duplicates, preset=preset))
    if settings.judge:
        finders.append(
            lambda catalogue: judge.find_noise(catalogue.read, judge.JudgeSettings()))
    if settings.infer:
        extraction = ExtractionSettings(precision=settings.infer_precision, preset=preset)
        finders.append(lambda catalogue: fill.fill_missing(catalogue.read, extraction))
    return finders


def find_all(finders: Sequence[Finder], catalogue: Catalogue) -> Mapping[str, Sequence[Finding]]:
    """What finders find, by product."""
    found: dict[str, list[Finding]] = collections.defaultdict(list)
    for finder in finders:
        for key, findings in finder(catalogue):
            found[key] += findings
    return found


def find_duplicates(catalogue: Catalogue, preset: str) -> Iterator[tuple[str, list[Finding]]]:
    """Products that are in the catalogue more than once, but for those that shoppers tell apart.

    Args:
        catalogue: in which they are looked for.
        preset: of the encoder that confirms them.
    """
    def build(pipeline: beam.Pipeline) -> beam.PCollection[tuple[str, Finding]]:
        once, again = (
            pipeline
            | f"Read {turn}" >> beam.io.ReadFromTFRecord(os.path.join(catalogue.folder, "*"))
            | f"Decode {turn}" >> beam.Map(decode_row) for turn in ("once", "again"))
        return (again | "MergeDuplicates" >> MergeDuplicates(
            once | "FindCandidates" >> FindCandidates(), Matching(),
            functools.partial(load_encoder, preset))).findings

    found = _bring(
        catalogue.make_pipeline, build, join_path(catalogue.work, "duplicates.json"))
    planned = merges(found)
    if catalogue.events is not None and planned:
        path = join_path(catalogue.work, "apart.json")
        with catalogue.make_pipeline() as pipeline:
            find_told_apart(pipeline, catalogue.events, planned, path)
        told_apart = read_told_apart(path)
        _log.info(
            "near duplicates: %s of %s are not merged, since the same shoppers want both",
            f"{len(told_apart):,}", f"{len(planned):,}")
        found = keep_apart(found, told_apart)
    yield from found.items()


def find_label_errors(
    make_pipeline: Callable[[], beam.Pipeline], products: str, judgments: str, path: str,
    preset: str,
) -> Mapping[str, Sequence[Finding]]:
    """Grades that are likely wrong, by the position of the judgement as text.

    Args:
        make_pipeline: makes an empty Beam pipeline.
        products: folder of the products' gz TFRecords.
        judgments: folder of the judgements'.
        path: of the file that brings the findings from the workers.
        preset: of the encoder that compares meanings; words alone do where it is not trained.
    """
    settings = LabelSettings(preset=preset if load_preset(preset).pretrained else None)
    return _bring(
        make_pipeline, lambda pipeline: find_in_folders(pipeline, products, judgments, settings),
        path)


def _bring(
    make_pipeline: Callable[[], beam.Pipeline],
    build: Callable[[beam.Pipeline], beam.PCollection[tuple[str, Finding]]], path: str,
) -> dict[str, list[Finding]]:
    """What a Beam pipeline finds, brought from its workers by a file."""
    with make_pipeline() as pipeline:
        _ = (build(pipeline)
             | "ToList" >> beam.combiners.ToList()
             | "WriteFindings" >> beam.Map(_write_findings, path))
    found: dict[str, list[Finding]] = collections.defaultdict(list)
    with FileSystems.open(path, "application/json") as stream:
        for key, fields in orjson.loads(stream.read()):
            finding = Finding(*fields)
            found[key].append(finding._replace(action=Action(finding.action)))
    return found


def _write_findings(findings: list[tuple[str, Finding]], path: str) -> None:
    lines = sorted(orjson.dumps([key, list(finding)]) for key, finding in findings)
    with FileSystems.create(path, "application/json") as stream:
        stream.write(b"[" + b",\n".join(lines) + b"]")
