"""A few threads for what would block the event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Below this size, decoding in place takes less time than the hop to another thread.
_INLINE_BYTES = 32 * 1024
_THREADS = 2


class WorkerPool:
    """Threads that decode and encode what is large."""

    def __init__(self) -> None:
        self._executor = concurrent.futures.ThreadPoolExecutor(
            _THREADS, thread_name_prefix="codec")

    async def call_sized(self, size_bytes: int, function: Callable[..., T], *args: object) -> T:
        """Runs a function whose cost grows with its data: in place while that is small."""
        if size_bytes <= _INLINE_BYTES:
            return function(*args)
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    def close(self) -> None:
        """Waits for what runs and drops what waits."""
        self._executor.shutdown(wait=True, cancel_futures=True)
