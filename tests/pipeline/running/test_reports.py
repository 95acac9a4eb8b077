import json
import pathlib

import pytest

from pipeline.config import load_config
from pipeline.running.reports import publish_evaluation, replace_file

CHECKS = [
    {"condition": "beats popularity (search)", "passed": True, "measured": "0.5 against 0.1"},
    {"condition": "not worse than live (overall)", "passed": False, "measured": "0.5 against 0.6"},
]


def write_evaluation(
        folder: pathlib.Path, created="2026-01-02T03:04:05+00:00", blessed=False, checks=CHECKS,
) -> pathlib.Path:
    folder.mkdir()
    (folder / "report.html").write_text(f"page of {created}")
    (folder / "metrics.json").write_text(json.dumps({
        "decision": {"blessed": blessed, "checks": checks}, "created": created,
        "configuration": {"gate": {}}, "live_version": 7}))
    return folder


def test_page_and_metrics_are_kept_under_their_time_and_as_the_latest(tmp_path):
    config = load_config(None, ["seed=5"])
    reports = tmp_path / "reports"
    publish_evaluation(write_evaluation(tmp_path / "a"), reports, config)
    assert (reports / "2026-01-02T03-04-05" / "report.html").read_text().startswith("page of 2026")
    assert (reports / "latest.html").read_text() == "page of 2026-01-02T03:04:05+00:00"
    metrics = json.loads((reports / "2026-01-02T03-04-05" / "metrics.json").read_text())
    assert metrics["configuration"]["seed"] == 5
    assert metrics["configuration"]["training"]["epochs"] >= 1
    assert metrics["live_version"] == 7


def test_a_refusal_gives_the_failed_conditions_alone(tmp_path):
    verdict = publish_evaluation(
        write_evaluation(tmp_path / "a"), tmp_path / "reports", load_config())
    assert not verdict.blessed
    assert verdict.reasons == ("not worse than live (overall): 0.5 against 0.6",)
    assert verdict.live_version == 7
    assert verdict.page == tmp_path / "reports" / "latest.html"


def test_a_blessing_gives_every_condition(tmp_path):
    verdict = publish_evaluation(
        write_evaluation(tmp_path / "a", blessed=True, checks=CHECKS[:1]), tmp_path / "reports",
        load_config())
    assert verdict.reasons == ("beats popularity (search): 0.5 against 0.1",)


def test_an_evaluation_from_the_cache_becomes_the_latest_and_is_not_kept_twice(tmp_path):
    first = write_evaluation(tmp_path / "a")
    second = write_evaluation(tmp_path / "b", created="2026-01-03T00:00:00+00:00")
    for evaluation in (first, second, first):
        publish_evaluation(evaluation, tmp_path / "reports", load_config())
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == [
        "2026-01-02T03-04-05", "2026-01-03T00-00-00", "latest.html"]
    assert (tmp_path / "reports" / "latest.html").read_text().startswith("page of 2026-01-02")


@pytest.mark.parametrize("existing", [None, b"old"])
def test_a_file_is_replaced_whole(tmp_path, existing):
    path = tmp_path / "deep" / "page.html"
    if existing is not None:
        replace_file(path, existing)
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["page.html"]
