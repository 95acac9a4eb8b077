"""What a process does in idle time: one of its own, with threads of its libraries and two more."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

# os._exit is where it would be gone: what stands there tells how its threads are scheduled.
_ENDING = """
import os, threading
from serving.model_server import idle_time
os.sched_setscheduler = {setscheduler}
def told(status):
    policies = set()
    for task in os.listdir("/proc/self/task"):
        policies.add(os.sched_getscheduler(int(task)))
    os.write(1, repr((status, policies)).encode())
    end(status)
end, os._exit = os._exit, told
for _ in range(2):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
idle_time.end_process()
"""


def _told(setscheduler: str) -> tuple[int, set[int]]:
    ended = subprocess.run(
        [sys.executable, "-c", _ENDING.format(setscheduler=setscheduler)], capture_output=True,
        text=True, check=True, timeout=60)
    return ast.literal_eval(ended.stdout)


def test_a_process_ends_in_idle_time():
    assert _told("os.sched_setscheduler") == (0, {os.SCHED_IDLE})


def test_a_process_ends_where_idle_time_is_forbidden():
    forbidden = "lambda *arguments: os.close(-1)"  # raises OSError
    assert _told(forbidden) == (0, {os.SCHED_OTHER})
