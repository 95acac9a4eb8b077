"""How well noise in a catalogue is found: by the judge, by rules alone, by cleanlab alone.

Usage:  python -m benchmarks.governance.judge [--tasks DIR] [--task NAME] [--seeds N ...]
            [--duplicates] [--no-language-model] [--without COLUMNS] [--show N]

Noise of eight kinds is put into one product in twenty (`benchmarks/governance/noise.py`). Found is
a product of which anything is found, of whatever kind; right is what is found if the product has
noise. Whatever else is found counts as wrong, though a shop has noise of its own: `--show` prints
some, to be judged by eye. Seeds 1 to 3 are those by which the judge was developed; the default, 11
to 13, those by which it is measured.
"""

from __future__ import annotations

import collections
import functools
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Before TensorFlow is imported.

import numpy as np

from benchmarks.governance.baselines import Found, by_cleanlab, by_mojibake, by_rules
from benchmarks.governance.duplicates import find_groups, read_products
from benchmarks.governance.noise import DUPLICATE, SHARES, Noisy, inject
from benchmarks.governance.options import task_parser
from pipeline.governance.decisions import apply_findings
from pipeline.governance.duplicates.encoder import load_encoder
from pipeline.governance.findings import Action, Finding
from pipeline.governance.judge.fitting import learn, observe, sample_rows, train_language_models
from pipeline.governance.judge.judge import FOLDS, Judge
from pipeline.governance.judge.settings import JudgeSettings
from pipeline.governance.rules.texts import find_broken_texts
from pipeline.ingest.rows import Row

CONFIDENCES = (0.5, 0.7, 0.8, 0.9, 0.97, 1.01)
"""Edges between which the precision of findings is printed."""


class Result(NamedTuple):
    """What one of those that are compared found in one noisy catalogue.

    Attributes:
        kinds: kind of noise of each product that has any.
        found: rule by product id.
        minutes: that it took.
        findings: what the judge says, by product id.
        repaired: of the values that it replaced, whether each is now as it was before the noise.
    """

    kinds: Mapping[str, str]
    found: Found
    minutes: float
    findings: Mapping[str, Finding] = {}
    repaired: Mapping[str, bool] = {}

    def recall(self, *kinds: str) -> float:
        """Share of the products with noise of these kinds, all by default, that were found."""
        noisy = [key for key, kind in self.kinds.items() if not kinds or kind in kinds]
        return sum(key in self.found for key in noisy) / max(1, len(noisy))

    def precision(self, *rules: str) -> float:
        """Share of what was found by these rules, all by default, that has noise."""
        found = [key for key, rule in self.found.items() if not rules or rule in rules]
        return sum(key in self.kinds for key in found) / len(found) if found else np.nan

    def precision_between(self, least: float, most: float) -> float:
        """Share of what the judge found with such a confidence that has noise."""
        found = [key for key, said in self.findings.items() if least <= said.confidence < most]
        return sum(key in self.kinds for key in found) / len(found) if found else np.nan

    def repairs(self, rule: str) -> float:
        """Share of the values replaced by a rule that are as they were before the noise."""
        right = [right for key, right in self.repaired.items() if self.findings[key].rule == rule]
        return sum(right) / len(right) if right else np.nan


def main(arguments: list[str] | None = None) -> int:
    """Prints the tables of a task."""
    parser = task_parser(__doc__)
    parser.add_argument("--task", default="chorus")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument(
        "--duplicates", action="store_true", help="find near duplicates too; adds minutes")
    parser.add_argument(
        "--no-language-model", action="store_true",
        help="only the judge without; the other takes several times as long")
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="COLUMN",
        help="columns to leave out, attributes.NAME for an attribute")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="wrong finds to print")
    options = parser.parse_args(arguments)
    path = options.tasks / options.task / "products.jsonl"
    if not path.exists():
        print(f"{options.task}: skipped, there is no {path}; name the tasks' folder with --tasks.")
        return 0
    rows = [without(row, options.without) for row in read_products(path)]
    results: dict[str, list[Result]] = collections.defaultdict(list)
    for seed in options.seeds:
        noisy = inject(rows, seed)
        measured = measure(rows, noisy, options.duplicates, not options.no_language_model)
        for name, result in measured:
            results[name].append(result)
            print(f"seed {seed}, {name}: precision {result.precision():.3f}, recall "
                  f"{result.recall():.3f}, {result.minutes:.1f} min", flush=True)
        show(noisy, result, options.show)
        print_tables(results)
    return 0


def without(row: Row, columns: Sequence[str]) -> Row:
    """A row without some columns and attributes."""
    kept = {name: value for name, value in row.items() if name not in columns}
    if "attributes" in kept:
        kept["attributes"] = {
            name: value for name, value in kept["attributes"].items()
            if f"attributes.{name}" not in columns}
    return kept


def measure(
    clean: Sequence[Row], noisy: Noisy, duplicates: bool, language_model: bool,
) -> Iterator[tuple[str, Result]]:
    """What each of those that are compared finds.

    Args:
        clean: the catalogue without noise.
        noisy: the same with noise.
        duplicates: whether near duplicates are found too.
        language_model: whether there is also a judge with one.
    """
    finders: dict[str, Callable[[], Found]] = {
        "rules": lambda: by_rules(noisy.products), "cleanlab": lambda: by_cleanlab(noisy.products)}
    for name, finder in finders.items():
        started = time.perf_counter()
        yield name, Result(noisy.kinds, finder(), _minutes_since(started))
    started = time.perf_counter()
    merged = find_copies(noisy) if duplicates else {}
    minutes = _minutes_since(started)
    for name, alone in measure_judges(clean, noisy, language_model):
        yield name, alone
        if duplicates:
            yield f"{name}, duplicates", alone._replace(
                found={**merged, **alone.found}, minutes=alone.minutes + minutes)


