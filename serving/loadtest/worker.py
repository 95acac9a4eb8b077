"""One worker process: makes its share of the load and reports each second."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import random
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from multiprocessing.connection import Connection

from hdrh.histogram import HdrHistogram

from serving.loadtest.config import LoadConfig
from serving.loadtest.recorder import Recorder, new_histogram, record
from serving.loadtest.transport import UNREACHABLE, open_transport

_TICK_SECONDS = 0.02
_PAUSE_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Ready:
    """The worker is connected and waits for the start time."""


@dataclasses.dataclass(frozen=True)
class Done:
    """The worker has reported all.

    Attributes:
        lateness: encoded histogram of how late its timers were; load it could not make in time.
        cpu_seconds: processor time that it used while it made load, the warm-up included.
        elapsed: seconds from the start of the measurement to the end of the last request.
    """

    lateness: bytes
    cpu_seconds: float
    elapsed: float


@dataclasses.dataclass(frozen=True)
class Task:
    """What a worker is to do.

    Attributes:
        config: the load of all workers.
        process: which of them this is, from 0.
        bodies: serialised requests, all of them; workers begin at different ones.
    """

    config: LoadConfig
    process: int
    bodies: Sequence[bytes]


def work(connection: Connection) -> None:
    """The life of a worker process.

    Receives its `Task`, sends `Ready`, receives the time to start (of `time.monotonic`, which the
    processes of a machine share), sends `Interval`s while it makes load, and `Done`. Ends where
    the coordinator is no more.

    Args:
        connection: to the coordinator.
    """
    # Ctrl-C reaches the whole group of processes; the coordinator ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_work(connection.recv(), connection))


async def _work(task: Task, connection: Connection) -> None:
    transport = open_transport(task.config)
    try:
        connection.send(Ready())
        start: float = await asyncio.to_thread(connection.recv)
        await asyncio.sleep(max(0.0, start - time.monotonic()))
        worker = Worker(task, transport.send, start)
        cpu = time.process_time()
        await _until_first(worker.run(), worker.tick(connection.send))
        elapsed = time.monotonic() - start - task.config.warm_up
        for interval in worker.recorder.take_whole(2**62):
            connection.send(interval)
        connection.send(Done(worker.lateness.encode(), time.process_time() - cpu, elapsed))
    finally:
        await transport.close()


async def _until_first(*coroutines: Coroutine[None, None, None]) -> None:
    """Runs coroutines until one returns, or raises: reports that nobody reads end the load."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in running:
        task.cancel()
    for task in done:
        task.result()


class Worker:
    """The loops of one process.

    Attributes:
        recorder: what became of its requests.
        lateness: how late its timers were.
    """

    def __init__(
        self, task: Task, send: Callable[[bytes], Awaitable[str]], start: float,
    ) -> None:
        self.recorder = Recorder()
        self.lateness: HdrHistogram = new_histogram()
        self._config = config = task.config
        self._process = task.process
        self._send = send
        self._start = start
        self._measured_from = start + config.warm_up
        self._end = self._measured_from + config.seconds
        self._bodies = _from_own_place(task.bodies, task.process, config.processes)

    async def run(self) -> None:
        """Makes load until its end, then waits for what is under way."""
        if self._config.rate is None:
            await asyncio.gather(*(
                self._caller() for _ in range(self._config.callers_of(self._process))))
        else:
            await self._arrivals(self._config.rate / self._config.processes)

    async def tick(self, report: Callable[[object], None]) -> None:
        """Measures how late the event loop is, and reports seconds that are whole."""
        while True:
            due = time.monotonic() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            if self._measured_from <= now < self._end:
                record(self.lateness, now - due)
            for interval in self.recorder.take_whole(self._second(now)):
                report(interval)

    async def _caller(self) -> None:
        while (now := time.monotonic()) < self._end:
            code = await self._request(now)
            if code in UNREACHABLE:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _arrivals(self, rate: float) -> None:
        """Starts requests at random times, each a task, however many are still under way.

        Latency counts from the time that was drawn: a generator or a server that stalls does not
        make the requests disappear that would have come meanwhile (coordinated omission).
        """
        generator = random.Random(f"{self._config.seed}/{self._process}")
        under_way: set[asyncio.Task[str]] = set()
        due = self._start
        while (due := due + generator.expovariate(rate)) < self._end:
            # Never without a pause, however late: answers have to be read between two arrivals.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._request(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

    async def _request(self, due: float) -> str:
        second = self._second(due)
        self.recorder.begin(second)
        code = await self._send(next(self._bodies))
        self.recorder.end(second, code, time.monotonic() - due)
        return code

    def _second(self, moment: float) -> int:
        return int((moment - self._measured_from) // 1)


def _from_own_place(bodies: Sequence[bytes], process: int, processes: int) -> Iterator[bytes]:
    place = len(bodies) * process // processes
    return itertools.cycle([*bodies[place:], *bodies[:place]])
