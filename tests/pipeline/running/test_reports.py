import json
import pathlib

import pytest

from pipeline.running.reports import publish_evaluation, replace_file

REASON = "not worse than live (overall): 0.5 against 0.6"
NOTE = "Not guarded: tail_product (3)"


def write_evaluation(
        folder: pathlib.Path, created="2026-01-02T03:04:05+00:00") -> pathlib.Path:
    folder.mkdir()
    (folder / "report.html").write_text(f"page of {created}")
    (folder / "metrics.json").write_text(json.dumps({
        "decision": {"blessed": False, "reasons": [REASON], "notes": [NOTE]}, "created": created,
        "live_version": 7}))
    return folder


def test_page_and_metrics_are_kept_under_their_time_and_as_the_latest(tmp_path):
    reports, evaluation = tmp_path / "reports", write_evaluation(tmp_path / "a")
    publish_evaluation(evaluation, reports)
    assert (reports / "2026-01-02T03-04-05" / "report.html").read_text().startswith("page of 2026")
    assert (reports / "latest.html").read_text() == "page of 2026-01-02T03:04:05+00:00"
    kept = reports / "2026-01-02T03-04-05" / "metrics.json"
    assert kept.read_bytes() == (evaluation / "metrics.json").read_bytes()


def test_the_verdict_is_what_the_evaluation_wrote(tmp_path):
    verdict = publish_evaluation(write_evaluation(tmp_path / "a"), tmp_path / "reports")
    assert not verdict.blessed
    assert verdict.reasons == (REASON,)
    assert verdict.notes == (NOTE,)
    assert verdict.live_version == 7
    assert verdict.page == tmp_path / "reports" / "latest.html"


def test_an_evaluation_from_the_cache_becomes_the_latest_and_is_not_kept_twice(tmp_path):
    first = write_evaluation(tmp_path / "a")
    second = write_evaluation(tmp_path / "b", created="2026-01-03T00:00:00+00:00")
    for evaluation in (first, second, first):
        publish_evaluation(evaluation, tmp_path / "reports")
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
