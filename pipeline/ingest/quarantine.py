"""Quarantined rows as lines of JSON."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.ingest.contract import Reason, Table
from pipeline.ingest.files import TableFile

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
