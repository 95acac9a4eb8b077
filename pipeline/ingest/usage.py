"""What a run says of its tables: what is off without them, and what of them nothing reads yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.config import USER_KEY_VARIABLE
from pipeline.ingest.balance import TableBalance
from pipeline.ingest.contract import TABLES, Repair, Table


def describe_usage(balance: Mapping[str, TableBalance]) -> list[str]:
    """Lines for the terminal.

    Args:
        balance: of every table of the dataset.

    Returns:
        A line for each table that is not there or has no row and each column without a value,
        where something is off without it, one for each table with columns that are kept only, and
        one about the ids of users where no key hashes them.
    """
    lines = [line for name, part in balance.items() for line in _describe_table(TABLES[name], part)]
    return lines + [
        f"{name}: no table: {table.without}" for name, table in TABLES.items()
        if table.without and name not in balance] + list(_describe_ids(balance))


def _describe_table(table: Table, part: TableBalance) -> Iterator[str]:
    if not part.kept:
        if table.without:
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
        yield f"{table.name}: kept, not learned from yet: {', '.join(unread)}"


def _describe_ids(balance: Mapping[str, TableBalance]) -> Iterator[str]:
    """What became of the ids of users, where none was hashed."""
    tables = {
        name: part for name, part in balance.items()
        if part.kept and any(column.of_user for column in TABLES[name].columns)}
    if not tables or any(part.repairs[Repair.IDS_HASHED.value] for part in tables.values()):
        return
    names = " and ".join(tables)
    yield (f"{names}: ids of users are kept as they are: no key in {USER_KEY_VARIABLE}, or they "
           "are hashes already")
    if replaced := sum(part.repairs[Repair.IDS_REPLACED.value] for part in tables.values()):
        yield (f"{names}: {replaced:,} ids were e-mail addresses or numbers of persons; what "
               "replaces them without a key can be guessed by who has a list of such")
