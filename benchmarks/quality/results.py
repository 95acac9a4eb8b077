"""Results as they are kept: one file each, small enough for the repository."""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "results"
"""Where results are kept in the repository."""

EMPORIUM = "emporium"
"""Name of the default configuration among the systems."""

_STEPS = 10_000  # Values of topics keep four digits.


@dataclasses.dataclass(frozen=True)
class Result:
    """What one system reached on one task.

    Attributes:
        task: its name.
        system: the default configuration, a variation of it, or a peer.
        seed: of the run; 1 for a peer, none of which draws lots in ranking.
        commit: of the code that ran.
        options: what was configured, as arguments of `emporium run`.
        minutes: of `emporium run`, from reading the tables to the push, or of a peer's whole work.
        resumed: whether an earlier, interrupted run had done a part, which `minutes` leaves out.
        peak_gb: most memory that a process held, in GiB; None for a peer, which has no process of
            its own.
        status: exit status of the run; 3 for a model that was not good enough to be pushed.
        slices: what score.py printed, by slice and measure; empty where nothing was pushed.
        topics: by measure, one value a topic in the order of their ids, to four digits.
    """

    task: str
    system: str
    seed: int
    commit: str
    options: list[str]
    minutes: float
    resumed: bool
    peak_gb: float | None
    status: int
    slices: dict[str, dict[str, float]]
    topics: dict[str, Floats]

    @property
    def file_name(self) -> str:
        """Name of its file."""
        return result_name(self.task, self.system, self.seed)


@dataclasses.dataclass(frozen=True)
class Topics:
    """Which topics of a task were scored, in the order of their ids.

    Attributes:
        digest: of the ids.
        slices: by name, whether each topic belongs to it, `[topics]`.
    """

    digest: str
    slices: dict[str, Bools]


def result_name(task: str, system: str, seed: int) -> str:
    """Name of a result's file."""
    return f"{task}-{system}-{seed}.json"


def save_result(result: Result, folder: pathlib.Path) -> None:
    """Writes a result; the file appears whole or not at all."""
    row = dataclasses.asdict(result)
    row["topics"] = {measure: _pack_values(values) for measure, values in result.topics.items()}
    _write(folder / result.file_name, row)


def load_results(folder: pathlib.Path) -> list[Result]:
    """Every result of a folder, in the order of their names."""
    results = []
    for path in sorted(folder.glob("*.json")):
        row = json.loads(path.read_text(encoding="utf-8"))
        if "system" in row:  # Else the topics of a task.
            row["topics"] = {m: _unpack_values(text) for m, text in row["topics"].items()}
            results.append(Result(**row))
    return results


def check_topics(task: str, topics: Topics, folder: pathlib.Path) -> None:
    """Keeps a task's topics, or makes sure that they are those of its other results.

    Raises:
        ValueError: the results of this task are of other topics.
    """
    path = folder / f"{task}-topics.json"
    if path.exists():
        kept = load_topics(task, folder)
        if kept.digest != topics.digest:
            raise ValueError(
                f"{path}: the results kept for {task} are of other topics (digest {kept.digest}) "
                f"than those just scored ({topics.digest}), so that they cannot be paired; delete "
                f"{task}'s results to measure everything anew")
        return
    slices = {name: _pack_members(members) for name, members in topics.slices.items()}
    count = len(next(iter(topics.slices.values())))
    _write(path, {"topics": count, "digest": topics.digest, "slices": slices})


def load_topics(task: str, folder: pathlib.Path) -> Topics:
    """The topics of a task that has results."""
    row = json.loads((folder / f"{task}-topics.json").read_text(encoding="utf-8"))
    return Topics(row["digest"], {
        name: _unpack_members(text, row["topics"]) for name, text in row["slices"].items()})


def _write(path: pathlib.Path, row: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def _pack_values(values: Floats) -> str:
    steps = np.rint(values * _STEPS).astype("<u2")
    return base64.b64encode(zlib.compress(steps.tobytes(), 9)).decode("ascii")


def _unpack_values(text: str) -> Floats:
    steps = np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u2")
    return steps.astype(np.float64) / _STEPS


def _pack_members(members: Bools) -> str:
    return base64.b64encode(zlib.compress(np.packbits(members).tobytes(), 9)).decode("ascii")


def _unpack_members(text: str, count: int) -> Bools:
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return np.unpackbits(packed, count=count).astype(bool)
