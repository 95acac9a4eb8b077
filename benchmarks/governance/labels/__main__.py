"""Wrong grades in homedepot's judgements: how many are found, and what that is worth.

Usage:  python -m benchmarks.governance.labels --tasks DIR [--bench DIR] [--work DIR] [WHAT]

  detect   a tenth of the grades is mirrored; how many are found, beside cleanlab; two minutes
           after the titles are encoded once
  proxy    what thresholds, repair and wrong grades are worth to a stand-in for the towers that
           learns in a minute
  rank     Emporium is trained on the grades as they are, with the wrong ones, and governed; each
           is measured on other queries with their grades as they are. 10 to 20 minutes a run; what
           is measured is kept in WORK
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
from collections.abc import Iterator

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # Before TensorFlow is imported.

import numpy as np

from benchmarks.governance.labels import detection, proxy, ranking
from benchmarks.governance.labels.shops import (
    FLIPPED,
    Row,
    flip_grades,
    read_rows,
    split_rows,
    write_shop,
)
from pipeline.governance.labels.sampling import Described
from pipeline.governance.labels.suspects import Scale, fit_detector
from pipeline.governance.labels.transforms import LabelSettings

NOISE_SEED = 1
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.7, 0.9)


def main(arguments: list[str] | None = None) -> int:
    """Measures; returns the exit status."""
    args = _parse(arguments)
    task = args.tasks / "homedepot"
    absent = [p for p in (task / "judgments.jsonl", args.bench / "score.py") if not p.is_file()]
    if absent:
        print(f"no {absent[0]}: see --help; nothing was measured")
        return 0
    args.work.mkdir(parents=True, exist_ok=True)
    shop, test = split_rows(read_rows(task / "judgments.jsonl"))
    noisy, wrong = flip_grades(shop, NOISE_SEED)
    products = read_rows(task / "products.jsonl")
    vectors = detection.KeptVectors(args.work / "vectors.pickle")
    described = detection.describe_rows(products, noisy, vectors, args.work)
    probability = _probability("mirrored grades", described)
    if args.what == "detect":
        untouched = detection.describe_rows(products, shop, vectors, args.work)
        _report(described, probability, wrong, untouched)
    seeds = args.seed or (1,)
    if args.what == "proxy":
        bench = proxy.Bench.of(products, test, vectors)
        for name, rows in _variants(shop, noisy, wrong, probability):
            values = [bench.measure(rows, seed) for seed in seeds]
            spread = ", ".join(f"{value:.4f}" for value in values)
            print(f"{name:<36} {np.mean(values):.4f}  (seeds: {spread})", flush=True)
    if args.what == "rank":
        left = _left(noisy, probability < LabelSettings().min_probability)
        for name, rows in zip(ranking.SHOPS, (shop, noisy, left), strict=True):
            write_shop(args.work / name, task / "products.jsonl", rows, test)
        measured: dict[str, list[dict[str, list[float]]]] = {name: [] for name in ranking.SHOPS}
        for seed in seeds:
            for name in ranking.SHOPS:
                measured[name].append(ranking.measure_shop(
                    args.bench, args.work / name, args.work / f"{name}-{seed}", seed))
        print(*ranking.describe_losses(measured), sep="\n")
    return 0


def _report(
    described: Described, probability: np.ndarray, wrong: np.ndarray, untouched: Described,
) -> None:
    """Prints how well wrong grades are found, and what is found where none was made wrong."""
    print(f"{len(wrong):,} judgements, {int(wrong.sum()):,} grades mirrored")
    print(detection.describe_detection("detector", probability, wrong))
    for threshold in THRESHOLDS:
        print(detection.describe_threshold(probability, wrong, threshold))
    found = _probability("as they are", untouched) >= LabelSettings().min_probability
    print(f"  set aside: {int(found.sum()):,}", flush=True)
    print(detection.describe_detection(
        "cleanlab, self-confidence", detection.cleanlab_scores(described), wrong))


def _probability(name: str, described: Described) -> np.ndarray:
    fold = described.fold()
    detector = fit_detector(described.features, described.grade, described.query, fold)
    print(f"{name}: {detector.wrong_share:.1%} of the grades are wrong, by estimate", flush=True)
    return detector.probability(described.features, described.grade, fold)


def _variants(
    clean: list[Row], noisy: list[Row], wrong: np.ndarray, probability: np.ndarray,
) -> Iterator[tuple[str, list[Row]]]:
    """What the stand-in learns from, and what that is called."""
    yield "as they are", clean
    yield "a tenth mirrored", noisy
    yield "every wrong one set aside", _left(noisy, ~wrong)
    for threshold in (0.1, 0.2, 0.3, 0.5, 0.7):
        yield f"set aside from {threshold} on", _left(noisy, probability < threshold)
    scale = Scale.of(np.array([row["grade"] for row in noisy], np.float32))
    for threshold in (0.3, 0.5, 0.7):
        yield f"mirrored back from {threshold} on", [
            {**row, "grade": round(float(scale.mirror(np.float32(row["grade"]))), 2)}
            if likely >= threshold else row
            for row, likely in zip(noisy, probability, strict=True)]
    chance = np.random.default_rng(NOISE_SEED).random(len(clean))
    yield "as they are, a tenth left out", _left(clean, chance >= FLIPPED)


def _left(rows: list[Row], kept: np.ndarray) -> list[Row]:
    return [row for row, stays in zip(rows, kept, strict=True) if stays]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.governance.labels", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", nargs="?", default="detect", choices=("detect", "proxy", "rank"), metavar="WHAT")
    parser.add_argument(
        "--tasks", type=pathlib.Path, required=True, metavar="DIR",
        help="folder of the tasks that ../shared/bench/tasks.py makes")
    parser.add_argument(
        "--bench", type=pathlib.Path, default=pathlib.Path("../shared/bench"), metavar="DIR",
        help="folder of score.py (%(default)s)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=pathlib.Path("out/labels"), metavar="DIR",
        help="folder of the shops, runs and results (%(default)s)")
    parser.add_argument(
        "--seed", type=int, action="append", metavar="N",
        help="of a run, may be repeated (1); the noise has its own")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
