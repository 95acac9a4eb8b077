"""What a person sees of a run: a line a component, while everything else goes to the log."""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
import sys
from collections.abc import Iterator
from typing import TextIO

PROGRESS_LOGGERS = ("emporium", "pipeline", "model")
"""What these loggers and their children say is progress: shown on the terminal and logged."""


@contextlib.contextmanager
def output_to_log(log: pathlib.Path) -> Iterator[TextIO]:
    """Sends what the process prints, its C++ libraries included, to a file.

    Yields:
        The terminal, or what standard output was.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept_out, kept_err = os.dup(1), os.dup(2)
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        with os.fdopen(os.dup(kept_out), "w", buffering=1, encoding="utf-8") as terminal:
            yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(kept_out, 1)
        os.dup2(kept_err, 2)
        os.close(kept_out)
        os.close(kept_err)


@contextlib.contextmanager
def logging_to(log: pathlib.Path, progress: Progress) -> Iterator[None]:
    """Sends log records to a file, and those of `PROGRESS_LOGGERS` to the terminal as well."""
    to_file = logging.FileHandler(log, encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
    root, own = logging.getLogger(), [logging.getLogger(name) for name in PROGRESS_LOGGERS]
    kept_handlers, kept_levels = root.handlers[:], [each.level for each in (root, *own)]
    to_terminal = _NoteHandler(progress)
    root.handlers[:] = [to_file]
    for logger in (root, *own):
        logger.setLevel(logging.INFO)
    for logger in own:
        logger.addHandler(to_terminal)
    try:
        yield
    finally:
        for logger in own:
            logger.removeHandler(to_terminal)
        for logger, level in zip((root, *own), kept_levels, strict=True):
            logger.setLevel(level)
        root.handlers[:] = kept_handlers
        to_file.close()


class Progress:
    """Writes a line for each component, and notes below it.

    A component's line is begun when it starts and finished with its seconds; where notes came
    between, the line is written once more, finished, below them.
    """

    def __init__(self, stream: TextIO) -> None:
        """Writes to a stream: the terminal."""
        self._stream = stream
        self._title = ""
        self._line_is_open = False

    def say(self, text: str = "") -> None:
        """Writes a paragraph of its own."""
        self._close_line()
        self._write(f"{text}\n")

    def start(self, title: str) -> None:
        """Begins a component's line."""
        self._close_line()
        self._title = title
        self._line_is_open = True
        self._write(f"{title} ... ")

    def note(self, text: str) -> None:
        """Writes indented lines below the component that is running."""
        self._close_line()
        self._write("".join(f"        {line}\n" for line in text.splitlines()))

    def end(self, result: str) -> None:
        """Finishes the component's line with what came of it."""
        beginning = "" if self._line_is_open else f"{self._title} ... "
        self._line_is_open = False
        self._write(f"{beginning}{result}\n")

    def _close_line(self) -> None:
        if self._line_is_open:
            self._line_is_open = False
            self._write("\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class _NoteHandler(logging.Handler):
    """Shows log records as notes."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.note(record.getMessage())
