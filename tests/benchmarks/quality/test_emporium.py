import json
import subprocess
import sys
import textwrap

import pytest

from benchmarks.quality import emporium
from benchmarks.quality.emporium import RunError, answer_command, link_dataset, run_emporium
from benchmarks.quality.tasks import Task
from tests.conftest import ROOT

# In a small process of its own: what a child holds before it becomes its command counts too.
_MEASURE = """
import json, sys
from benchmarks.quality.emporium import run_measured
hold = "x = bytearray(300 * 2**20); x[::4096] = bytes(len(x[::4096]))"
results = [run_measured([sys.executable, "-c", code]) for code in (hold, "raise SystemExit(3)")]
print(json.dumps(results))
"""


def test_the_peak_memory_of_a_run_is_its_own():
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE], cwd=ROOT, capture_output=True, text=True, check=True)
    (large_status, large), (small_status, small) = json.loads(done.stdout)
    assert (large_status, small_status) == (0, 3)
    assert 300 / 1024 < large < 400 / 1024
    assert small < 100 / 1024


def test_a_dataset_is_handed_over_without_its_answers(tmp_path):
    task = tmp_path / "task"
    (task / "holdout").mkdir(parents=True)
    for name in ("products.jsonl", "events.jsonl", "holdout/contexts.jsonl", "holdout/qrels.txt"):
        (task / name).write_text("{}\n")
    data = link_dataset(task, tmp_path / "out" / "data")
    assert sorted(p.name for p in data.iterdir()) == ["events.jsonl", "products.jsonl"]
    link_dataset(task, data)  # A run that goes on finds its links.
    assert (data / "products.jsonl").read_text() == "{}\n"


def test_a_task_is_asked_as_its_questions_are(tmp_path):
    search = Task(tmp_path / "s", [], ["q1"], ["desk lamp"], [])
    shoppers = Task(tmp_path / "r", [], ["c1"], [], [[]])
    asked = [answer_command(t, tmp_path, tmp_path / "a.run")[3:6] for t in (search, shoppers)]
    assert asked == [
        ["search", str(tmp_path), "--queries"], ["recommend", str(tmp_path), "--contexts"]]


# Stands for the emporium command: `run` ends as the dataset's title says, `search` answers.
_COMMAND = textwrap.dedent("""
    import pathlib, sys
    command, folder, *options = sys.argv[1:]
    if command == "run":
        out = pathlib.Path(options[options.index("--out") + 1])
        (out / "metadata.sqlite").touch()
        (out / "options.txt").write_text(" ".join(options[2:]))
        sys.exit(int((pathlib.Path(folder) / "products.jsonl").read_text()))
    queries = pathlib.Path(options[options.index("--queries") + 1]).read_text()
    pathlib.Path(options[options.index("--output") + 1]).write_text("answers to " + queries)
""")


@pytest.fixture
def task(tmp_path, monkeypatch):
    (tmp_path / "command.py").write_text(_COMMAND)
    monkeypatch.setattr(emporium, "EMPORIUM", [sys.executable, str(tmp_path / "command.py")])
    folder = tmp_path / "chorus"
    (folder / "holdout").mkdir(parents=True)
    (folder / "holdout" / "queries.tsv").write_text("q1\tdesk lamp\n")
    (folder / "products.jsonl").write_text("0")
    return Task(folder, [], ["q1"], ["desk lamp"], [])


def test_a_run_is_trained_and_asked(task, tmp_path):
    run = run_emporium(task, tmp_path / "out", ["--set", "seed=2"])
    assert (run.status, run.resumed) == (0, False)
    assert run.answers.read_text() == "answers to q1\tdesk lamp\n"
    assert (tmp_path / "out" / "options.txt").read_text() == "--set seed=2"
    assert run.peak_gb > 0
    assert run_emporium(task, tmp_path / "out", []).resumed


def test_a_run_without_a_version_is_not_asked(task, tmp_path):
    (task.folder / "products.jsonl").write_text("3")
    assert run_emporium(task, tmp_path / "out", []).answers is None


def test_a_run_that_failed_is_an_error(task, tmp_path):
    (task.folder / "products.jsonl").write_text("1")
    with pytest.raises(RunError, match="emporium run on chorus ended with status 1; see .*logs"):
        run_emporium(task, tmp_path / "out", [])
