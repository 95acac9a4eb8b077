"""What commands that run a pipeline share: the folder, its log, the terminal, the failures."""

from __future__ import annotations

import atexit
import dataclasses
import logging
import os
import pathlib
import sys
import time
from collections.abc import Callable

from pipeline.cli.errors import root_cause, user_message
from pipeline.ingest.contract import DatasetError
from pipeline.ingest.location import split_location
from pipeline.running.folder import RunFolder
from pipeline.running.terminal import Progress, logging_to, output_to_log

EXIT_FAILED = 1

_GOES_ON = "What was finished is kept; the same command goes on from there."


@dataclasses.dataclass(frozen=True)
class Session:
    """A pipeline's surroundings on this machine.

    Attributes:
        data: folder or URI of the shop's tables.
        tables: file pattern of each table that is present, relative to `data`.
        folder: the output folder, which this process holds.
        progress: the terminal.
        started: when, by `time.monotonic`.
    """

    data: str
    tables: dict[str, str]
    folder: RunFolder
    progress: Progress
    started: float

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started


def run_session(
    data: str, out: str, work: Callable[[Session], int], interrupted: str = _GOES_ON,
) -> int:
    """Does work in an output folder and tells the terminal what happens.

    Args:
        data: folder or URI of the shop's tables.
        out: output folder.
        work: runs a pipeline and returns the exit status.
        interrupted: what to say of an interrupted one.

    Returns:
        The exit status.

    Raises:
        DatasetError: and other errors that are the user's to mend.
    """
    folder = RunFolder(pathlib.Path(os.path.abspath(out)))
    if "://" not in data:
        data = os.path.abspath(data)
        _check_folder(data)
    # Beam and TFX read the command line for flags of their own: `--set` would be `--setup_file`.
    del sys.argv[1:]
    atexit.register(_silence_stderr)
    with folder.locked():
        log = folder.new_log()
        with output_to_log(log) as terminal:
            progress = Progress(terminal)
            with logging_to(log, progress):
                return _work_logged(data, folder, log, progress, work, interrupted)


def _check_folder(data: str) -> None:
    """Refuses what is no folder, before libraries are loaded and an output folder is made.

    Raises:
        DatasetError: there is a file, or nothing; of a path with placeholders, before the first.
    """
    folder = split_location(data).base
    if os.path.isdir(folder):
        return
    found = "a file; name the folder that it is in" if os.path.exists(folder) else "no such folder"
    raise DatasetError(f"DATA should be a folder of tables. Received: {data}, {found}")


def _silence_stderr() -> None:
    """Keeps what TensorFlow's objects say when the interpreter takes them apart off the terminal.

    Runs at exit, when everything that a person should see is written.
    """
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _work_logged(
    data: str, folder: RunFolder, log: pathlib.Path, progress: Progress,
    work: Callable[[Session], int], interrupted: str,
) -> int:
    progress.say(f"{data} -> {folder.root} (details in {log})")
    started = time.monotonic()
    progress.start("Loading TensorFlow, Beam and TFX")
    try:
        # Imported here, with the output already in the log: TFX takes ten seconds and chatters.
        from pipeline import local_runner  # noqa: F401
        from pipeline.ingest.discovery import discover_tables

        progress.end(f"{time.monotonic() - started:.1f} s")
        return work(Session(data, discover_tables(data), folder, progress, started))
    except KeyboardInterrupt:
        progress.say(f"Interrupted. {interrupted}")
        raise
    except Exception as error:
        logging.exception("the run failed")
        if user_message(error) is not None:
            progress.say()
            raise
        progress.say(f"\nThe run failed: {error}: {root_cause(error)}\nThe log says more: {log}")
        return EXIT_FAILED
