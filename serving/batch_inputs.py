"""The inputs of batch runs: queries as tab-separated lines, contexts as JSON Lines.

A file is read line by line, so that its size does not matter, and every complaint names the line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import pathlib
from collections.abc import Iterator
from typing import Any

from serving.errors import InputFileError
from serving.retrieval import Context
from serving.trec import has_whitespace

logger = logging.getLogger(__name__)

_BYTE_ORDER_MARK = "\ufeff"
_UNKNOWN_AGE = -1.0


@dataclasses.dataclass(frozen=True)
class Task:
    """One thing to answer in a batch run, under the id of its file."""

    task_id: str
    context: Context


def read_queries(path: pathlib.Path) -> Iterator[Task]:
    """Reads `query_id<TAB>query`, a line each; blank lines are skipped.

    Raises:
        InputFileError: a line without a tab, a bad or repeated id, text that is not UTF-8.
    """
    seen: set[str] = set()
    for where, line in _lines(path):
        task_id, tab, query = line.partition("\t")
        if not tab:
            raise InputFileError(f"{where}: expected query_id<TAB>query, found no tab")
        yield Task(_new_id(task_id, "query_id", seen, where), Context(query=query))


def read_contexts(path: pathlib.Path) -> Iterator[Task]:
    """Reads contexts as JSON objects, a line each; blank lines are skipped.

    Of the fields, context_id is required; history, history_events, history_ages (days), profile,
    query and exclude are used; `filters` is not supported yet, which a warning says once; others,
    as user_id, are ignored.

    Raises:
        InputFileError: a line that is no JSON object, a field of a wrong type, events or ages
            that are not one a product, a bad or repeated id, text that is not UTF-8.
    """
    seen: set[str] = set()
    warned = False
    for where, line in _lines(path):
        row = _json_object(line, where)
        if "context_id" not in row:
            raise InputFileError(f"{where}: the field context_id is missing")
        task_id = _new_id(_text(row, "context_id", where), "context_id", seen, where)
        if row.get("filters") and not warned:
            logger.warning("%s: the field filters is not supported yet and is ignored", where)
            warned = True
        try:
            context = Context(
                history=_texts(row, "history", where), profile=_text(row, "profile", where),
                query=_text(row, "query", where), exclude=_texts(row, "exclude", where),
                events=_texts(row, "history_events", where, "names of events"),
                ages=_ages(row, "history_ages", where))
        except ValueError as error:
            raise InputFileError(f"{where}: history_{error}") from error
        yield Task(task_id, context)


def count_tasks(tasks: Iterator[Task], path: pathlib.Path) -> int:
    """Reads a whole file for its errors, before hours of work are spent on its first half.

    Raises:
        InputFileError: an error of the file, or a file without any task.
    """
    count = sum(1 for _ in tasks)
    if not count:
        raise InputFileError(f"{path}: the file is empty")
    return count


def _lines(path: pathlib.Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open("rb") as file:
            # Only a line feed ends a line: titles and queries may hold U+2028 and the like.
            for number, data in enumerate(file, start=1):
                where = f"{path}:{number}"
                try:
                    line = data.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise InputFileError(f"{where}: not UTF-8 at byte {error.start}") from error
                if number == 1:
                    line = line.removeprefix(_BYTE_ORDER_MARK)
                if line.strip():
                    yield where, line
    except OSError as error:
        raise InputFileError(f"{path} cannot be read: {error.strerror}") from error


def _new_id(task_id: str, field: str, seen: set[str], where: str) -> str:
    if has_whitespace(task_id):
        raise InputFileError(
            f"{where}: {field} {task_id!r} is empty or holds whitespace, which separates the "
            "fields of a TREC run")
    if task_id in seen:
        raise InputFileError(f"{where}: {field} {task_id!r} appears a second time")
    seen.add(task_id)
    return task_id


def _json_object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputFileError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise InputFileError(f"{where}: expected a JSON object, found {type(row).__name__}")
    return row


def _text(row: dict[str, Any], field: str, where: str) -> str:
    return _as_text(row.get(field), f"{where}: {field}")


def _texts(
    row: dict[str, Any], field: str, where: str, what: str = "product ids",
) -> list[str]:
    return [_as_text(value, f"{where}: {field}[{position}]")
            for position, value in enumerate(_list(row, field, where, what))]


def _ages(row: dict[str, Any], field: str, where: str) -> list[float]:
    """Days; null is unknown, as are negative ones."""
    return [_UNKNOWN_AGE if value is None else _as_number(value, f"{where}: {field}[{position}]")
            for position, value in enumerate(_list(row, field, where, "days"))]


def _list(row: dict[str, Any], field: str, where: str, what: str) -> list[Any]:
    values = row.get(field) or []
    if not isinstance(values, list):
        raise InputFileError(
            f"{where}: {field} must be a list of {what}, found {type(values).__name__}")
    return values


def _as_number(value: Any, what: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):  # A whole number of more digits than a float has.
            return float(value)
    raise InputFileError(f"{what} must be a number of days, found {type(value).__name__}")


def _as_text(value: Any, what: str) -> str:
    """Text as it is, a whole number as its digits, null as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    # The value stays out of the message: it may be what a shopper told about themselves.
    raise InputFileError(f"{what} must be text, found {type(value).__name__}")
