"""What a run says of its tables: what is off without them, and what of them nothing reads yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.ingest.balance import TableBalance
from pipeline.ingest.contract import TABLES, Table


def describe_usage(balance: Mapping[str, TableBalance]) -> list[str]:
    """Lines for the terminal.

    Args:
        balance: of every table of the dataset.

    Returns:
        A line for each table that is not there or has no row and each column without a value,
        where something is off without it, and one for each table with columns that are kept only.
    """
    lines = [line for name, part in balance.items() for line in _describe_table(TABLES[name], part)]
    return lines + [
        f"{name}: no table: {table.without}" for name, table in TABLES.items()
        if name not in balance]


def _describe_table(table: Table, part: TableBalance) -> Iterator[str]:
    if not part.kept:
        yield f"{table.name}: no row: {table.without}"
        return
    present = set(part.columns)
    if present - table.names:  # Columns that the contract does not name are attributes.
        present.add("attributes")
    for column in table.columns:
        if column.without and column.name not in present:
            yield f"{table.name}: no column {column.name}: {column.without}"
    unread = [column.unread for column in table.columns if column.name in present and column.unread]
    if unread:
        yield f"{table.name}: kept, not used yet: {', '.join(unread)}"
