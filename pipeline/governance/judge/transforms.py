"""The judge over a catalogue, as a Beam transform."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import apache_beam as beam
from apache_beam.utils.shared import Shared

from pipeline.governance.findings import Finding
from pipeline.governance.judge.judge import Judge, load_judge
from pipeline.ingest.rows import decode_row

_BATCH = 2_048
"""Products that are judged together: evidence is measured in matrices."""


class JudgeProducts(beam.PTransform):
    """Products to what is wrong with them.

    In: products as `encode_row` writes them. Out: id and findings of those in which something was
    found. A worker reads the judge once, and holds one batch.

    Args:
        judge: file that `save_judge` wrote.
    """

    def __init__(self, judge: str) -> None:
        super().__init__()
        self._judge = judge

    def expand(
        self, products: beam.PCollection[bytes],
    ) -> beam.PCollection[tuple[str, list[Finding]]]:
        """Batches, then judges."""
        return (
            products
            | "Batch" >> beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "Judge" >> beam.ParDo(_JudgeDoFn(self._judge)))


class _JudgeDoFn(beam.DoFn):
    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._shared = Shared()  # One judge a process, however many threads.
        self._judge: Judge | None = None

    def setup(self) -> None:
        self._judge = self._shared.acquire(lambda: load_judge(pathlib.Path(self._path)))

    def process(self, batch: list[bytes]) -> Iterator[tuple[str, list[Finding]]]:
        assert self._judge is not None
        rows = [decode_row(serialized) for serialized in batch]
        for row, finding in zip(rows, self._judge.judge(rows), strict=True):
            if finding is not None:
                yield row["product_id"], [finding]
