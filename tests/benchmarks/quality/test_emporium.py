import json
import subprocess
import sys

from benchmarks.quality.emporium import answer_command, link_dataset
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
