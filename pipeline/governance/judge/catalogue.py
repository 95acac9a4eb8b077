"""The judge over a catalogue that is read from files."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator

from pipeline.governance.findings import Finding
from pipeline.governance.judge.fitting import TooFewProductsError, fit_judge
from pipeline.governance.judge.settings import JudgeSettings
from pipeline.ingest.rows import Row

_log = logging.getLogger("emporium.governance")

_BATCH = 2_048
"""Products that are judged together: evidence is measured in matrices."""


def find_noise(
    read: Callable[[], Iterable[tuple[str, Row]]], settings: JudgeSettings,
) -> Iterator[tuple[str, list[Finding]]]:
    """Learns a catalogue and judges it.

    Holds a sample of the products, what was learned of it, and one batch.

    Args:
        read: yields every product with its key; called twice.
        settings: how to learn.

    Returns:
        Key and findings of the products in which something was found; none where the shop has too
        few products to learn from.
    """
    try:
        judge = fit_judge((row for _, row in read()), settings)
    except TooFewProductsError as error:
        _log.info("%s", error)
        return
    _log.info("The judge: %s", judge.trust.describe())
    products = iter(read())
    while batch := list(itertools.islice(products, _BATCH)):
        found = judge.judge([row for _, row in batch])
        for (key, _), finding in zip(batch, found, strict=True):
            if finding is not None:
                yield key, [finding]
