"""Findings that fill in what products lack: brand and attributes that their texts tell."""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from pipeline.governance.extraction.extractor import Extractor, learn_extractor
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.extraction.supervision import BRAND
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row

INFERRED_BRAND = Rule(
    name="inferred_brand", table_names=("products",),
    reason="The product has no brand, but its title or description tells it.",
    remedy="Fill in the brand at the source.", severe=False)

INFERRED_ATTRIBUTE = Rule(
    name="inferred_attribute", table_names=("products",),
    reason="The product lacks an attribute that its title or description tells.",
    remedy="Fill in the attribute at the source.", severe=False)

RULES = (INFERRED_BRAND, INFERRED_ATTRIBUTE)

BATCH_ROWS = 1_024

_SAID = "title or description says so"
_ALIKE = "products with such a title and description have it"

Keyed = tuple[str, Row]
"""A row and its key."""


def fill_missing(
    read: Callable[[], Iterable[Keyed]], settings: ExtractionSettings,
) -> Iterator[tuple[str, list[Finding]]]:
    """Learns from products and fills in what they lack.

    Args:
        read: yields every product with its key; called twice. Some twenty thousand rows are held.
        settings: how.

    Yields:
        Key and findings of the rows for which there are any.
    """
    extractor = learn_extractor(sample_rows(read(), settings), settings)
    if extractor is None:
        return
    rows = iter(read())
    while batch := list(itertools.islice(rows, BATCH_ROWS)):
        yield from find(extractor, batch)


def find(extractor: Extractor, batch: Sequence[Keyed]) -> Iterator[tuple[str, list[Finding]]]:
    """Findings of a batch of products.

    Yields:
        Key and findings of the rows for which there are any.
    """
    for (key, _), filled in zip(batch, extractor([row for _, row in batch]), strict=True):
        if filled:
            yield key, [
                Finding(
                    (INFERRED_BRAND if column == BRAND else INFERRED_ATTRIBUTE).name, column,
                    Action.FILLED, choice.value, choice.confidence,
                    _SAID if choice.said else _ALIKE)
                for column, choice in filled.items()]


def sample_rows(rows: Iterable[Keyed], settings: ExtractionSettings) -> list[Row]:
    """Rows to learn from, the same whatever the order that they come in."""
    smallest = heapq.nsmallest(
        settings.sample_rows,
        ((_digest(key, settings.seed), key, row) for key, row in rows),
        key=lambda element: element[:2])
    return [row for _, _, row in smallest]


def _digest(key: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed} {key}".encode(), digest_size=8).digest()
