"""Runs Emporium on a task: trained, indexed, asked, measured."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
import sys
import time

from benchmarks.quality.tasks import Task

EMPORIUM = [sys.executable, "-m", "pipeline.cli"]
TOP = 100

NOT_PUSHED = 3
"""Exit status of a run whose model was not good enough to be served."""


class RunError(RuntimeError):
    """`emporium run` failed, which is no result; the message has its exit status and log."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        status: 0, or `NOT_PUSHED`.
        minutes: that `emporium run` took.
        resumed: whether it went on from an interrupted one, whose minutes are not counted.
        peak_gb: most memory that a process of it held, in GiB.
        answers: TREC run of the task's questions; None where nothing was pushed.
    """

    status: int
    minutes: float
    resumed: bool
    peak_gb: float
    answers: pathlib.Path | None


def run_emporium(task: Task, out: pathlib.Path, options: list[str]) -> Run:
    """Trains on a task's tables and answers its questions.

    Args:
        task: what is learned and asked.
        out: folder of the run.
        options: further arguments of `emporium run`.

    Raises:
        RunError: the run or its answers failed.
    """
    data = link_dataset(task.folder, out / "data")
    resumed = (out / "metadata.sqlite").exists()
    started = time.monotonic()
    status, peak = run_measured([*EMPORIUM, "run", str(data), "--out", str(out), *options])
    minutes = (time.monotonic() - started) / 60
    if status not in (0, NOT_PUSHED):
        raise RunError(f"emporium run on {task.name} ended with status {status}; see {out}/logs")
    answers = None
    if status == 0:
        answers = out / "answers.run"
        asked = subprocess.run(answer_command(task, out, answers))
        if asked.returncode:
            raise RunError(
                f"{task.name}: the questions could not be answered from {out}, "
                f"status {asked.returncode}")
    return Run(status, round(minutes, 1), resumed, round(peak, 2), answers)


def link_dataset(task: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A folder of links to a task's tables, without its answers."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in task.glob("*.jsonl"):
        link = folder / table.name
        if not link.exists():
            link.symlink_to(table.resolve())
    return folder


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


def answer_command(task: Task, out: pathlib.Path, answers: pathlib.Path) -> list[str]:
    """The command that answers a task's queries or contexts."""
    command, option, file = (
        ("search", "--queries", "queries.tsv") if task.is_search
        else ("recommend", "--contexts", "contexts.jsonl"))
    return [*EMPORIUM, command, str(out), option, str(task.folder / "holdout" / file),
            "--top", str(TOP), "--output", str(answers)]
