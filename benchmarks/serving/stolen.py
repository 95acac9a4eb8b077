"""Processor time that its host kept from a virtual machine: not the server's doing."""

from __future__ import annotations

import os
import pathlib
import threading
import time

import numpy as np

_STAT = pathlib.Path("/proc/stat")
_STEAL = 8
"""Its place in the first line, which is the sum of all processors; see proc(5)."""


class Stolen:
    """Looks every second, in a thread, from entering to leaving.

    Attributes:
        samples: seconds since the epoch, and milliseconds stolen of all processors since the start.
    """

    def __init__(self) -> None:
        self.samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Stolen:
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def between(self, start: float, end: float) -> float:
        """Milliseconds in a time that is given in seconds since the epoch."""
        times, sums = np.array(self.samples).T
        before, after = np.interp([start, end], times, sums)
        return round(float(after - before), 1)

    def _look(self) -> None:
        while not self._stop.wait(1.0):
            self._sample()

    def _sample(self) -> None:
        self.samples.append((time.time(), stolen_ms()))


def stolen_ms() -> float:
    """Of all processors since the machine started."""
    ticks = int(_STAT.read_text().split(maxsplit=_STEAL + 1)[_STEAL])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")
