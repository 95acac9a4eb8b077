"""Starts the workers at one time, adds up what they report, and tells how it goes."""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from serving.loadtest.config import LoadConfig, LoadTestError
from serving.loadtest.recorder import Interval
from serving.loadtest.result import LoadResult, Second, Totals
from serving.loadtest.transport import open_transport
from serving.loadtest.worker import Done, Ready, work

_CONNECT_SECONDS = 60.0
_START_DELAY = 0.1

Report = Callable[[Second], None]


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
    workers = _start(config, bodies)
    try:
        _wait_until_ready(workers)
        start = time.monotonic() + _START_DELAY
        for connection in workers:
            connection.send(start)
        _collect(workers, totals)
    finally:
        for process in workers.values():
            process.terminate()
            process.join()
    return totals.result(config)


async def _first_request(config: LoadConfig, body: bytes) -> None:
    transport = open_transport(config)
    try:
        await transport.check(body)
    finally:
        await transport.close()


def _start(config: LoadConfig, bodies: Sequence[bytes]) -> dict[Connection, SpawnProcess]:
    # Not forked: gRPC's threads would not be there in the copy.
    context = multiprocessing.get_context("spawn")
    workers: dict[Connection, SpawnProcess] = {}
    for number in range(config.processes):
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(config, number, bodies, theirs), daemon=True,
            name=f"loadtest-{number}")
        process.start()
        theirs.close()
        workers[ours] = process
    return workers


def _wait_until_ready(workers: dict[Connection, SpawnProcess]) -> None:
    deadline = time.monotonic() + _CONNECT_SECONDS
    for connection, process in workers.items():
        if not connection.poll(max(0.0, deadline - time.monotonic())):
            raise LoadTestError(
                f"{process.name} was not ready within {_CONNECT_SECONDS:g} s; give fewer "
                "--processes")
        if not isinstance(_receive(connection, process), Ready):
            raise AssertionError(f"{process.name} spoke before its turn")


def _collect(workers: dict[Connection, SpawnProcess], totals: Totals) -> None:
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


def _receive(connection: Connection, process: SpawnProcess) -> object:
    try:
        return connection.recv()
    except EOFError as error:
        process.join()
        raise LoadTestError(
            f"{process.name} ended by itself with status {process.exitcode}; what it printed "
            "above says why") from error
