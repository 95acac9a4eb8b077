"""The pages of a run that a person reads, kept in the output folder beside the newest."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import shutil

_PAGE = "report.html"
_METRICS = "metrics.json"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The evaluation's decision, to be told on the terminal.

    Attributes:
        blessed: whether the model may be served.
        reasons: what decided, in numbers.
        notes: what decides nothing and should be known.
        live_version: version that it was compared with, or None.
        page: the report.
    """

    blessed: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    live_version: int | None
    page: pathlib.Path


def publish_evaluation(evaluation: pathlib.Path, reports: pathlib.Path) -> Verdict:
    """Copies an evaluation to `reports/<time of evaluation>/` and `reports/latest.html`.

    A folder appears whole or not at all, and an evaluation that is there stays as it is.

    Args:
        evaluation: folder with metrics.json and report.html.
        reports: folder of all reports; made when missing.
    """
    metrics = json.loads((evaluation / _METRICS).read_text(encoding="utf-8"))
    target = reports / re.sub(r"[^0-9T]", "-", metrics["created"].partition("+")[0])
    if not target.exists():
        incoming = reports / f".incoming-{target.name}"
        shutil.rmtree(incoming, ignore_errors=True)
        shutil.copytree(evaluation, incoming)
        incoming.rename(target)
    replace_file(reports / "latest.html", (target / _PAGE).read_bytes())
    decision = metrics["decision"]
    return Verdict(
        blessed=decision["blessed"], reasons=tuple(decision["reasons"]),
        notes=tuple(decision["notes"]), live_version=metrics["live_version"],
        page=reports / "latest.html")


def replace_file(path: pathlib.Path, content: bytes) -> None:
    """Writes a file so that a reader sees the old or the new content, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_name(f".incoming-{path.name}")
    incoming.write_bytes(content)
    os.replace(incoming, path)
