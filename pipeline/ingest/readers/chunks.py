"""What readers hand over: chunks of a file, and the rows in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from pipeline.ingest.contract import Reason
from pipeline.ingest.files import TableFile


class RawRow(NamedTuple):
    """A row as the file holds it.

    Attributes:
        line: line of the file on which the row starts, from 1; in Parquet the row, from 1.
        values: by column name, of whatever type the file gives.
    """

    line: int
    values: dict[str, Any]


class BrokenRow(NamedTuple):
    """A row that cannot even be read.

    Attributes:
        line: as of RawRow.
        explanation: a sentence that shows no value of the row.
        text: the row itself, as far as it can be decoded.
    """

    line: int
    reason: Reason
    explanation: str
    text: str


class Chunk(Protocol):
    """A part of a file that a worker reads into rows on its own."""

    @property
    def file(self) -> TableFile:
        """The file."""

    @property
    def untyped(self) -> bool:
        """Whether every value is text, numbers too."""

    def rows(self) -> Iterator[RawRow | BrokenRow]:
        """The rows, in the file's order."""
