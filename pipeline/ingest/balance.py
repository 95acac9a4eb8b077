"""The balance of rows: in = kept + merged + quarantined, table by table, and what it forbids."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from apache_beam.io.filesystems import FileSystems

from pipeline.ingest import readers
from pipeline.ingest.contract import TABLES, DatasetError
from pipeline.ingest.files import join_path

BALANCE_FILE = "balance.json"

_MAX_COLUMNS = 200
_MAX_ERRORS = 3
_CONTRACT_COLUMNS = frozenset().union(*(table.names for table in TABLES.values()))


@dataclass(order=True)
class Example:
    """One quarantined row of a reason: the first by file and line."""

    file: str
    line: int
    explanation: str


@dataclass
class TableBalance:
    """Counts of a table's rows, or of a part of them.

    Attributes:
        reasons: quarantined rows by Reason.
        examples: one of them by Reason.
        columns: rows with a value, by column name, at most some 200 names.
        repairs: changed values by Repair.
        errors: why the table cannot be used at all; messages of DatasetErrors.
    """

    rows_in: int = 0
    kept: int = 0
    merged: int = 0
    reasons: collections.Counter[str] = field(default_factory=collections.Counter)
    examples: dict[str, Example] = field(default_factory=dict)
    columns: collections.Counter[str] = field(default_factory=collections.Counter)
    repairs: collections.Counter[str] = field(default_factory=collections.Counter)
    errors: list[str] = field(default_factory=list)

    @property
    def quarantined(self) -> int:
        """Rows that could not be used."""
        return sum(self.reasons.values())

    def quarantine(self, reason: str, example: Example) -> None:
        """Counts one quarantined row."""
        self.reasons[reason] += 1
        if reason not in self.examples or example < self.examples[reason]:
            self.examples[reason] = example

    def add(self, other: TableBalance) -> None:
        """Adds the counts of another part of the table."""
        self.rows_in += other.rows_in
        self.kept += other.kept
        self.merged += other.merged
        self.reasons.update(other.reasons)
        self.columns.update(other.columns)
        self._forget_rare_columns()
        self.repairs.update(other.repairs)
        self.errors = sorted({*self.errors, *other.errors})
        for reason, example in other.examples.items():
            self.examples[reason] = min(self.examples.get(reason, example), example)

    def _forget_rare_columns(self) -> None:
        """Keys of free-form JSON can be without number; the contract's columns always stay."""
        for name, _ in self.columns.most_common()[_MAX_COLUMNS:]:
            if name not in _CONTRACT_COLUMNS:
                del self.columns[name]

    def to_json(self) -> dict[str, Any]:
        """The balance as `balance.json` holds it."""
        return {
            "in": self.rows_in, "kept": self.kept, "merged": self.merged,
            "quarantined": self.quarantined,
            "reasons": dict(self.reasons.most_common()),
            "examples": {reason: vars(self.examples[reason]) for reason in sorted(self.examples)},
            "columns": dict(sorted(self.columns.items())),
            "repairs": dict(sorted(self.repairs.items())),
            "errors": self.errors,
        }

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> TableBalance:
        """Reads what `to_json` wrote."""
        return cls(
            rows_in=tree["in"], kept=tree["kept"], merged=tree["merged"],
            reasons=collections.Counter(tree["reasons"]),
            examples={reason: Example(**value) for reason, value in tree["examples"].items()},
            columns=collections.Counter(tree["columns"]),
            repairs=collections.Counter(tree["repairs"]),
            errors=list(tree["errors"]))


Balance = dict[str, TableBalance]
"""By table, in the contract's order."""


def write_balance(balance: Balance, folder: str) -> None:
    """Writes `balance.json` into a folder, local or a URI."""
    text = orjson.dumps(
        {table: part.to_json() for table, part in balance.items()}, option=orjson.OPT_INDENT_2)
    with FileSystems.create(join_path(folder, BALANCE_FILE), "application/json") as stream:
        stream.write(text)


def read_balance(folder: str) -> Balance:
    """Reads the `balance.json` of a folder."""
    with FileSystems.open(join_path(folder, BALANCE_FILE), "application/json") as stream:
        tree = orjson.loads(stream.read())
    return {table: TableBalance.from_json(part) for table, part in tree.items()}


def check_balance(balance: Mapping[str, TableBalance], max_quarantine_fraction: float) -> None:
    """Stops a run on data that is not what it should be.

    Raises:
        DatasetError: a file cannot be read, a required column is nowhere, too many rows of a table
            cannot be used, or no product is left.
    """
    if errors := [error for part in balance.values() for error in part.errors]:
        more = f" ({len(errors) - _MAX_ERRORS} more like it.)" if len(errors) > _MAX_ERRORS else ""
        raise DatasetError(" ".join(errors[:_MAX_ERRORS]) + more)
    for name, part in balance.items():
        missing = [column for column in TABLES[name].required if not part.columns[column]]
        if missing and part.columns:
            raise DatasetError(readers.missing_columns_message(
                f"{name}, every row", TABLES[name], missing, tuple(sorted(part.columns))))
        if part.quarantined > max_quarantine_fraction * part.rows_in:
            raise DatasetError(
                f"{name}: {part.quarantined:,} of {part.rows_in:,} rows "
                f"({part.quarantined / part.rows_in:.0%}) cannot be used, more than the "
                f"{max_quarantine_fraction:.0%} that ingest.max_quarantine_fraction allows. "
                f"{_describe_reasons(part)} Mend the export, or, if the rest is good, raise the "
                "setting.")
    if not balance["products"].kept:
        raise DatasetError(
            "products: the table has no row; at least one product with an id and a title is "
            "needed. Export the catalogue again.")


def format_balance(balance: Mapping[str, TableBalance]) -> str:
    """The balance as a table for the terminal, with a line for each reason and repair."""
    rows = [("table", "rows in", "=", "kept", "+", "merged", "+", "quarantined")]
    rows += [
        (name, f"{part.rows_in:,}", "=", f"{part.kept:,}", "+", f"{part.merged:,}", "+",
         f"{part.quarantined:,}") for name, part in balance.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    for name, part in balance.items():
        lines += [
            f"  {name}: {count:,} {reason}: {_describe_example(part.examples[reason])}"
            for reason, count in part.reasons.most_common()]
        lines += [f"  {name}: {count:,} values changed: {repair}"
                  for repair, count in sorted(part.repairs.items())]
    return "\n".join(lines)


def _describe_reasons(part: TableBalance) -> str:
    return " ".join(
        f"{count:,} {reason}, as {_describe_example(part.examples[reason])}."
        for reason, count in part.reasons.most_common(3))


def _describe_example(example: Example) -> str:
    return f"{example.file} line {example.line}: {example.explanation}"
