"""The join from folders of tables to folders of examples, without TFX."""

from __future__ import annotations

import hashlib
import os

import apache_beam as beam
from apache_beam.metrics import MetricsFilter

from pipeline.config import Examples
from pipeline.examples import sequences
from pipeline.examples.join import METRICS_NAMESPACE, join_examples
from pipeline.examples.records import CATALOGUE, EVAL, TRAIN
from pipeline.ingest.contract import DatasetError
from pipeline.ingest.records import WriteFramedRecords, frame_records

CONTEXTS_FILE = "contexts.jsonl.gz"
POPULARITY_FILE = "popularity.json"

SPLITS = (TRAIN, EVAL, CATALOGUE)
"""Splits that it writes."""

TABLES = ("products", "events", "users", "judgments")
"""Tables that the join reads."""


class MixAndFrame(beam.PTransform):
    """Deals examples into 256 buckets by their hash, since the join leaves them product by product.

    A reader's shuffle buffer, and one that stops early, then sees the whole catalogue instead of a
    hundred rows of one product. A bucket leaves as one element of TFRecord bytes.
    """

    def expand(self, examples: beam.PCollection[bytes]) -> beam.PCollection[bytes]:
        """The same examples, mixed and framed."""
        return (
            examples
            | "Deal" >> beam.Map(lambda example: (_digest(example)[0], example))
            | "GroupByBucket" >> beam.GroupByKey()
            | "Frame" >> beam.Map(
                lambda bucket: frame_records(sorted(bucket[1], key=_digest)))
        )


def _digest(example: bytes) -> bytes:
    # No checksum: those of similar examples are similar.
    return hashlib.blake2b(example, digest_size=8).digest()


def run_join(
    pipeline: beam.Pipeline,
    table_dirs: dict[str, str],
    examples_dirs: dict[str, str],
    contexts_dir: str,
    popularity_dir: str,
    sequences_dir: str,
    settings: Examples,
    seed: int,
) -> dict[str, int]:
    """Runs the join from folders of gz TFRecords to folders.

    Args:
        pipeline: to be run here.
        table_dirs: folder of each table that is present.
        examples_dirs: folder of each split to write.
        contexts_dir: receives `contexts.jsonl.gz`.
        popularity_dir: receives `popularity.json`.
        sequences_dir: receives `sequences-*.jsonl.gz`.
        settings: of the examples section.
        seed: of every hash.

    Returns:
        "split/kind" -> examples written, "left out/why" -> what was not used.

    Raises:
        DatasetError: no training example could be made.
    """
    with pipeline as p:
        tables = {
            table: p | f"ReadTable {table}" >> beam.io.ReadFromTFRecord(os.path.join(folder, "*"))
            for table, folder in table_dirs.items() if table in TABLES}
        joined = join_examples(tables, settings, seed)
        for split, folder in examples_dirs.items():
            _ = (getattr(joined, split)
                 | f"Mix {split}" >> MixAndFrame()
                 | f"WriteSplit {split}" >> WriteFramedRecords(folder))
        _ = joined.context_lines | "WriteContexts" >> _write_one_file(contexts_dir, CONTEXTS_FILE)
        _ = joined.popularity | "WritePopularity" >> _write_one_file(
            popularity_dir, POPULARITY_FILE)
        _ = joined.sequence_lines | "WriteSequences" >> beam.io.WriteToText(
            os.path.join(sequences_dir, sequences.FILES), file_name_suffix=".jsonl.gz")
    found = p.result.metrics().query(MetricsFilter().with_namespace(METRICS_NAMESPACE))
    counts = {metric.key.metric.name: metric.committed for metric in found["counters"]}
    if not any(name.startswith(f"{TRAIN}/") for name in counts):
        raise DatasetError(
            "no training example could be made: expected products with words in their titles, or "
            f"events or judgments of them; received the tables {', '.join(sorted(table_dirs))} "
            f"with {counts.get(f'{CATALOGUE}/{CATALOGUE}', 0)} products. Add titles that name "
            "what is sold, or the log of what shoppers did.")
    return counts


def _write_one_file(folder: str, name: str) -> beam.io.WriteToText:
    return beam.io.WriteToText(
        os.path.join(folder, name), num_shards=1, shard_name_template="")
