"""JSON Lines: an object a line; a line that is none is one broken row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.ingest.contract import Reason
from pipeline.ingest.files import TableFile, open_text
from pipeline.ingest.readers.chunks import BrokenRow, RawRow

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class JsonLinesChunk:
    """Whole lines of a file.

    Attributes:
        first_line: number of the first of the lines, from 1.
    """

    file: TableFile
    first_line: int
    data: bytes

    @property
    def untyped(self) -> bool:
        """JSON tells numbers from text."""
        return False

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """The rows; blank lines are none."""
        for line, text in enumerate(self.data.split(b"\n"), self.first_line):
            if text and not text.isspace():
                yield _parse_line(line, text)


def read_chunks(file: TableFile, chunk_bytes: int = CHUNK_BYTES) -> Iterator[JsonLinesChunk]:
    """Cuts a file into chunks of about `chunk_bytes`.

    Raises:
        DatasetError: the file cannot be read to its end.
    """
    line = 1
    with open_text(file) as stream:
        while data := stream.read(chunk_bytes):
            if not data.endswith(b"\n"):
                data += stream.readline()
            yield JsonLinesChunk(file, line, data)
            line += data.count(b"\n")


def _parse_line(line: int, text: bytes) -> RawRow | BrokenRow:
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            values = _parse_python_json(text)
        except (ValueError, RecursionError):
            return _broken(line, text, error)
    if not isinstance(values, dict):
        return BrokenRow(
            line, Reason.UNPARSEABLE, "the line should be a JSON object, it is another value",
            text.decode("utf-8", "replace"))
    return RawRow(line, values)


def _parse_python_json(text: bytes) -> Any:
    """Parses what Python's writers make of numbers that JSON does not know: NaN and Infinity.

    Raises:
        ValueError: it is no JSON of that kind either.
    """
    if b"NaN" not in text and b"Infinity" not in text:
        raise ValueError("no number that JSON does not know")
    values = json.loads(text.decode("utf-8"))
    try:
        orjson.dumps(values)  # Refuses halves of surrogate pairs, which UTF-8 cannot hold.
    except TypeError as error:
        raise ValueError(str(error)) from error
    return values


def _broken(line: int, text: bytes, error: orjson.JSONDecodeError) -> BrokenRow:
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as problem:
        return BrokenRow(
            line, Reason.INVALID_UTF8, f"byte {problem.start + 1} of the line is not UTF-8",
            text.decode("utf-8", "replace"))
    return BrokenRow(
        line, Reason.UNPARSEABLE, f"the line is not JSON: {error.msg} at character {error.pos + 1}",
        decoded)
