"""Three shops of homedepot's training queries: as they are, with wrong grades, and governed.

The task's own held-out queries are not read. Its validation queries and a tenth of its training
queries, with their grades as they are, are what the shops are measured on; of the other training
queries a ninth validate.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pipeline.examples.split import normalise_query

Row = dict[str, Any]

FLIPPED = 0.1
"""Share of a shop's judgements whose grade is mirrored in the middle of the scale."""

GAINS_A_GRADE = 4
"""Gains of score.py are whole numbers: quarters of a grade, as in the task's own answers."""


def read_rows(path: pathlib.Path) -> list[Row]:
    """Rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split_rows(judgments: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Judgements of the shop, with their split, and those that it is measured on."""
    rows = list(judgments)
    validating = {
        normalise_query(row["query"]) for row in rows if row["split"] == "validation"}
    shop, test = [], []
    for row in rows:
        query = normalise_query(row["query"])
        tenth = int(hashlib.sha1(f"labels {query}".encode()).hexdigest(), 16) % 10
        if query in validating or tenth == 0:
            test.append(row)
        else:
            shop.append({**row, "split": "validation" if tenth == 1 else "train"})
    return shop, test


def flip_grades(rows: Sequence[Row], seed: int) -> tuple[list[Row], np.ndarray]:
    """Mirrors the grades of `FLIPPED` of the rows, among those that mirroring changes.

    Returns:
        The rows, and which of them were changed, bool `[rows]`.
    """
    top = max(row["grade"] for row in rows)
    # Rounded as the task's grades are: the digits of 2 - 1.67 would give a wrong grade away.
    mirrored = [round(top - row["grade"], 2) for row in rows]
    eligible = [n for n, row in enumerate(rows) if mirrored[n] != row["grade"]]
    flipped = np.zeros(len(rows), bool)
    generator = np.random.default_rng(seed)
    flipped[generator.choice(eligible, round(FLIPPED * len(rows)), replace=False)] = True
    return [
        {**row, "grade": mirrored[n]} if flipped[n] else row for n, row in enumerate(rows)], flipped


def write_shop(
    folder: pathlib.Path, products: pathlib.Path, rows: Iterable[Row], test: Iterable[Row],
) -> None:
    """Writes a task's folder as `benchmarks.quality` and score.py read it."""
    holdout = folder / "holdout"
    holdout.mkdir(parents=True, exist_ok=True)
    if not (folder / "products.jsonl").exists():
        (folder / "products.jsonl").symlink_to(products.resolve())
    _write(folder / "judgments.jsonl", map(json.dumps, rows))
    judged = list(test)
    topic = {query: f"q{n}" for n, query in enumerate(sorted({row["query"] for row in judged}))}
    _write(holdout / "queries.tsv", (f"{name}\t{query}" for query, name in topic.items()))
    _write(holdout / "qrels.txt", (
        f"{topic[row['query']]} 0 {row['product_id']} {round(row['grade'] * GAINS_A_GRADE)}"
        for row in judged))
    _write(holdout / "slices.json", [json.dumps({"all": list(topic.values())})])


def _write(path: pathlib.Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