def measure_judges(
    clean: Sequence[Row], noisy: Noisy, language_model: bool,
) -> Iterator[tuple[str, Result]]:
    """What the judge finds after the rule for encodings, without language model and with it."""
    settings = JudgeSettings()
    mojibake = by_mojibake(noisy.products)
    rows = [mended(row) for row in noisy.products]
    started = time.perf_counter()
    sample = sample_rows(rows, settings.max_sample)
    parts = observe(sample, settings)
    observed = _minutes_since(started)
    train = {"judge without language model": lambda: [None] * FOLDS}
    if language_model:
        train["judge"] = functools.partial(train_language_models, sample, settings)
    for name, models in train.items():
        started = time.perf_counter()
        judge = learn(parts, models(), settings)
        findings = find_by(judge, rows)
        minutes = observed + _minutes_since(started)
        print(f"  {name}: {judge.trust.describe()}", flush=True)
        rules = {key: finding.rule for key, finding in findings.items()}
        yield name, Result(
            noisy.kinds, {**rules, **mojibake}, minutes, findings,
            check_repairs(findings, clean, noisy.originals))


def _minutes_since(started: float) -> float:
    return (time.perf_counter() - started) / 60


def check_repairs(
    findings: Mapping[str, Finding], clean: Sequence[Row], originals: Mapping[str, str],
) -> dict[str, bool]:
    """Whether each value that was replaced is that of the catalogue without noise.

    Args:
        findings: by product id.
        clean: the catalogue.
        originals: for each copy of a product the id of that product.
    """
    was = {row["product_id"]: row for row in clean}
    right = {}
    for key, finding in findings.items():
        if finding.action is Action.REPAIRED:
            value = was[originals.get(key, key)][finding.column]
            right[key] = value.casefold() == finding.after.casefold()
    return right


def find_by(judge: Judge, rows: Sequence[Row]) -> dict[str, Finding]:
    """What a judge finds."""
    return {
        row["product_id"]: finding
        for row, finding in zip(rows, judge.judge(rows), strict=True) if finding is not None}


def mended(row: Row) -> Row:
    """A product as the rules for texts leave it to the judge."""
    return apply_findings("products", row, find_broken_texts("products", row)).row or row


def find_copies(noisy: Noisy) -> Found:
    """Products that near duplicates are merged away as; a copy counts with its original."""
    groups, _ = find_groups(noisy.products, functools.partial(load_encoder, "minilm"))
    copy_of = {original: copy for copy, original in noisy.originals.items()}
    found: Found = {}
    for group in groups:
        members = {group.kept, *group.aliases}
        for alias in group.aliases:
            copy = copy_of.get(alias, alias)
            pair = {copy, noisy.originals.get(copy, copy)}
            found[copy if pair <= members else alias] = "near_duplicate"
    return found


def print_tables(results: Mapping[str, Sequence[Result]]) -> None:
    """Means and standard deviations over seeds: in all, by kind, and by rule of the judge."""
    names = list(results)
    print("\n| | " + " | ".join(names) + " |")
    print("| --- |" + " --- |" * len(names))
    lines: dict[str, Callable[[Result], float]] = {
        "precision": lambda result: result.precision(), "recall": lambda result: result.recall(),
        "recall but duplicates": lambda result: result.recall(
            *(kind for kind in SHARES if kind != DUPLICATE))}
    for kind in SHARES:
        lines[f"recall, {kind}"] = lambda result, kind=kind: result.recall(kind)
    rules = sorted({
        rule for several in results.values() for result in several
        for rule in result.found.values()})
    for rule in rules:
        lines[f"precision, {rule}"] = lambda result, rule=rule: result.precision(rule)
    for least, most in itertools.pairwise(CONFIDENCES):
        lines[f"precision at confidence {least} to {most}"] = (
            lambda result, span=(least, most): result.precision_between(*span))
    for rule in ("wrong_brand", "wrong_category"):
        lines[f"repairs that are right, {rule}"] = lambda result, rule=rule: result.repairs(rule)
        lines[f"repairs, {rule}"] = lambda result, rule=rule: sum(
            result.findings[key].rule == rule for key in result.repaired)
    lines["minutes"] = lambda result: result.minutes
    for line, value in lines.items():
        cells = []
        for name in names:
            values = [value(result) for result in results[name]]
            cells.append(f"{np.nanmean(values):.3f} ± {np.nanstd(values):.3f}" if (
                np.isfinite(values).any()) else "–")
        print(f"| {line} | " + " | ".join(cells) + " |")


def show(noisy: Noisy, result: Result, count: int) -> None:
    """Prints products that were found and have no noise that was put into them."""
    wrong = [row for row in noisy.products
             if row["product_id"] in result.found.keys() - noisy.kinds.keys()]
    for row in wrong[:count]:
        texts = " | ".join(
            f"{column}: {str(row[column])[:90]}"
            for column in ("title", "description", "brand", "category", "price") if column in row)
        print(f"  {result.found[row['product_id']]}: {texts}")


if __name__ == "__main__":
    sys.exit(main())
