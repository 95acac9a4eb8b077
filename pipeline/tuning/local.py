"""Runs the tuning pipeline on this machine, in the folder and with the cache of runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.config import Config
from pipeline.local_runner import ComponentRun, ProgressRunner, pipeline_arguments
from pipeline.pipeline import create_tuning_pipeline
from pipeline.running.folder import RunFolder
from pipeline.tuning.results import TrialResult, read_trials


def tune(
    *,
    data: str,
    folder: RunFolder,
    tables: Mapping[str, str],
    config: Config,
    on_start: Callable[[str, int, int], None],
    on_end: Callable[[ComponentRun], None],
) -> list[TrialResult]:
    """Tries settings, with the arguments of `pipeline.local_runner.run`.

    Returns:
        The trials, the best first.

    Raises:
        ComponentError: a component failed.
        StrategyError: and other errors of `check_settings`, before any component runs.
    """
    results: dict[str, ComponentRun] = {}

    def keep(result: ComponentRun) -> None:
        results[result.node] = result
        on_end(result)

    ProgressRunner(on_start, keep).run(
        create_tuning_pipeline(**pipeline_arguments(data, folder, tables, config)))
    [trials] = results["Tuner"].outputs["tuner_results"]
    return read_trials(trials.uri)
