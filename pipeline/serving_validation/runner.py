"""Runs the probe in a fresh process and turns what it finds into a verdict."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence

from pipeline.evaluation.data import Context
from pipeline.serving_validation import probe
from pipeline.serving_validation.cases import build_cases

_STDERR_TAIL = 2_000


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a version may be served.

    Attributes:
        reasons: what failed, empty when nothing did.
        answered: requests asked of each signature.
        load_seconds: time that loading took, 0 when it did not end.
    """

    reasons: tuple[str, ...]
    answered: Mapping[str, int]
    load_seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.reasons

    def text(self) -> str:
        """The verdict in words, a line a reason."""
        if not self.passed:
            return "\n".join(["Infra validation failed:", *(f"- {r}" for r in self.reasons)])
        asked = ", ".join(f"{name} {count}" for name, count in self.answered.items())
        return (f"Infra validation passed: a fresh process loaded the version in "
                f"{self.load_seconds:.1f} s and answered requests ({asked}).")


def validate_servable(
    model_dir: str, contexts: Sequence[Context], known: Collection[str] | None,
    timeout_seconds: float,
) -> Verdict:
    """Loads a SavedModel in a process without the project's code and asks it requests.

    Args:
        model_dir: folder of the SavedModel.
        contexts: where recorded requests come from.
        known: ids of the catalogue; None leaves the returned ids unchecked.
        timeout_seconds: for start, loading and all answers.
    """
    plan = {
        "known": None if known is None else sorted(known),
        "cases": [dataclasses.asdict(case) for case in build_cases(contexts)],
    }
    with tempfile.TemporaryDirectory(prefix="emporium-probe-") as folder:
        cases, result = pathlib.Path(folder, "cases.json"), pathlib.Path(folder, "result.json")
        cases.write_text(json.dumps(plan), encoding="utf-8")
        # -I: neither this folder nor PYTHONPATH is importable, so the project's code is not found
        # by accident. No GPU: the training process may still hold all of its memory. The probe is
        # imported here as well, so that the cache sees a change of it.
        try:
            process = subprocess.run(
                [sys.executable, "-I", probe.__file__, model_dir, str(cases), str(result)],
                env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}, cwd=folder,
                capture_output=True, text=True, errors="replace", timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            return _failed(
                f"no end within {timeout_seconds:g} s: loading or an answer takes too long")
        if process.returncode != 0 or not result.exists():
            return _failed(
                f"the process {_how_it_ended(process.returncode)}; it said last: "
                f"{process.stderr[-_STDERR_TAIL:].strip() or 'nothing'}")
        found = json.loads(result.read_text(encoding="utf-8"))
    return Verdict(tuple(found["failures"]), found["answered"], found["load_seconds"])


def _failed(reason: str) -> Verdict:
    return Verdict((reason,), {}, 0.0)


def _how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by signal {signal.Signals(-returncode).name}"
    return f"ended with exit status {returncode}"
