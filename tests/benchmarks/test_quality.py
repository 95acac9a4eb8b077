import json
import subprocess
import sys

from tests.conftest import ROOT

# In a small process of its own: what a child holds before it becomes its command counts too.
_MEASURE = """
import json, sys
from benchmarks.quality import run_measured
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
