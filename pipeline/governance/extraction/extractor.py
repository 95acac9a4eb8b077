"""Reads brand and attributes of products that lack them, as those that have them taught it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from pipeline.governance.decisions import get_value
from pipeline.governance.extraction.applicability import Applicability
from pipeline.governance.extraction.choice import Choice
from pipeline.governance.extraction.classifier import WordFeatures
from pipeline.governance.extraction.reader import ColumnReader, Quality
from pipeline.governance.extraction.samples import Sample
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.extraction.supervision import BRAND, find_columns, learn_column
from pipeline.governance.extraction.tagger import Tagger
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.tokens import TaggedSpan
from pipeline.ingest.rows import Row

_log = logging.getLogger("emporium.governance")


class Extractor:
    """Reads columns of rows that lack them.

    Args:
        readers: of the columns.
        tagger: whose heads are the readers' columns, in order; None where it is left out.
        words: features of the words, as the readers know them.
    """

    def __init__(
        self, readers: Sequence[ColumnReader], tagger: Tagger | None, words: WordFeatures,
    ) -> None:
        self._readers = readers
        self._tagger = tagger
        self._words = words

    @property
    def qualities(self) -> list[Quality]:
        """How well each column is read."""
        return [reader.quality for reader in self._readers]

    def __call__(self, rows: Sequence[Row]) -> list[dict[str, Choice]]:
        """The values to fill in, by column, sure enough for the wanted precision.

        Args:
            rows: of the table products; some hundred or thousand at a time.
        """
        thresholds = {
            quality.column: quality.threshold for quality in self.qualities
            if quality.threshold is not None}
        filled = [
            head for head, reader in enumerate(self._readers) if reader.name in thresholds]
        return [
            {name: choice for name, choice in of_row.items()
             if choice.confidence >= thresholds[name]}
            for of_row in self._choose(rows, filled)]

    def choose(self, rows: Sequence[Row]) -> list[dict[str, Choice]]:
        """The most likely value of each column that a row lacks and may have, however unlikely."""
        return self._choose(rows, range(len(self._readers)))

    def _choose(self, rows: Sequence[Row], heads: Sequence[int]) -> list[dict[str, Choice]]:
        chosen: list[dict[str, Choice]] = [{} for _ in rows]
        if not rows or not heads:
            return chosen
        texts = [ProductText(row) for row in rows]
        features = self._words([text.text for text in texts])
        wanted = {head: _lacking(self._readers[head], rows, features) for head in heads}
        spans = _tag(self._tagger, texts, sorted(set().union(*wanted.values())))
        for head, some in wanted.items():
            if not some:
                continue
            choices = self._readers[head](
                [texts[row] for row in some], features[some],
                [spans[row].get(head, []) for row in some])
            for row, choice in zip(some, choices, strict=True):
                if choice is not None:
                    chosen[row][self._readers[head].name] = choice
        return chosen



def learn_extractor(
    rows: Sequence[Row], settings: ExtractionSettings, names: Sequence[str] | None = None,
) -> Extractor | None:
    """Learns from rows to read what others lack.

    Args:
        rows: of the table products; all are held in memory.
        settings: how.
        names: columns to read, `brand` or `attributes.NAME`, where enough rows have them; None
            takes those that most rows have among those whose values are said often enough.

    Returns:
        None where nothing can be learned.
    """
    texts = [ProductText(row) for row in rows]
    if names is None:
        columns = find_columns(
            rows, texts, min_rows=settings.min_rows, min_said=settings.min_said,
            max_columns=settings.max_columns)
    else:
        columns = [
            column for name in names
            if (column := learn_column(name, rows, texts)).known >= settings.min_rows]
    if not columns:
        return None
    # One order for all columns: rows that teach or judge one mostly do so for others too.
    order = np.random.default_rng(settings.seed).permutation(len(rows))
    samples = [Sample(column, rows, order) for column in columns]
    words = WordFeatures([text.text for text in texts])
    features = words([text.text for text in texts])
    tagger = _learn_tagger(samples, texts, settings)
    judging = {row for sample in samples for row in sample.held_out + sample.new}
    spans = _tag(tagger, texts, sorted(judging))
    readers = []
    for head, sample in enumerate(samples):
        readers.append(ColumnReader(
            sample.column, sample.known(sample.learned, texts, features),
            sample.known(sample.held_out, texts, features),
            sample.known(sample.new, texts, features),
            [spans[row].get(head, []) for row in sample.held_out + sample.new],
            _learn_applicability(sample, features, settings.seed),
            settings))
        _log.info("extraction: %s", readers[-1].quality)
    return Extractor(readers, tagger, words)


def _lacking(reader: ColumnReader, rows: Sequence[Row], features: csr_matrix) -> list[int]:
    """Numbers of the rows that lack a column and may have it."""
    return [
        row for row in np.flatnonzero(reader.applies(features)).tolist()
        if get_value(rows[row], reader.name) is None]


def _learn_tagger(
    samples: Sequence[Sample], texts: Sequence[ProductText], settings: ExtractionSettings,
) -> Tagger | None:
    """The token classifier, taught by the last rows of every column's order."""
    if not settings.rows_per_column:
        return None
    teaching = [set(sample.learned[-settings.rows_per_column:]) for sample in samples]
    rows = sorted(set().union(*teaching))
    spans = [
        [sample.spans(row, texts[row]) if row in of_column else None
         for sample, of_column in zip(samples, teaching, strict=True)]
        for row in rows]
    return Tagger([texts[row] for row in rows], spans, settings)


def _tag(
    tagger: Tagger | None, texts: Sequence[ProductText], rows: Sequence[int],
) -> dict[int, dict[int, list[TaggedSpan]]]:
    """What may be values in some rows' texts, by row and column's number."""
    if tagger is None:
        return {row: {} for row in rows}
    return dict(zip(rows, tagger([texts[row] for row in rows]), strict=True))


def _learn_applicability(
    sample: Sample, features: csr_matrix, seed: int,
) -> Applicability | None:
    """Which products have an attribute; None where all may: every product has a brand."""
    known, held_out = np.zeros([2, features.shape[0]], bool)
    known[sample.learned + sample.held_out + sample.new] = True
    held_out[sample.held_out] = True
    if sample.column.name == BRAND or known.all():
        return None
    return Applicability(features, known, held_out, seed)
