"""Wrong grades in homedepot's judgements: how many are found, and what that is worth.

Usage:  python -m benchmarks.governance.labels --tasks DIR [--bench DIR] [--work DIR] [WHAT]

  detect   a tenth of the grades is mirrored; how many are found, beside cleanlab; two minutes
           after the titles are encoded once
  rank     Emporium is trained on the grades as they are, with the wrong ones, and governed; each
           is measured on other queries with their grades as they are. 10 to 20 minutes a run; what
           is measured is kept in WORK
"""

from __future__ import annotations

import argparse
import pathlib
import sys

import numpy as np

from benchmarks.governance.labels import detection, ranking
from benchmarks.governance.labels.shops import (
    Row,
    flip_grades,
    read_rows,
    split_rows,
    write_shop,
)
from pipeline.governance.labels.suspects import fit_detector
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
    governed = _detect(products, shop, noisy, wrong, args.work)
    if args.what == "rank":
        shops = {"clean": shop, "noisy": noisy, "governed": governed}
        for name in ranking.SHOPS:
            write_shop(args.work / name, task / "products.jsonl", shops[name], test)
        measured = {name: [] for name in ranking.SHOPS}
        for seed in args.seed or (1,):
            for name in ranking.SHOPS:
                measured[name].append(ranking.measure_shop(
                    args.bench, args.work / name, args.work / f"{name}-{seed}", seed))
        print(*ranking.describe_losses(measured), sep="\n")
    return 0


def _detect(
    products: list[Row], clean: list[Row], noisy: list[Row], wrong: np.ndarray,
    work: pathlib.Path,
) -> list[Row]:
    """Prints how well wrong grades are found; returns the rows that are left."""
    vectors = detection.KeptVectors(work / "vectors.pickle")
    settings = LabelSettings()
    print(f"{len(noisy):,} judgements, {int(wrong.sum()):,} grades mirrored")
    described = detection.describe_rows(products, noisy, vectors, work)
    probability = _probability("mirrored grades", described)
    print(detection.describe_detection("detector", probability, wrong))
    print(detection.describe_detection(
        "cleanlab, self-confidence", detection.cleanlab_scores(described), wrong))
    for threshold in THRESHOLDS:
        print(detection.describe_threshold(probability, wrong, threshold))
    untouched = _probability(
        "as they are", detection.describe_rows(products, clean, vectors, work))
    print(f"  set aside: {int((untouched >= settings.min_probability).sum()):,}")
    left = probability < settings.min_probability
    return [row for row, kept in zip(noisy, left, strict=True) if kept]


def _probability(name: str, described: detection.Described) -> np.ndarray:
    fold = described.fold()
    detector = fit_detector(described.features, described.grade, described.query, fold)
    print(f"{name}: {detector.wrong_share:.1%} of the grades are wrong, by estimate")
    return detector.probability(described.features, described.grade, fold)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.governance.labels", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", nargs="?", default="detect", choices=("detect", "rank"), metavar="WHAT")
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
