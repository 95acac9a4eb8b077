"""The front door: its help, its laziness, its errors and exit statuses."""

import inspect
import json
import subprocess
import sys

import pytest

from pipeline.cli import main, session
from pipeline.config import MODEL_NAME, Config

COMMANDS = (
    "run", "tune", "demo", "sample", "serve", "rollback", "gateway", "search", "recommend", "query",
    "loadtest", "kubeflow", "version")


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_every_command_is_listed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n    {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    out = capsys.readouterr().out
    assert f"usage: emporium {command}" in out
    if command != "version":
        assert f"\n  emporium {command}" in out, "an example"


def test_help_of_run_lists_settings_with_default_and_range(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["run", "--help"])
    out = capsys.readouterr().out
    assert f"training.learning_rate ({Config().training.learning_rate}; > 0 and <= 1)" in out
    assert "index.kind (auto; auto | brute_force | scann)" in out


def test_help_of_recommend_says_what_is_not_applied(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["recommend", "--help"])
    assert "filters is not applied yet" in capsys.readouterr().out


def test_help_needs_no_heavy_library():
    done = run_python(
        "import sys\n"
        "from pipeline.cli import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'tensorflow', 'tfx', 'apache_beam', 'numpy'} & set(sys.modules)")
    assert done.returncode == 0, done.stderr


def test_a_query_does_not_wait_for_tfx_and_an_absent_server_is_a_message():
    done = run_python(
        "import os, sys\n"
        "from pipeline.cli import main\n"
        "status = main(['query', 'usb cable', '--server', 'localhost:1'])\n"
        "assert not {'tfx', 'apache_beam', 'tensorflow_text'} & set(sys.modules)\n"
        "assert os.environ['TF_USE_LEGACY_KERAS'] == '1'\n"
        "sys.exit(status)")
    assert done.returncode == 2, done.stderr
    assert "emporium: error: localhost:1: UNAVAILABLE" in done.stderr
    assert "emporium serve DIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_server_client_and_commands_call_the_model_by_one_name(capsys):
    from serving.client import Client
    from serving.model_server.config import DEFAULT_MODEL_NAME

    # The server knows nothing of the pipeline, so that it has a default of its own.
    assert DEFAULT_MODEL_NAME == MODEL_NAME
    assert inspect.signature(Client).parameters["model_name"].default == MODEL_NAME
    for command in ("serve", "gateway", "query"):
        with pytest.raises(SystemExit, match="0"):
            main([command, "--help"])
        assert f"(default {MODEL_NAME})" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["query"], "give a TEXT, --history, --profile or --similar"),
    (["query", "cable", "--similar", "p1"], "--similar takes neither TEXT"),
    (["query", "cable", "--top", "0"], "--top should be at least 1, received 0"),
    (["run", "shop"], "--out"),
    (["gateway"], "the following arguments are required: --catalogue"),
    ([], "COMMAND"),
])
def test_wrong_arguments_are_explained(arguments, said, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "remedy"), [
    (["run", "shop", "--out", "gs://b/out"], "emporium kubeflow DATA_URI --root"),
    (["demo", "--out", "gs://b/out"], "give a local folder"),
    (["tune", "shop", "--out", "gs://b/out"], "give a local folder"),
    (["sample", "gs://b/shop"], "give a local folder"),
    (["serve", "gs://b/out"], "stock TensorFlow Serving, which reads gs://"),
    (["search", "gs://b/out", "--queries", "q.tsv", "--output", "run"], "gcloud storage rsync"),
    (["recommend", "s3://b/out", "--contexts", "c", "--output", "run"], "gcloud storage rsync"),
    (["kubeflow", "gs://b/shop", "--output", "gs://b/p.yaml"], "give a local file"),
    (["gateway", "--catalogue", "gs://b/shop"], "copy the table to this machine first"),
])
def test_a_uri_is_no_path_on_this_machine(arguments, remedy, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    said = capsys.readouterr().err
    assert "should be a path on this machine, received '" in said
    assert "://b/" in said
    assert remedy in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("arguments", "said"), [
    (["run", "shop", "--out", "out", "--set", "training.epochs=0"], "training.epochs"),
    (["run", "shop", "--out", "out", "--set", "training"], "section.key=value"),
    (["run", "shop", "--out", "out", "--set", "gate.guarded_slices=[tail_produkt]"],
     "gate.guarded_slices: should be among all, kind:search"),
    (["run", "shop", "--out", "out", "--set", "serving.model_name=shop"], "serving.model_name"),
    (["run", "shop", "--out", "out", "--config", "absent.yaml"], "absent.yaml"),
    (["tune", "shop", "--out", "out", "--minutes", "0"], "tuning.minutes: Input should be greater"),
    (["tune", "shop", "--out", "out", "--trials", "few"], "tuning.trials"),
    (["run", "shop", "--out", "file/out"], "cannot be written to"),
    (["serve", "absent"], "absent/serving"),
    (["gateway", "--catalogue", "absent", "--port", "0"], "no products table is there"),
    (["gateway", "--catalogue", "shop", "--port", "70000"], "give another --port"),
    (["gateway", "--catalogue", "shop", "--rate", "0"], "rate should be above 0. Received: 0.0"),
    (["search", "absent", "--queries", "q", "--output", "run", "--batch-size", "0"],
     "batch_size must be at least 1, received 0"),
    (["recommend", "absent", "--contexts", "c", "--output", "run", "--tag", "a b"],
     "tag must be one word"),
    (["sample", "shop", "--products", "1"], "products must be at least 20, received 1"),
    (["sample", "shop", "--language", "fr"], "language must be one of en, zh, received 'fr'"),
])
def test_mistakes_are_one_paragraph_and_status_2(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    (tmp_path / "shop").mkdir()
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("emporium: error: ")
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "said"), [
    ("gone", "no such folder"), ("products.csv", "a file; name the folder that it is in"),
    ("gone/day-{SPAN}", "no such folder"), ("products.csv/{SPAN}", "a file; name the folder")])
