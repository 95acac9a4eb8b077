"""How the threads of a process are scheduled, of which nobody waits for the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from serving.model_server.idle_time import end_in_idle_time
from serving.model_server.model_client import ModelClient
from serving.model_server.model_process import ProcessOptions
from tests.serving.model_server.conftest import halt, policies

_THREADS = """
import threading
for _ in range(2):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print(flush=True)
input()
"""


def test_every_thread_of_a_process_ends_in_idle_time():
    with subprocess.Popen([sys.executable, "-c", _THREADS], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert len(os.listdir(f"/proc/{process.pid}/task")) == 3
        assert policies(process.pid) == {os.SCHED_OTHER}
        end_in_idle_time(process.pid)
        assert policies(process.pid) == {os.SCHED_IDLE}
        process.communicate(b"\n", timeout=60)
    assert process.returncode == 0
    end_in_idle_time(process.pid)  # it is gone, and nothing happens


def test_it_ends_as_any_other_where_idle_time_is_forbidden(monkeypatch):
    def forbidden(*arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    before = policies(os.getpid())
    end_in_idle_time(os.getpid())
    assert policies(os.getpid()) == before


@pytest.mark.parametrize(("idle", "policy"), [(True, os.SCHED_IDLE), (False, os.SCHED_OTHER)])
async def test_a_process_ends_in_idle_time_where_that_is_asked_for(push, idle, policy):
    client = await ModelClient.start(ProcessOptions(1, push("first", 1)))
    halt(client.pid)  # so that it is there to be looked at
    ending = asyncio.create_task(client.stop(idle=idle))
    try:
        await asyncio.sleep(0.1)
        assert policies(client.pid) == {policy}
    finally:
        os.kill(client.pid, signal.SIGCONT)
        await ending
    assert policies(client.pid) == set()
