"""Processor time that a virtual machine was not given, second by second: not the server's doing."""

from __future__ import annotations

import os
import pathlib
import threading

_STAT = pathlib.Path("/proc/stat")
_STEAL = 8
"""Its place in the first line, which is the sum of all processors; see proc(5)."""


class Stolen:
    """Counts in a thread, from entering to leaving.

    Attributes:
        ms: of all processors, for each whole second since the beginning.
    """

    def __init__(self) -> None:
        self.ms: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> Stolen:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def near(self, second: int) -> float:
        """What was stolen in a second and in those before and after it: clocks differ a little."""
        return round(sum(self.ms[max(0, second - 1):second + 2]), 1)

    def _count(self) -> None:
        before = _stolen_ms()
        while not self._stop.wait(1.0):
            now = _stolen_ms()
            self.ms.append(now - before)
            before = now


def _stolen_ms() -> float:
    ticks = int(_STAT.read_text().split(maxsplit=_STEAL + 1)[_STEAL])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")
