"""Trains on benchmark tasks with the default configuration, answers them and scores the answers.

Usage:  python benchmarks/quality.py TASKS_DIR --score score.py --out DIR [TASK ...]

A task is a dataset folder with a `holdout/` of its own: `queries.tsv` or `contexts.jsonl`, and what
`score.py` needs. The dataset is handed to `emporium run` without its holdout; only `score.py`
reads the answers. Each result is written as soon as it is there, as DIR/TASK.json with the time,
the peak memory, the commit and the scores; a task that has a result is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

EMPORIUM = [sys.executable, "-m", "pipeline.cli"]
TOP = 100


def link_dataset(task: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A folder of links to a task's tables, without its answers."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in task.glob("*.jsonl"):
        link = folder / table.name
        if not link.exists():
            link.symlink_to(table.resolve())
    return folder


def run_task(
    task: pathlib.Path, out: pathlib.Path, score: pathlib.Path, options: list[str],
) -> dict:
    """Runs, answers and scores one task.

    Args:
        task: folder of the task.
        out: folder that receives the run's output.
        score: the scoring script.
        options: further arguments of `emporium run`.
    """
    data = link_dataset(task, out / "data")
    started = time.monotonic()
    status, peak = run_measured([*EMPORIUM, "run", str(data), "--out", str(out), *options])
    seconds = time.monotonic() - started
    result = {
        "task": task.name, "status": status, "minutes": round(seconds / 60, 1),
        "peak_gb": round(peak, 2), "options": options, "commit": commit(),
    }
    if status == 0:
        answers = out / "answers.run"
        subprocess.run(answer_command(task, out, answers), check=True)
        scored = subprocess.run(
            [sys.executable, str(score), str(task), str(answers), "--json"],
            check=True, capture_output=True, text=True)
        result["scores"] = json.loads(scored.stdout)
    return result


def run_measured(command: list[str]) -> tuple[int, float]:
    """Runs a command.

    Returns:
        Its exit status, and the most GiB that it, or a process that it waited for, held at once.
    """
    # Not RUSAGE_CHILDREN, which is a maximum over every task so far.
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 2**20  # Linux counts KiB.


def answer_command(task: pathlib.Path, out: pathlib.Path, answers: pathlib.Path) -> list[str]:
    """The command that answers a task's queries or contexts."""
    queries, contexts = task / "holdout" / "queries.tsv", task / "holdout" / "contexts.jsonl"
    if queries.exists():
        return [*EMPORIUM, "search", str(out), "--queries", str(queries),
                "--top", str(TOP), "--output", str(answers)]
    return [*EMPORIUM, "recommend", str(out), "--contexts", str(contexts),
            "--top", str(TOP), "--output", str(answers)]


def commit() -> str:
    """The commit that was run, with a mark where files differ from it."""
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"], check=True, capture_output=True,
        text=True).stdout.strip()


def main() -> None:
    """Runs the tasks that have no result yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", type=pathlib.Path, metavar="TASKS_DIR")
    parser.add_argument("names", nargs="*", metavar="TASK", help="default: every folder")
    parser.add_argument("--score", type=pathlib.Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="as of emporium run")
    args = parser.parse_args()
    names = args.names or sorted(path.name for path in args.tasks.iterdir() if path.is_dir())
    options = [part for setting in args.set for part in ("--set", setting)]
    for name in names:
        kept = args.out / f"{name}.json"
        if not kept.exists():
            result = run_task(args.tasks / name, args.out / name, args.score, options)
            kept.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        print(kept.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
