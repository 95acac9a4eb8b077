"""Scores a run. `score.py`, in a process of its own, is all that reads the answers."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks.quality.results import Floats, Topics

_PAIRED = ("nDCG@10", "recall@10")
_TOPIC = "topic "


@dataclasses.dataclass(frozen=True)
class Scores:
    """What score.py says of a run.

    Attributes:
        slices: by slice and measure.
        topics: which topics were scored.
        values: by measure, one value a topic `[topics]`, for paired comparisons.
    """

    slices: dict[str, dict[str, float]]
    topics: Topics
    values: dict[str, Floats]


def score_run(bench: pathlib.Path, task: pathlib.Path, run: pathlib.Path) -> Scores:
    """Scores a TREC run of a task.

    Args:
        bench: folder of `score.py`.
        task: folder of the task.
        run: the run file.
    """
    slices = json.loads((task / "holdout" / "slices.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        view = _view(task, pathlib.Path(folder) / task.name, slices)
        printed = subprocess.run(
            [sys.executable, str(bench / "score.py"), str(view), str(run), "--json"],
            check=True, capture_output=True, text=True).stdout
    [report] = json.loads(printed).values()
    scored = report["slices"]
    ids = sorted(name.removeprefix(_TOPIC) for name in scored if name.startswith(_TOPIC))
    measures = [name for name in _PAIRED if name in scored[_TOPIC + ids[0]]]
    return Scores(
        slices={name: _rounded(scored[name]) for name in slices if name in scored},
        topics=Topics(
            hashlib.sha1("\n".join(ids).encode()).hexdigest(),
            {name: np.isin(ids, members) for name, members in slices.items()}),
        values={
            measure: np.array([scored[_TOPIC + topic][measure] for topic in ids])
            for measure in measures})


def _view(
    task: pathlib.Path, view: pathlib.Path, slices: dict[str, list[str]]
) -> pathlib.Path:
    """The task with a slice more for each topic: how score.py is made to tell topics apart."""
    holdout = view / "holdout"
    holdout.mkdir(parents=True)
    (view / "products.jsonl").symlink_to((task / "products.jsonl").resolve())
    for file in (task / "holdout").iterdir():
        if file.name != "slices.json":
            (holdout / file.name).symlink_to(file.resolve())
    topics = {_TOPIC + topic: [topic] for topic in slices["all"]}
    (holdout / "slices.json").write_text(json.dumps(slices | topics), encoding="utf-8")
    return view


def _rounded(row: dict[str, float]) -> dict[str, float]:
    return {measure: round(value, 5) for measure, value in row.items()}