def test_data_that_is_no_folder_is_refused_before_anything_is_loaded_or_made(
    name, said, capsys, tmp_path, monkeypatch,
):
    monkeypatch.setattr(session, "_work_logged", lambda *_: pytest.fail("went on"))
    (tmp_path / "products.csv").write_text("product_id,title\n")
    assert main(["run", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_interruption_is_status_130(capsys, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.cli.version.execute", interrupted)
    assert main(["version"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m pipeline.cli version | true; echo ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(args):
        raise ZeroDivisionError

    monkeypatch.setattr("pipeline.cli.version.execute", broken)
    with pytest.raises(ZeroDivisionError):
        main(["version"])


def test_version_names_the_stack(capsys):
    assert main(["version"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("emporium ")
    assert "\ntfx 1.16.0\n" in out


def test_sample_writes_a_shop(capsys, tmp_path):
    assert main(["sample", str(tmp_path / "shop"), "--products", "20", "--users", "3"]) == 0
    assert (tmp_path / "shop" / "products.jsonl").stat().st_size > 0
    assert "emporium run" in capsys.readouterr().out


def test_sample_writes_a_chinese_shop(capsys, tmp_path):
    assert main([
        "sample", str(tmp_path), "--products", "20", "--users", "3", "--language", "zh"]) == 0
    title = json.loads((tmp_path / "products.jsonl").read_text(encoding="utf-8").split("\n")[0])[
        "title"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in title)
    assert "--preset tiny_zh" in capsys.readouterr().out


def test_a_key_of_the_gateway_is_told_once_and_its_hash_kept(capsys):
    from serving.gateway.api_keys import hash_key

    assert main(["gateway", "--hash-key", "shop app"]) == 0
    captured = capsys.readouterr()
    key = captured.err.split()[-1]
    assert captured.out == f"{hash_key(key)} shop app\n"
    assert key not in captured.out
