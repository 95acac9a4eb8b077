import pathlib
import subprocess
import sys

import pytest
from tfx.types import standard_artifacts

from pipeline.local_runner import (
    ComponentError,
    ComponentRun,
    ProgressRunner,
    _decision_stands,
)
from pipeline.running.recovery import recover
from tests.pipeline.toy_pipeline import toy_pipeline

ALL = ["One", "Double", "Square"]


def run(folder, add=2, uncached=()):
    """Runs the toy pipeline; returns what came of each component, and what was announced."""
    results, announced = [], []
    ProgressRunner(lambda *start: announced.append(start), results.append, uncached).run(
        toy_pipeline(folder, add))
    return results, announced


def ran(results) -> list[str]:
    return [result.node for result in results if not result.cached]


def number(result) -> int:
    [model] = result.outputs["model"]
    return int(pathlib.Path(model.uri, "number").read_text())


def test_components_run_in_order_and_are_announced(tmp_path):
    results, announced = run(tmp_path)
    assert announced == [("One", 1, 3), ("Double", 2, 3), ("Square", 3, 3)]
    assert [result.node for result in results] == ALL == ran(results)
    assert [number(result) for result in results] == [3, 6, 36]
    assert all(result.seconds > 0 for result in results)


def test_a_second_run_is_cached_with_the_same_outputs(tmp_path):
    first, _ = run(tmp_path)
    second, _ = run(tmp_path)
    assert ran(second) == []
    assert [number(result) for result in second] == [number(result) for result in first]


def test_a_change_re_runs_what_depends_on_it_and_a_change_back_nothing(tmp_path):
    run(tmp_path)
    assert ran(run(tmp_path, add=3)[0]) == ALL
    assert ran(run(tmp_path, add=2)[0]) == []


def test_named_components_run_in_spite_of_the_cache(tmp_path):
    run(tmp_path)
    # Square's input is the artifact that Double wrote anew.
    assert ran(run(tmp_path, uncached=["Double"])[0]) == ["Double", "Square"]


def test_changed_code_runs_again(tmp_path, monkeypatch):
    def code_of_double(digest: str) -> None:
        def fingerprint(names, files):
            return digest if names == ["tests.pipeline.toy_pipeline.Double_Executor"] else "same"

        monkeypatch.setattr("pipeline.local_runner.code_fingerprint", fingerprint)

    code_of_double("first")
    assert ran(run(tmp_path)[0]) == ALL
    assert ran(run(tmp_path)[0]) == []
    code_of_double("edited")
    assert ran(run(tmp_path)[0]) == ["Double", "Square"]


def test_a_failure_names_the_component_and_keeps_its_cause_and_what_came_before(tmp_path):
    with pytest.raises(ComponentError, match="component Double failed") as failed:
        run(tmp_path, add=-5)
    assert isinstance(failed.value.__cause__, ValueError)
    assert "received -4" in str(failed.value.__cause__)
    with pytest.raises(ComponentError, match="Double"):
        run(tmp_path, add=-5)
    assert ran(run(tmp_path)[0]) == ALL


KEPT = {
    "before One": [],
    "One": [],
    "after One": ["One"],
    "Double": ["One"],
    "before Square": ["One", "Double"],
    "after Square": ALL,
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder with a run for each moment, killed at that moment."""
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.toy_pipeline", str(folder), *KEPT],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize(("moment", "kept"), KEPT.items())
def test_a_run_killed_at_any_moment_is_completed_by_the_next(killed, moment, kept):
    folder = killed / moment
    recover(folder / "metadata.sqlite", folder / "pipeline")
    halves = list((folder / "pipeline").glob("*/model/*/half"))
    assert len(halves) == len(kept)
    assert all(half.with_name("number").exists() for half in halves)
    results, _ = run(folder)
    assert ran(results) == [node for node in ALL if node not in kept]
    assert [number(result) for result in results] == [3, 6, 36]


@pytest.mark.parametrize(
    ("live", "stands"), [(200, True), (100, False), (None, False), (300, False)])
def test_a_push_that_came_from_the_cache_stands_while_its_version_is_live(live, stands):
    pushed = standard_artifacts.PushedModel()
    pushed.set_int_custom_property("pushed", 1)
    pushed.set_string_custom_property("pushed_version", "200")
    results = {
        "RetrievalEvaluator": ComponentRun("RetrievalEvaluator", 0.0, True, {}),
        "Pusher": ComponentRun("Pusher", 0.0, True, {"pushed_model": [pushed]})}
    # After a rollback, the newest folder deleted, the model is judged again.
    assert _decision_stands(results, live) is stands
