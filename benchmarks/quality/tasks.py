"""What a task hands over: a catalogue, events and questions. Its answers are not read here."""

from __future__ import annotations

import dataclasses
import functools
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

NAMES = (
    "homedepot", "chorus", "scientific", "scientific_cold", "scientific_new_users",
    "online_retail")

TEXTS = ("title", "brand", "category", "description")
"""Columns of a product that are text; the longest is last, as encoders read only so much."""


@dataclasses.dataclass(frozen=True)
class Task:
    """A dataset folder with questions.

    Attributes:
        folder: holds the dataset's tables, and `holdout/` with the questions.
        products: rows of the catalogue.
        topics: ids of the questions.
        queries: what was typed, one a topic; empty for a recommendation task.
        histories: product numbers, oldest first, one list a topic; empty for a search task.
    """

    folder: pathlib.Path
    products: list[dict[str, Any]]
    topics: list[str]
    queries: list[str]
    histories: list[list[int]]

    @property
    def name(self) -> str:
        """Name of the task."""
        return self.folder.name

    @property
    def is_search(self) -> bool:
        """Whether its questions are queries, not histories."""
        return bool(self.queries)

    @functools.cached_property
    def number_of(self) -> dict[str, int]:
        """Number of each product, its row in the catalogue."""
        return {row["product_id"]: number for number, row in enumerate(self.products)}

    def texts(self, fields: Sequence[str] = TEXTS) -> list[str]:
        """The texts of each product, as one."""
        return [
            " ".join(product[field] for field in fields if field in product)
            for product in self.products]

    def interactions(self) -> tuple[list[int], list[int]]:
        """User and product numbers of the events that a peer can learn from, in their order.

        Left out is what a shop would leave out by rule: no customer, no such product, a return
        (a quantity of 0 or less).
        """
        users: dict[str, int] = {}
        rows: list[int] = []
        columns: list[int] = []
        for event in _lines(self.folder / "events.jsonl"):
            product = self.number_of.get(event.get("product_id", ""))
            if "user_id" in event and product is not None and event.get("value", 1) > 0:
                rows.append(users.setdefault(event["user_id"], len(users)))
                columns.append(product)
        return rows, columns


def load_task(folder: pathlib.Path) -> Task:
    """Reads a task's catalogue and questions."""
    products = [row for row in _lines(folder / "products.jsonl") if "product_id" in row]
    task = Task(folder, products, [], [], [])
    queries = folder / "holdout" / "queries.tsv"
    if queries.exists():
        with queries.open(encoding="utf-8") as lines:
            for line in lines:
                topic, _, query = line.rstrip("\n").partition("\t")
                task.topics.append(topic)
                task.queries.append(query)
        return task
    for context in _lines(folder / "holdout" / "contexts.jsonl"):
        task.topics.append(context["context_id"])
        task.histories.append([
            task.number_of[product] for product in context["history"]
            if product in task.number_of])
    return task


def make_tasks(bench: pathlib.Path, folder: pathlib.Path, names: list[str]) -> None:
    """Makes the tasks that are not there yet.

    Args:
        bench: folder of `tasks.py`.
        folder: receives a folder a task.
        names: of the tasks.
    """
    for name in names:
        made = folder / name / "holdout" / "slices.json"  # Written last.
        if not made.exists():
            subprocess.run(
                [sys.executable, str(bench / "tasks.py"), str(folder), name], check=True)


def _lines(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
