"""Where model calls run: off the event loop.

`Runner` is the one door between a request and a model call. A runner that gathers requests into
batches is another class with the same method; nothing above it changes.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np

from serving.servable import Arrays, Servable
from serving.signature import Signature

T = TypeVar("T")

# Below this size, decoding in place takes less time than the hop to another thread.
_INLINE_BYTES = 32 * 1024


class Runner(Protocol):
    """Calls a signature of a servable for one request."""

    async def run(self, servable: Servable, signature: Signature,
                  inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Arrays:
        """The named outputs of a signature for checked inputs, as `Servable.run` gives them."""
        ...


class WorkerPool:
    """A few threads for what would block the event loop."""

    def __init__(self, workers: int | None = None) -> None:
        """Makes the pool.

        Args:
            workers: number of threads; one a core by default, since TensorFlow itself releases
                the interpreter while it computes.
        """
        self._executor = concurrent.futures.ThreadPoolExecutor(
            workers or os.cpu_count() or 1, thread_name_prefix="model")

    async def call(self, function: Callable[..., T], *args: object) -> T:
        """Runs a function in a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    async def call_sized(self, size_bytes: int, function: Callable[..., T], *args: object) -> T:
        """Runs a function whose cost grows with its data: in place while that is small."""
        if size_bytes <= _INLINE_BYTES:
            return function(*args)
        return await self.call(function, *args)

    def close(self) -> None:
        """Waits for what runs and drops what waits."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class ThreadRunner:
    """A runner that gives every request a model call of its own."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def run(self, servable: Servable, signature: Signature,
                  inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> Arrays:
        """See `Runner.run`."""
        return await self._pool.call(servable.run, signature, inputs, outputs)
