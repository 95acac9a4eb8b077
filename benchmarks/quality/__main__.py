"""Measures the default configuration and its peers on the benchmark's tasks.

Usage:  python -m benchmarks.quality [WHAT] [TASK ...]     (default: all, every task)

  all        peers, the default configuration, then the peers of sentence-transformers
  emporium   the default configuration alone       peers   the peers alone
  ablation   the default configuration with a part taken away, on homedepot and scientific
  table      the pages alone

Each result is kept as soon as it is there, as benchmarks/results/TASK-SYSTEM-SEED.json; what has a
result is not run again, so a call goes on where an interrupted one ended. To measure anew, delete
the result. At the end benchmarks/quality.md and the README's table are written.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

from benchmarks.quality.ablation import VARIATIONS
from benchmarks.quality.job import Job
from benchmarks.quality.pages import write_pages
from benchmarks.quality.results import FOLDER
from benchmarks.quality.tasks import NAMES


def main(arguments: list[str] | None = None) -> int:
    """Runs what has no result yet; returns the exit status."""
    args = _parse(arguments)
    absent = [file for file in ("tasks.py", "score.py") if not (args.bench / file).is_file()]
    if absent and args.what != "table":
        print(
            f"The benchmark's tasks are not here: no {' and no '.join(absent)} in "
            f"{args.bench.resolve()}. Name their folder with --bench, or BENCH= of make; "
            "nothing was run.")
        return 0
    well = True
    if args.what != "table":
        names = tuple(args.tasks_named or NAMES)
        job = Job(args.bench, args.tasks or args.work / "tasks", args.work, args.results, names)
        job.prepare()
        well = _measure(job, args.what, tuple(args.seed or ()) or None)
    write_pages(args.results)
    return 0 if well else 1


def _measure(job: Job, what: str, seeds: tuple[int, ...] | None) -> bool:
    well = True
    if what in ("all", "peers"):
        job.measure_peers()
    if what in ("all", "emporium"):
        well = job.measure_emporium(seeds)
    if what == "ablation":
        well = job.measure_ablation()
    if what in ("all", "peers"):
        job.measure_tuned_peers()
    return well


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", nargs="?", default="all", metavar="WHAT",
        choices=("all", "emporium", "peers", "ablation", "table"))
    parser.add_argument("tasks_named", nargs="*", metavar="TASK")
    parser.add_argument(
        "--bench", type=pathlib.Path, default=pathlib.Path("../shared/bench"), metavar="DIR",
        help="folder of tasks.py and score.py (%(default)s)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=pathlib.Path("out/benchmark"), metavar="DIR",
        help="folder of the runs, 1 GB or so each (%(default)s)")
    parser.add_argument(
        "--tasks", type=pathlib.Path, metavar="DIR",
        help="folder of the tasks, made where they are missing (WORK/tasks)")
    parser.add_argument(
        "--results", type=pathlib.Path, default=FOLDER, metavar="DIR", help="(%(default)s)")
    parser.add_argument(
        "--seed", type=int, action="append", metavar="N",
        help="of the default configuration, may be repeated (1 2 3 on homedepot and scientific, "
        "else 1)")
    args = parser.parse_intermixed_args(arguments)  # `peers --work DIR chorus`
    unknown = sorted(set(args.tasks_named).difference(NAMES))
    if unknown:
        parser.error(f"unknown tasks: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if args.seed and args.what not in ("all", "emporium"):
        parser.error(f"--seed is of the default configuration, not of {args.what}")
    varied = sorted({task for variation in VARIATIONS for task in variation.tasks})
    if args.what == "ablation" and args.tasks_named and not set(varied) & set(args.tasks_named):
        parser.error(
            f"the ablation is of {' and '.join(varied)}, received {' '.join(args.tasks_named)}")
    return args


if __name__ == "__main__":
    sys.exit(main())
