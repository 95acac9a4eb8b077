"""The weights of `pipeline.governance.duplicates.confidence`, and how well they are calibrated.

Usage:  python -m benchmarks.governance.duplicates_confidence [--tasks DIR]

Right pairs are copies with edits beside their originals. Wrong ones are candidates that differ in
a price, an attribute or a description, where what tells them apart is left out: catalogues lack
whole columns. What nothing tells apart in the first place is neither, but for homedepot, which has
titles alone and whose judges told such products apart. Rows count such that one product in twenty
has a copy.
"""

from __future__ import annotations

import collections
import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.governance.duplicates import TASKS, read_products
from benchmarks.governance.edits import copy_products
from benchmarks.governance.options import task_parser
from pipeline.governance.duplicates.banding import ENTRY, Banding, product_key, word_key
from pipeline.governance.duplicates.candidates import KNOWN_TITLES
from pipeline.governance.duplicates.compare import Evidence
from pipeline.governance.duplicates.confidence import WEIGHTS, confidence, observations
from pipeline.governance.duplicates.matching import Matching, Pair, compare_family
from pipeline.governance.duplicates.pairs import add_pairs, pair_entries
from pipeline.governance.duplicates.spelling import Known
from pipeline.ingest.rows import Row

COLUMNS = ("attributes", "description", "price")
COPIES = 1_200
SHARE = 0.05
LACKING = 0.3
"""Weight of a catalogue that lacks columns, beside one that has what the task has."""

_BOUNDS = {"bias": (None, None), "lone_attributes": (-2.0, 0.0)}
"""Copies have the attributes of their originals, which two feeds of a product would not: unbounded,
those that one product lacks would count for nearly all."""
_ANY_PRICE = 0.999
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.0)


class Example(NamedTuple):
    """Two products that may be one.

    Attributes:
        task: that they are of.
        lacking: columns that were left out of both.
        evidence: of the rest.
        right: whether they are.
        weight: of the example.
    """

    task: str
    lacking: tuple[str, ...]
    evidence: Evidence
    right: bool
    weight: float


def main(arguments: list[str] | None = None) -> int:
    """Prints weights, and for each confidence how often it is right."""
    folder = task_parser(__doc__).parse_args(arguments).tasks
    examples: list[Example] = []
    for task in TASKS:
        path = folder / task / "products.jsonl"
        if not path.exists():
            print(f"skipped: there is no {path}; name the tasks' folder with --tasks.")
            return 0
        examples += _examples(task, [row for row in read_products(path) if row.get("price") != 0])
    weights = _fit(examples)
    print("observation         fitted   in use")
    for name, weight in weights.items():
        print(f"{name:<18}{weight:>8.3f}{WEIGHTS[name]:>9.3f}")
    _print_calibration(examples)
    for (task, lacking), group in itertools.groupby(
            sorted(examples, key=lambda e: e[:2]), key=lambda e: e[:2]):
        _print_decisions(f"{task} without {', '.join(lacking) or 'nothing'}", list(group))
    return 0


def _examples(task: str, rows: Sequence[Row]) -> Iterator[Example]:
    copies = copy_products(rows, min(0.3, COPIES / len(rows)), seed=11)
    place_of = {row["product_id"]: place for place, row in enumerate(rows)}
    pairs, known = _candidates(rows)
    places = [tuple(sorted(place_of[product] for product in pair)) for pair in pairs]
    copied = [(place_of[copy.source], len(rows) + number) for number, copy in enumerate(copies)]
    present = [column for column in COLUMNS if any(column in row for row in rows)]
    alike: set[Pair] = set()
    for lacking in itertools.chain.from_iterable(
            itertools.combinations(present, count) for count in range(len(present) + 1)):
        weight = LACKING if lacking else 1.0
        family = compare_family(
            [_without(row, lacking) for row in (*rows, *(copy.row for copy in copies))],
            [*places, *copied], known, Matching())
        if not lacking and present:
            alike.update(family.evidence.keys() - set(copied))
        for pair, evidence in family.evidence.items():
            if pair[1] >= len(rows):
                yield Example(
                    task, lacking, evidence, True, weight * SHARE * len(rows) / len(copies))
            elif pair not in alike:
                yield Example(task, lacking, evidence, False, weight)


def _candidates(rows: Sequence[Row]) -> tuple[list[tuple[str, str]], Known]:
    """Pairs of ids that meet in a band, and which words the catalogue uses."""
    band, buckets = Banding(), collections.defaultdict(list)
    titles: collections.Counter[int] = collections.Counter()
    for start in range(0, len(rows), 1024):
        for bucket, entries in band(rows[start:start + 1024]):
            buckets[bucket].append(entries)
        titles.update(itertools.chain.from_iterable(band.words))
    id_of = {product_key(row["product_id"]): row["product_id"] for row in rows}
    pairs = add_pairs(np.concatenate([
        pair_entries(np.frombuffer(b"".join(parts), ENTRY), _ANY_PRICE)[0]
        for parts in buckets.values()]))
    return (
        [(id_of[int(pair["first"])], id_of[int(pair["second"])]) for pair in pairs],
        lambda word: titles[word_key(word)] >= KNOWN_TITLES)


def _without(row: Row, columns: Sequence[str]) -> Row:
    return {name: value for name, value in row.items() if name not in columns}


def _fit(examples: Sequence[Example]) -> dict[str, float]:
    """Logistic regression in which nothing that speaks for a pair may count against it."""
    values, right, weights = _arrays(examples)
    sign = np.where(right, 1.0, -1.0)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        margin = sign * (values @ parameters)
        pull = np.concatenate([[0.0], parameters[1:]])  # Not on the bias.
        gradient = -(weights * sign / (1.0 + np.exp(margin))) @ values
        return float(weights @ np.logaddexp(0.0, -margin) + pull @ pull / 2), gradient + pull

    found = minimize(
        loss, np.zeros(len(WEIGHTS)), jac=True, method="L-BFGS-B",
        bounds=[_BOUNDS.get(name, (0.0, None)) for name in WEIGHTS])
    return dict(zip(WEIGHTS, found.x.tolist(), strict=True))


def _arrays(examples: Sequence[Example]) -> tuple[npt.NDArray[np.float64], ...]:
    values = np.array([
        [observations(example.evidence)[name] for name in WEIGHTS] for example in examples], float)
    return (
        values, np.array([example.right for example in examples]),
        np.array([example.weight for example in examples]))


def _print_calibration(examples: Sequence[Example]) -> None:
    sure = np.array([confidence(example.evidence) for example in examples])
    _, right, weights = _arrays(examples)
    print("confidence       pairs   mean  right")
    for low, high in itertools.pairwise(_BINS):
        some = (sure >= low) & ((sure < high) | (high == 1.0))
        total = weights[some].sum()
        if total:
            print(f"{low:.2f} to {high:.2f}{total:>10.0f}{weights[some] @ sure[some] / total:>7.3f}"
                  f"{weights[some] @ right[some] / total:>7.3f}")


def _print_decisions(name: str, examples: Sequence[Example]) -> None:
    sure = np.array([confidence(example.evidence) for example in examples])
    _, right, weights = _arrays(examples)
    merged = sure >= Matching().threshold
    hits = weights @ (merged & right)
    print(f"{name}: precision {hits / max(1e-9, weights @ merged):.3f}, "
          f"recall {hits / max(1e-9, weights @ right):.3f} of {int(right.sum())} right pairs")


if __name__ == "__main__":
    sys.exit(main())
