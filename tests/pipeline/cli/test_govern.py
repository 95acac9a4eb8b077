import gzip
import json

import pytest

from pipeline.cli import main
from tests.pipeline.governance.shop import govern
from tests.pipeline.ingest.shops import write_jsonl


@pytest.mark.parametrize(("arguments", "message"), [
    (["shop"], "--out DIR is needed"), (["a", "b", "--out", "o"], "one DATA folder"),
    (["undo", "o"], "undo needs --rule"), (["release", "o"], "release needs --id"),
    (["undo", "a", "b", "--rule", "r"], "undo takes one folder"),
    (["shop", "--out", "gs://b/o"], "should be a path on this machine")])
def test_a_wrong_command_says_what_is_wrong(arguments, message, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["govern", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_that_is_none_of_its_own_is_refused(tmp_path, capsys):
    assert main(["govern", "undo", str(tmp_path), "--rule", "placeholder"]) == 2
    assert "name the --out folder" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_output_folder_of_somebody_else_is_refused_before_anything_is_written(tmp_path, capsys):
    write_jsonl(tmp_path / "data/products.jsonl", [{"product_id": "a", "title": "Mug"}])
    (tmp_path / "out/2022").mkdir(parents=True)
    assert main(["govern", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 2
    assert "a new or an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2022"]


def test_undo_makes_a_version_that_can_be_run(tmp_path, capsys):
    write_jsonl(tmp_path / "data/products.jsonl", [
        {"product_id": "q", "title": "?"}, {"product_id": "a", "title": "Mug"}])
    govern(tmp_path / "data", tmp_path / "out")
    assert main(["govern", "undo", str(tmp_path / "out"), "--rule", "placeholder",
                 "--rule", "markups"]) == 0
    said = capsys.readouterr().out
    assert "No decision of the log is by 'markups'" in said
    assert "1 decision and 0 that followed; put back into their tables: 1 row." in said
    assert "--out out --set governance.rules_off=placeholder\n" in said
    [table] = (tmp_path / "out/latest/data").iterdir()
    assert sorted(gzip.decompress(table.read_bytes()).splitlines()) == [
        b'{"product_id":"a","title":"Mug"}', b'{"product_id":"q","title":"?"}']
    # The report is one of what still holds.
    [before, now] = [
        json.loads((tmp_path / f"out/{version}/reports/quality.json").read_bytes())
        ["tables"]["products"] for version in (1, 2)]
    assert (before["kept"], before["rules"], before["score"]) == (1, {"placeholder": 1}, 0.5)
    assert (now["kept"], now["rules"], now["score"]) == (2, {}, 1.0)
    page = (tmp_path / "out/latest/reports/governance.html").read_text(encoding="utf-8")
    assert "<code>placeholder</code>" not in page
    # A mistaken rule changes nothing, and says so.
    assert main(["govern", "undo", str(tmp_path / "out"), "--rule", "placeholder"]) == 2
    assert "no decision" in capsys.readouterr().err
    assert (tmp_path / "out/latest").resolve().name == "2"
