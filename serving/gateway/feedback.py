"""Events as JSON Lines of the dataset contract, in a folder that `emporium run` reads.

A file is written as events/.NAME.jsonl.part, which no reader looks at, and gets its name, whole,
when it is large or old enough. Each request's lines are handed to the operating system before it
is answered, so the gateway's end loses none; they are forced to the disk every second and before a
file gets its name, so a machine's end loses a second. A file that an ended process left behind is
named by the next one that starts, without a torn last line.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import errno
import fcntl
import json
import logging
import os
import pathlib
import threading
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

from serving.errors import OutputFileError, StartupError
from serving.gateway.masking import mask
from serving.gateway.schemas import FeedbackEvent

_log = logging.getLogger(__name__)

_PART = ".part"
_SYNC_SECONDS = 1.0


class FeedbackWriter:
    """Appends events; may be shared by threads."""

    def __init__(self, folder: pathlib.Path, *, max_bytes: int = 64 * 2**20,
                 max_seconds: float = 300.0) -> None:
        """Takes over what an ended process left.

        Args:
            folder: the shop's folder; its `events/` is written to.
            max_bytes: a file gets its name when it is as large,
            max_seconds: or this long after its first event.

        Raises:
            StartupError: the folder cannot be written to.
        """
        self._folder = folder / "events"
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._part = pathlib.Path()
        self._opened = 0.0
        self._dirty = False
        self._files = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for part in self._folder.glob(f".*.jsonl{_PART}"):
                _take_over(part)
        except OSError as error:
            raise StartupError(f"{self._folder}: events cannot be written: {error}") from error

    def append(self, events: Sequence[FeedbackEvent]) -> None:
        """Writes events with the time of now.

        Raises:
            OutputFileError: the disk is full, say; none of the events is kept then.
        """
        stamp = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        lines = b"".join(_line(event, stamp) for event in events)
        with self._lock:
            try:
                self._write(lines)
            except OSError as error:
                raise OutputFileError(f"{self._folder}: cannot be written: {error}") from error

    def tick(self) -> None:
        """Forces what was written to the disk, and names a file that is old enough."""
        with self._lock:
            if self._file is None:
                return
            if time.monotonic() - self._opened >= self._max_seconds:
                self._finish()
            elif self._dirty:
                os.fsync(self._file.fileno())
                self._dirty = False

    async def run(self) -> None:
        """Ticks until it is cancelled."""
        while True:
            await asyncio.sleep(_SYNC_SECONDS)
            try:
                await asyncio.to_thread(self.tick)
            except OSError as error:
                _log.error("events cannot be forced to the disk: %s", error)

    def close(self) -> None:
        """Names the file that is being written."""
        with self._lock:
            if self._file is not None:
                self._finish()

    def _write(self, lines: bytes) -> None:
        file = self._file or self._open()
        size = os.fstat(file.fileno()).st_size
        try:
            if file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            # Half a line would spoil the next one.
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise
        self._dirty = True
        if size + len(lines) >= self._max_bytes:
            self._finish()

    def _open(self) -> BinaryIO:
        self._files += 1
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%S%f")
        self._part = self._folder / f".events-{now}-{os.getpid()}-{self._files}.jsonl{_PART}"
        # Who may read what shoppers did is for the folder's owner to say.
        descriptor = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o640)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._opened = time.monotonic()
        return self._file

    def _finish(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        with file:
            _publish(self._part, file.fileno())


def _line(event: FeedbackEvent, stamp: str) -> bytes:
    row: dict[str, Any] = {
        "user_id": event.user_id, "product_id": event.product_id, "event": event.event,
        "timestamp": stamp}
    if event.query:
        row["query"] = mask(event.query)
    if event.session_id:
        row["session_id"] = event.session_id
    if event.value is not None:
        row["value"] = event.value
    return json.dumps(row, ensure_ascii=False).encode("utf-8", errors="replace") + b"\n"


def _publish(part: pathlib.Path, descriptor: int) -> None:
    """Gives a file its name, so that it is there whole even after a power cut."""
    os.fsync(descriptor)
    os.rename(part, part.with_name(part.name[1:-len(_PART)]))
    folder = os.open(part.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_over(part: pathlib.Path) -> None:
    with contextlib.suppress(FileNotFoundError), part.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another gateway writes it
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if not whole:
            part.unlink()
            return
        file.truncate(whole)
        _publish(part, file.fileno())
        _log.info("took over events of an ended gateway: %s", part.name)
