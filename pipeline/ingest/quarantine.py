"""Quarantined rows: as lines of JSON, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from apache_beam.pvalue import TaggedOutput

from pipeline.ingest.balance import Example, TableBalance
from pipeline.ingest.contract import TABLES, Reason, Table
from pipeline.ingest.files import TableFile

BALANCE = "balance"
"""Tag of the output that carries balances of parts."""

QUARANTINE = "quarantine"
"""Tag of the output that carries quarantined rows."""

_MAX_RAW_CHARS = 500


def quarantine_line(
    table: Table, file: TableFile, line: int, reason: Reason, explanation: str, raw: Any,
) -> str:
    """A quarantined row as JSON.

    Args:
        table: of the row.
        file: in which it stands.
        line: its line there, or its row in Parquet.
        reason: why it cannot be used, in a word.
        explanation: and in a sentence, which shows no value where the table is personal.
        raw: the row's text, or its values by column; left out where the table is personal.
    """
    record = {
        "table": table.name, "file": file.name, "line": line, "reason": reason.value,
        "explanation": explanation,
    }
    if not table.personal:
        text = raw if isinstance(raw, str) else orjson.dumps(
            raw, default=str, option=orjson.OPT_NON_STR_KEYS).decode("utf-8")
        record["raw"] = text[:_MAX_RAW_CHARS]
    return orjson.dumps(record).decode("utf-8")


class Rejected:
    """The quarantined rows of a file, or a part of it, with the balance that counts them."""

    def __init__(self, file: TableFile) -> None:
        self.balance = TableBalance()
        self._file = file
        self._lines: list[str] = []

    def add(self, line: int, reason: Reason, explanation: str, raw: Any) -> None:
        """Quarantines a row."""
        self._lines.append(quarantine_line(
            TABLES[self._file.table], self._file, line, reason, explanation, raw))
        self.balance.quarantine(reason.value, Example(self._file.name, line, explanation))

    def outputs(self) -> Iterator[TaggedOutput]:
        """Everything as outputs of a DoFn."""
        if self._lines:
            yield TaggedOutput(QUARANTINE, "\n".join(self._lines))
        yield TaggedOutput(BALANCE, {self._file.table: self.balance})
