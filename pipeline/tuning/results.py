"""What tuning found: as a table, and as settings for the next run."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Sequence
from itertools import zip_longest

_FILE = "tuner_results.json"


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """A trial that ended.

    Attributes:
        number: of the trial; 0 has the settings as they were.
        value: nDCG@10 in validation, the mean over the tuned phases.
        settings: value of each tuned setting of `training`.
    """

    number: int
    value: float
    settings: dict[str, float]


def read_trials(folder: str) -> list[TrialResult]:
    """Reads the artifact `tuner_results` of TFX's Tuner; the best first, of equals the earliest."""
    rows = json.loads(pathlib.Path(folder, _FILE).read_text(encoding="utf-8"))
    trials = [
        TrialResult(
            int(row["trial_id"]), row["score"],
            {name: value for name, value in row.items() if name not in ("trial_id", "score")})
        for row in rows]
    return sorted(trials, key=lambda trial: (-trial.value, trial.number))


def first_trial(trials: Sequence[TrialResult]) -> TrialResult:
    """The one with the settings as they were."""
    return min(trials, key=lambda trial: trial.number)


def format_table(trials: Sequence[TrialResult]) -> str:
    """The trials as lines, a column a setting, whose names stand a word a line."""
    names = list(trials[0].settings)
    heads = [["trial"], ["nDCG@10"], *(name.split("_") for name in names)]
    rows = [
        [str(trial.number), f"{trial.value:.4f}", *(f"{trial.settings[n]:g}" for n in names)]
        for trial in trials]
    # The last words of the names stand beside each other, just above the values.
    lines = list(zip_longest(*(reversed(head) for head in heads), fillvalue=""))[::-1]
    widths = [max(map(len, column)) for column in zip(*lines, *rows, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (*lines, *rows))


def tuned_yaml(trials: Sequence[TrialResult]) -> str:
    """The best trial's settings as a configuration file.

    Args:
        trials: the best first.
    """
    best, first = trials[0], first_trial(trials)
    if len(trials) == 1:
        found = f"only the settings as they were have been tried, nDCG@10 {first.value:.4f}"
    elif best is first:
        found = f"no trial was better than the settings as they were, nDCG@10 {first.value:.4f}"
    else:
        found = (f"trial {best.number} of {len(trials)} reached nDCG@10 {best.value:.4f},\n"
                 f"# {first.value:.4f} the settings as they were")
    lines = [f"# Written by emporium tune: in validation {found}.", "training:"]
    for name, value in best.settings.items():
        was = first.settings[name]
        lines.append(f"  {name}: {value}  # {'as it was' if value == was else f'was {was}'}")
    return "\n".join(lines) + "\n"
