"""Quarantined rows: as lines of JSON, and counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from apache_beam.pvalue import TaggedOutput

from pipeline.ingest.balance import Example, TableBalance
from pipeline.ingest.contract import TABLES, Reason, Table
from pipeline.ingest.files import TableFile
from pipeline.ingest.privacy import Protection
from pipeline.personal.spans import FreeText

BALANCE = "balance"
"""Tag of the output that carries balances of parts."""

QUARANTINE = "quarantine"
"""Tag of the output that carries quarantined rows."""

_MAX_RAW_CHARS = 500
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrt])")


def quarantine_line(
    table: Table, file: TableFile, line: int, reason: Reason, explanation: str, raw: Any,
    protection: Protection,
) -> str:
    """A quarantined row as JSON.

    Args:
        table: of the row.
        file: in which it stands.
        line: its line there, or its row in Parquet.
        reason: why it cannot be used, in a word.
        explanation: and in a sentence, which shows no value where the table is personal.
        raw: the row's text, or its values by column; left out where the table is personal.
        protection: of what is personal in other tables.
    """
    record = {
        "table": table.name, "file": file.name, "line": line, "reason": reason.value,
        "explanation": explanation,
    }
    if not table.personal:
        record["raw"] = _show(raw, protection)[:_MAX_RAW_CHARS]
    return orjson.dumps(record).decode("utf-8")


class Rejected:
    """The quarantined rows of a file, or a part of it, with the balance that counts them."""

    def __init__(self, file: TableFile, protection: Protection) -> None:
        """Starts without a row.

        Args:
            file: in which the rows stand.
            protection: of personal data in what is shown of them.
        """
        self.balance = TableBalance()
        self._file = file
        self._protection = protection
        self._lines: list[str] = []

    def add(self, line: int, reason: Reason, explanation: str, raw: Any) -> None:
        """Quarantines a row."""
        self._lines.append(quarantine_line(
            TABLES[self._file.table], self._file, line, reason, explanation, raw,
            self._protection))
        self.balance.quarantine(reason.value, Example(self._file.name, line, explanation))

    def outputs(self) -> Iterator[TaggedOutput]:
        """Everything as outputs of a DoFn."""
        if self._lines:
            yield TaggedOutput(QUARANTINE, "\n".join(self._lines))
        yield TaggedOutput(BALANCE, {self._file.table: self.balance})


def _show(raw: Any, protection: Protection) -> str:
    """A row as text, without personal data."""
    if isinstance(raw, str):
        # A broken line may still be JSON, in which an at sign can be written \u0040.
        return protection.text(
            _ESCAPED.sub(_unescape, raw[:10 * _MAX_RAW_CHARS]), FreeText.PROSE,
            end=_MAX_RAW_CHARS).text
    return orjson.dumps(protection.anything(raw, _MAX_RAW_CHARS)).decode("utf-8")


def _unescape(escaped: re.Match[str]) -> str:
    code = int(escaped[1], 16) if escaped[1] else ord(" ")
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
