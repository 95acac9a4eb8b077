"""Starts the workers at one time, adds up what they report, and tells how it goes."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from serving.loadtest.config import LoadConfig, LoadTestError
from serving.loadtest.recorder import Interval
from serving.loadtest.result import LoadResult, Second, Totals
from serving.loadtest.transport import open_transport
from serving.loadtest.worker import Done, Ready, Task

_CONNECT_SECONDS = 60.0
_START_DELAY = 0.1

Report = Callable[[Second], None]
Process = subprocess.Popen[bytes]


def run_load_test(config: LoadConfig, bodies: Sequence[bytes],
                  report: Report | None = None) -> LoadResult:
    """Makes load on a server and measures what becomes of it.

    Blocks for `warm_up` + `seconds`, and the end of the last request.

    Args:
        config: the load.
        bodies: serialised requests, sent in their order and again from the first.
        report: is told each second of the measurement once it is whole, and those of the
            warm-up (their number is negative).

    Raises:
        LoadTestError: there is no request, the server does not answer the first one, or a worker
            process ended by itself.
    """
    if not bodies:
        raise LoadTestError("a load test needs at least one request, received none")
    asyncio.run(_first_request(config, bodies[0]))
    totals = Totals(config.processes, report)
    workers = _start(config.processes)
    try:
        for number, connection in enumerate(workers):
            connection.send(Task(config, number, bodies))
        _wait_until_ready(workers)
        start = time.monotonic() + _START_DELAY
        for connection in workers:
            connection.send(start)
        _collect(workers, totals)
    finally:
        for process in workers.values():
            process.terminate()
            process.wait()
    return totals.result(config)


async def _first_request(config: LoadConfig, body: bytes) -> None:
    transport = open_transport(config)
    try:
        await transport.check(body)
    finally:
        await transport.close()


def _start(processes: int) -> dict[Connection, Process]:
    """Worker processes by their connections.

    Not by `multiprocessing`: it would import the caller's main module into each, with all that
    that imports.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    workers: dict[Connection, Process] = {}
    for _ in range(processes):
        ours, theirs = multiprocessing.Pipe()
        descriptor = theirs.fileno()
        workers[ours] = subprocess.Popen(
            [sys.executable, "-m", "serving.loadtest", str(descriptor)], env=environment,
            pass_fds=[descriptor])
        theirs.close()
    return workers


def _wait_until_ready(workers: dict[Connection, Process]) -> None:
    deadline = time.monotonic() + _CONNECT_SECONDS
    for connection, process in workers.items():
        if not connection.poll(max(0.0, deadline - time.monotonic())):
            raise LoadTestError(
                f"a worker process was not ready within {_CONNECT_SECONDS:g} s; give fewer "
                "--processes")
        if not isinstance(_receive(connection, process), Ready):
            raise AssertionError("a worker spoke before its turn")


def _collect(workers: dict[Connection, Process], totals: Totals) -> None:
    open_connections = dict(workers)
    while open_connections:
        for connection in multiprocessing.connection.wait(list(open_connections)):
            assert isinstance(connection, Connection)
            message = _receive(connection, open_connections[connection])
            if isinstance(message, Interval):
                totals.add_interval(message)
            elif isinstance(message, Done):
                totals.add_worker(message.lateness, message.cpu_seconds, message.elapsed)
                del open_connections[connection]


def _receive(connection: Connection, process: Process) -> object:
    try:
        return connection.recv()
    except EOFError as error:
        raise LoadTestError(
            f"a worker process ended by itself with status {process.wait()}; what it printed above "
            "says why") from error
