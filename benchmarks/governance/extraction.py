"""How well brand and attributes that were hidden are read back from titles and descriptions.

Usage:  python -m benchmarks.governance.extraction [--tasks DIR] [--develop]

Of chorus, brand and four attributes are hidden in a random fifth of the products: those four that
most products have among those that title or description says in at least half of them. What is
learned from the whole catalogue, hidden values missing, is asked for them. A value is right where
it is the hidden one but for case and space; where nothing is read a value is missed; what is read
for products that never had a value is not judged, as nobody knows. Beside it the dictionary: the
longest value of the other products in the title, numbers in any unit that they use.

Then all products of a random fifth of the brands lose their brand, which is asked for: brands that
neither dictionary nor classifier can know.

With --develop the fifth of seeds 11 to 13 is left out, and another one hidden with seeds 1 to 3:
what was decided was decided there.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Before the first import of TensorFlow, as the command has it.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from benchmarks.governance.options import task_parser
from pipeline.governance.decisions import get_value, set_value
from pipeline.governance.extraction import ExtractionSettings, learn_extractor
from pipeline.governance.extraction.dictionary import look_up
from pipeline.governance.extraction.supervision import BRAND, find_columns, learn_column
from pipeline.governance.extraction.texts import ProductText
from pipeline.ingest.rows import Row

SEEDS = (11, 12, 13)
DEVELOPED_ON = (1, 2, 3)
HIDDEN = 0.2
ATTRIBUTES = 4
SAID = 0.5
BATCH = 1_024


@dataclasses.dataclass(frozen=True)
class Score:
    """How many hidden values there were, were read, and were read right."""

    hidden: int
    read: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.read)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.hidden)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.hidden + self.read)


Scores = Mapping[str, Score]
"""By column."""


def main() -> int:
    parser = task_parser(__doc__)
    parser.add_argument("--develop", action="store_true", help="hide within the other four fifths")
    args = parser.parse_args()
    path = args.tasks / "chorus" / "products.jsonl"
    if not path.is_file():
        print(f"The task is not here: no {path}; nothing was measured.")
        return 0
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    columns = choose_columns(rows)
    runs: dict[str, list[Scores]] = {}
    new: list[Score] = []
    for seed in DEVELOPED_ON if args.develop else SEEDS:
        shown = rows
        if args.develop:
            shown = [rows[row] for row in np.flatnonzero(~draw(len(rows), SEEDS[seed - 1]))]
        started, worked = time.monotonic(), time.process_time()
        for name, scores in measure(shown, columns, seed).items():
            runs.setdefault(name, []).append(scores)
        new.append(measure_new_brands(shown, seed))
        print(f"seed {seed}: {(time.monotonic() - started) / 60:.1f} minutes, "
              f"{(time.process_time() - worked) / 60:.1f} of a processor", flush=True)
    print_table(columns, runs)
    print_table([BRAND], {"brands of no other product": [{BRAND: score} for score in new]})
    return 0


def choose_columns(rows: Sequence[Row]) -> list[str]:
    """Brand, and the attributes that most products have among those that are said by half."""
    texts = [ProductText(row) for row in rows]
    found = find_columns(rows, texts, min_rows=1_000, min_said=SAID, max_columns=ATTRIBUTES + 1)
    return [BRAND, *(column.name for column in found if column.name != BRAND)][:ATTRIBUTES + 1]


def draw(count: int, seed: int) -> np.ndarray:
    """Which rows are hidden from, bool `[count]`."""
    return np.random.default_rng(seed).random(count) < HIDDEN


def measure(rows: Sequence[Row], columns: Sequence[str], seed: int) -> dict[str, Scores]:
    """Scores by method of one draw."""
    hidden = np.flatnonzero(draw(len(rows), seed))
    shown = list(rows)
    for row in hidden:
        shown[row] = copy.deepcopy(rows[row])
        for column in columns:
            set_value(shown[row], column, None)
    settings = ExtractionSettings(seed=seed)
    extractor = learn_extractor(shown, settings, columns)
    words = learn_extractor(shown, dataclasses.replace(settings, rows_per_column=0), columns)
    assert extractor is not None
    assert words is not None
    asked = [shown[row] for row in hidden]
    truths = [{column: get_value(rows[row], column) for column in columns} for row in hidden]
    texts = [ProductText(row) for row in shown]
    dictionary: list[dict[str, Any]] = [{} for _ in hidden]
    for column in columns:
        values = learn_column(column, shown, texts).values
        for found, row in zip(dictionary, hidden, strict=True):
            found[column] = look_up(values, texts[row])
    return {
        "dictionary": score(columns, truths, dictionary),
        "words alone": score(columns, truths, _read(words.choose, asked)),
        "words and token classifier": score(columns, truths, _read(extractor.choose, asked)),
        "the same, as filled": score(columns, truths, _read(extractor, asked)),
    }


def measure_new_brands(rows: Sequence[Row], seed: int) -> Score:
    """The score, as filled, of products of brands that no other product has."""
    brands = sorted({same(row[BRAND]) for row in rows if BRAND in row})
    new = {brand for brand, drawn in zip(brands, draw(len(brands), seed), strict=True) if drawn}
    hidden = [number for number, row in enumerate(rows) if same(row.get(BRAND)) in new]
    shown = list(rows)
    for row in hidden:
        shown[row] = {name: value for name, value in rows[row].items() if name != BRAND}
    extractor = learn_extractor(shown, ExtractionSettings(seed=seed), [BRAND])
    assert extractor is not None
    return score(
        [BRAND], [{BRAND: rows[row][BRAND]} for row in hidden],
        _read(extractor, [shown[row] for row in hidden]))[BRAND]


def score(
    columns: Sequence[str], truths: Sequence[Mapping[str, Any]], read: Sequence[Mapping[str, Any]],
) -> Scores:
    """Scores by column of values that were read."""
    scores = {}
    for column in columns:
        pairs = [
            (same(truth[column]), same(found.get(column)))
            for truth, found in zip(truths, read, strict=True) if truth[column] is not None]
        scores[column] = Score(
            len(pairs), sum(found is not None for _, found in pairs),
            sum(truth == found for truth, found in pairs))
    return scores


def same(value: Any) -> str | None:
    """The same text for values that are equal but for case and space."""
    if value is None:
        return None
    if isinstance(value, int | float):
        return f"{value:g}"
    return " ".join(str(value).casefold().split())


def print_table(columns: Sequence[str], runs: Mapping[str, Sequence[Scores]]) -> None:
    """Precision, recall and F1 of each method: the mean over seeds, and F1's deviation."""
    for name, of_seeds in runs.items():
        print(f"\n{name:32}{'hidden':>8}{'precision':>11}{'recall':>8}{'F1':>8}{'+-':>8}")
        for column in columns:
            scores = [scores[column] for scores in of_seeds]
            _print_line(
                column, statistics.mean(one.hidden for one in scores),
                [one.precision for one in scores], [one.recall for one in scores],
                [one.f1 for one in scores])
        if len(columns) == 1:
            continue
        means = [statistics.mean(one.f1 for one in scores.values()) for scores in of_seeds]
        print(f"{'mean':59}{statistics.mean(means):8.4f}{statistics.stdev(means):8.4f}")


def _print_line(
    name: str, hidden: float, precision: Sequence[float], recall: Sequence[float],
    f1: Sequence[float],
) -> None:
    print(f"{name:32}{hidden:8.0f}{statistics.mean(precision):11.4f}"
          f"{statistics.mean(recall):8.4f}{statistics.mean(f1):8.4f}{statistics.stdev(f1):8.4f}")


def _read(
    extract: Callable[[Sequence[Row]], list[dict[str, Any]]], rows: Sequence[Row],
) -> list[dict[str, Any]]:
    """Values of rows by column, in batches."""
    return [
        {column: choice.value for column, choice in of_row.items()}
        for start in range(0, len(rows), BATCH) for of_row in extract(rows[start:start + BATCH])]


if __name__ == "__main__":
    sys.exit(main())
