"""The position of a row: one number for its file and its line, in the order of the rows."""

from __future__ import annotations

_LINE_BITS = 40


def row_position(file_index: int, line: int) -> int:
    """Of the row in that line of the table's file of that place, from 0."""
    return (file_index << _LINE_BITS) + line


def describe_position(position: int) -> str:
    """A position as a person counts: files from 1 on, the first of them not named."""
    file_index, line = position >> _LINE_BITS, position & (1 << _LINE_BITS) - 1
    return f"line {line:,} of file {file_index + 1}" if file_index else f"line {line:,}"
