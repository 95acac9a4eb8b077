"""From batches of rows to examples: merges rows of one thing, and asks whether products exist.

What an alias stands for may be in another bucket: governance, which follows it, asks whether it is
there.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipeline.ingest import rows
from pipeline.ingest.balance import Balance, TableBalance
from pipeline.ingest.contract import TABLES, Reason
from pipeline.ingest.parsing import Batch
from pipeline.ingest.privacy import Protection
from pipeline.ingest.quarantine import BALANCE, Rejected
from pipeline.ingest.records import frame_records


class JoinProducts(beam.DoFn):
    """Merges what is the same, and parts rows of known products from those of unknown ones.

    The batches of a bucket are gone through twice, the second time as a stream, so that memory
    holds no more than a bucket's products and users. (A CoGroupByKey would hold its events too.)
    """

    def __init__(self, protection: Protection) -> None:
        super().__init__()
        self._protection = protection

    def process(self, element: tuple[int, Iterable[Batch]]) -> Iterator[Any]:
        """Yields framed examples under the table's name, and the rest under its tag."""
        _, batches = element
        merged, things = _merge(batches)
        for table, by_key in things.items():
            if by_key:
                yield TaggedOutput(table, frame_records(map(rows.encode_row, by_key.values())))
        yield TaggedOutput(BALANCE, merged)
        products, aliases = things["products"], things["aliases"]
        for file, batch in batches:
            contract = TABLES[file.table]
            if contract.unique:
                continue
            rejected = Rejected(file, self._protection)
            kept = []
            for line, key, example in batch:
                if contract.of_products and key not in products and key not in aliases:
                    rejected.add(
                        line, Reason.UNKNOWN_PRODUCT, "product_id is not in products",
                        {"product_id": key})
                else:
                    kept.append(example)
            if kept:
                rejected.balance.kept += len(kept)
                yield TaggedOutput(file.table, frame_records(kept))
            yield from rejected.outputs()


def _merge(batches: Iterable[Batch]) -> tuple[Balance, dict[str, dict[str, rows.Row]]]:
    """One row an id of each table whose rows are merged, and how many were."""
    places: dict[str, dict[str, list[tuple[int, int, rows.Row]]]] = {
        table.name: collections.defaultdict(list) for table in TABLES.values() if table.unique}
    for file, batch in batches:
        if TABLES[file.table].unique:
            for line, key, row in batch:
                places[file.table][key].append((file.index, line, row))
    balance = {}
    things: dict[str, dict[str, rows.Row]] = {}
    for table, by_key in places.items():
        things[table] = {
            key: found[0][2] if len(found) == 1 else rows.merge_rows(
                row for _, _, row in sorted(found, key=lambda place: place[:2]))
            for key, found in by_key.items()}
        total = sum(map(len, by_key.values()))
        if total:
            balance[table] = TableBalance(kept=len(by_key), merged=total - len(by_key))
    return balance, things
