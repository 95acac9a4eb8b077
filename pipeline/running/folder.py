"""The output folder of a run: what is where in it, and that one run at a time writes to it."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import os
import pathlib
from collections.abc import Iterator


class RunFolderError(ValueError):
    """The output folder cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """Paths in an output folder.

    Attributes:
        root: absolute path of the folder.
    """

    root: pathlib.Path

    @property
    def serving(self) -> pathlib.Path:
        """Pushed versions, one numbered folder each."""
        return self.root / "serving"

    @property
    def reports(self) -> pathlib.Path:
        """What a person reads."""
        return self.root / "reports"

    @property
    def tuning(self) -> pathlib.Path:
        """Trials of `emporium tune`, with which an interrupted one goes on."""
        return self.root / "tuning"

    @property
    def tuned(self) -> pathlib.Path:
        """Settings that `emporium tune` found."""
        return self.root / "tuned.yaml"

    @property
    def logs(self) -> pathlib.Path:
        """What TFX, Beam and TensorFlow print, a file a run."""
        return self.root / "logs"

    @property
    def artifacts(self) -> pathlib.Path:
        """Outputs of the components, managed by TFX."""
        return self.root / "pipeline"

    @property
    def metadata(self) -> pathlib.Path:
        """TFX's metadata store."""
        return self.root / "metadata.sqlite"

    def new_log(self) -> pathlib.Path:
        """Path of a log of this run; its folder exists afterwards."""
        self.logs.mkdir(parents=True, exist_ok=True)
        return self.logs / f"run-{datetime.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.log"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Makes the folder and holds it for this process; the lock dies with the process.

        Raises:
            RunFolderError: the folder cannot be written to, or another run holds it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / ".lock").open("a+", encoding="utf-8")
        except OSError as error:
            raise RunFolderError(
                f"output folder {self.root}: cannot be written to ({error.strerror}); choose "
                "another with --out") from error
        with lock:
            try:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise RunFolderError(
                    f"output folder {self.root}: another run (process {holder}) is writing to "
                    "it; wait for that run to end, or choose another folder with --out"
                ) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
