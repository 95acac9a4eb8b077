"""A version that answers: its processes, its queue and what it answered before."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import os
from collections.abc import Mapping, Sequence

import numpy as np

from serving.errors import VersionTimeoutError
from serving.model_server.admission import Admission
from serving.model_server.answers import Answer
from serving.model_server.batching import Batcher
from serving.model_server.cache import ResultCache
from serving.model_server.metrics import Metrics
from serving.model_server.model_process import ProcessOptions
from serving.model_server.replicas import Replicas
from serving.model_server.request_queue import DEFAULT_BATCHING, BatchingOptions
from serving.servable import DEFAULT_THREADS, Threads
from serving.signature import Signature
from serving.versions import Description, Version, describe

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class LoadOptions:
    """How versions are loaded and called.

    Attributes:
        processes: model processes of a version; with two, one that dies is not missed.
        calls: model calls at once in each of them; None for as many as there are cores beside the
            server's own, or, of a version that is not batched, twice as many as cores.
        threads: see `ProcessOptions`.
        warm_up: see `ProcessOptions`.
        batching: how requests are gathered.
        batch: whether they are; None for those of Emporium's own versions, whose rows are known
            to be answered one as the other.
        max_requests: requests at once, see `Admission`; None for four full batches a model call,
            or four requests where none are gathered, at least 64.
        cache_bytes: memory for the answers of a version; 0 for none.
        load_seconds: how long a process may load and warm its version. A version that hangs must
            not keep out the one that is pushed to mend it.
        call_seconds: how long a model call may take. One that hangs must not keep out those that
            wait behind it.
    """

    processes: int = 1
    calls: int | None = None
    threads: Threads = DEFAULT_THREADS
    warm_up: bool = True
    batching: BatchingOptions = DEFAULT_BATCHING
    batch: bool | None = None
    max_requests: int | None = None
    cache_bytes: int = 32 * 2**20
    load_seconds: float = 300.0
    call_seconds: float = 300.0


DEFAULT_LOAD = LoadOptions()

_LEAST_REQUESTS = 64


class LoadedVersion:
    """A version that takes requests.

    Attributes:
        version: number and folder.
        signatures: what it answers.
        warmed: how many recorded requests warmed it.
        admission: how many requests run on it, and may; those beyond would only wait, in the
            server's event loop where nothing else can refuse them.
    """

    def __init__(self, version: Version, description: Description, replicas: Replicas,
                 options: LoadOptions, metrics: Metrics) -> None:
        self.version = version
        self.signatures = replicas.signatures
        self.warmed = replicas.warmed
        batching = options.batching if _is_batched(description, options) else dataclasses.replace(
            options.batching, max_rows=1, timeout_seconds=0.0, allowed_rows=())
        self.admission = Admission(options.max_requests or max(
            _LEAST_REQUESTS, 4 * batching.max_rows * replicas.slots), replicas.slots)
        self._replicas = replicas
        self._metrics = metrics
        self._batcher = Batcher(
            replicas, batching, description.paddings, metrics, self.admission)
        # Other models may draw random numbers: only of one that says so is an answer the answer.
        self._cache = (
            ResultCache(options.cache_bytes)
            if options.cache_bytes and description.is_pure else None)

    @classmethod
    async def load(cls, version: Version, options: LoadOptions, metrics: Metrics, *,
                   idle: bool = False) -> LoadedVersion:
        """Loads and warms a version in processes of its own.

        Args:
            version: number and folder.
            options: how it is loaded and called.
            metrics: of the server.
            idle: whether in the processor time that nothing else wants; where half of the time
                that a version has for it is not enough, then once more as fast as it can be.

        Raises:
            VersionError: it cannot be loaded; says why and what to do.
        """
        description = await asyncio.to_thread(describe, version)
        calls = options.calls or _calls(_is_batched(description, options))
        process = ProcessOptions(
            version.number, version.path, calls, options.threads, options.warm_up,
            options.load_seconds, options.call_seconds)
        replicas = (
            await _start_idle(process, options.processes) if idle
            else await Replicas.start(process, options.processes))
        return cls(version, description, replicas, options, metrics)

    @property
    def pids(self) -> list[int | None]:
        """The ids of its processes."""
        return self._replicas.pids

    @property
    def error(self) -> str:
        """Why it has no process; "" where it has some, or one is on its way."""
        return self._replicas.error

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str], timeout: float | None = None, *,
                  encode: bool = False) -> Answer:
        """The named outputs of a signature for checked inputs; see `Batcher.run`."""
        if self._cache is None:
            return await self._batcher.run(signature, inputs, outputs, timeout, encode=encode)
        key = self._cache.key(signature, inputs, outputs, encode)
        if (known := self._cache.get(key)) is not None:
            self._metrics.cache_hits.inc()
            return known
        answer = await self._batcher.run(signature, inputs, outputs, timeout, encode=encode)
        self._cache.put(key, inputs, answer)
        return answer

    async def stop(self, *, idle: bool = False) -> None:
        """Ends its processes, on which nothing may run any more; see `ModelClient.stop`."""
        await self._replicas.stop(idle=idle)


async def _start_idle(process: ProcessOptions, count: int) -> Replicas:
    half = dataclasses.replace(process, load_seconds=process.load_seconds / 2)
    try:
        return await Replicas.start(dataclasses.replace(half, idle=True), count)
    except VersionTimeoutError:
        logger.warning(
            "version %d is not ready after %g s of what processor time nothing else wanted: it is "
            "loaded once more, as fast as it can be", process.version, half.load_seconds)
        return await Replicas.start(half, count)


def _is_batched(description: Description, options: LoadOptions) -> bool:
    return description.is_pure if options.batch is None else options.batch


def _calls(batched: bool) -> int:
    cores = os.cpu_count() or 1
    # Without batches a slow call would hold up all that come behind it.
    return max(1, cores - 1) if batched else 2 * cores
