"""Keeps the newest good version of a model loaded, and swaps without dropping a request."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import gc
import logging
import pathlib
import threading
import time
from collections.abc import Iterator

from serving.errors import StartupError, VersionError, not_found
from serving.servable import Servable, load_servable
from serving.versions import Version, complete_versions, fingerprint, no_version_error
from serving.warmup import warm_up

logger = logging.getLogger(__name__)

_ENDED_VERSIONS_KEPT = 10


class State(enum.Enum):
    """Life of a version, by TensorFlow Serving's names."""

    LOADING = "LOADING"
    AVAILABLE = "AVAILABLE"
    UNLOADING = "UNLOADING"
    END = "END"


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """What GetModelStatus says of a version; `error` is "" unless the version was refused."""

    version: int
    state: State
    error: str = ""


@dataclasses.dataclass
class _Slot:
    """A loaded version with the number of requests that run on it."""

    servable: Servable
    in_flight: int = 0


class VersionManager:
    """Watches a serving folder and holds the version that answers.

    The newest complete version is loaded and warmed up in a background thread, then takes over
    at once; requests that run on the old one finish there, and then it is released. A version
    that cannot be loaded is refused, reported with its error, and tried again only when its
    files change; meanwhile the one before keeps serving. Removing the newest folder goes back
    to the version before it.
    """

    def __init__(self, base_path: pathlib.Path, model_name: str, poll_seconds: float) -> None:
        """Prepares a manager; `start` loads.

        Args:
            base_path: folder with one numeric folder a version.
            model_name: the name that requests must give.
            poll_seconds: pause between two looks at the folder.
        """
        self.model_name = model_name
        self._base_path = base_path
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._current: _Slot | None = None
        self._draining: list[_Slot] = []
        self._statuses: dict[int, VersionStatus] = {}
        self._refused: dict[Version, tuple[tuple[str, int, int], ...]] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Loads the newest version that can be loaded, then watches in the background.

        Raises:
            StartupError: there is no version, or none can be loaded.
        """
        try:
            if not complete_versions(self._base_path):
                raise no_version_error(self._base_path)
        except VersionError as error:
            raise StartupError(str(error)) from error
        self.poll()
        if self._current is None:
            errors = "; ".join(status.error for status in self.statuses())
            raise StartupError(f"no version in {self._base_path} can be served: {errors}")
        self._thread = threading.Thread(target=self._watch, name="version-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stops watching; waits for a load that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def current_version(self) -> int:
        """The number of the version that answers.

        Raises:
            RequestError: NOT_FOUND before the first version is loaded.
        """
        with self.acquire() as servable:
            return servable.version.number

    @property
    def in_flight(self) -> int:
        """How many requests run now, on whichever version."""
        with self._lock:
            slots = [slot for slot in (self._current, *self._draining) if slot is not None]
            return sum(slot.in_flight for slot in slots)

    @contextlib.contextmanager
    def acquire(self, version: int | None = None) -> Iterator[Servable]:
        """Holds a servable for the length of a request, so that it is not released meanwhile.

        Args:
            version: a version number, or None for the one that answers now.

        Raises:
            RequestError: NOT_FOUND where that version is not the one that answers.
        """
        with self._lock:
            slot = self._current
            if slot is None or version not in (None, slot.servable.version.number):
                wanted = "Latest" if version is None else "Specific"
                numbers = "" if version is None else f", {version}"
                served = "none" if slot is None else str(slot.servable.version.number)
                raise not_found(
                    f"Servable not found for request: {wanted}({self.model_name}{numbers}); "
                    f"the version served is {served}")
            slot.in_flight += 1
        try:
            yield slot.servable
        finally:
            with self._lock:
                slot.in_flight -= 1

    def statuses(self) -> list[VersionStatus]:
        """Every version seen, newest first."""
        with self._lock:
            return [self._statuses[number] for number in sorted(self._statuses, reverse=True)]

    def poll(self) -> None:
        """Looks at the folder once: loads what is new, releases what is drained."""
        self._release_drained()
        try:
            versions = complete_versions(self._base_path)
        except VersionError as error:
            logger.warning("the version served stays: %s", error)
            return
        for version in versions:
            if self._current is not None and version == self._current.servable.version:
                return
            if self._load(version):
                return

    def _watch(self) -> None:
        while not self._stop.wait(self._poll_seconds):
            try:
                self.poll()
            # The watch must outlive whatever one look at a folder in motion runs into.
            except Exception:
                logger.exception("looking for versions in %s failed", self._base_path)

    def _load(self, version: Version) -> bool:
        files = fingerprint(version)
        if self._refused.get(version) == files:
            return False
        logger.info("loading version %d", version.number)
        self._set_status(VersionStatus(version.number, State.LOADING))
        started = time.monotonic()
        try:
            servable = load_servable(version)
            warmed = warm_up(servable)
        except VersionError as error:
            self._refused[version] = files
            self._set_status(VersionStatus(version.number, State.END, str(error)))
            logger.error("version %d is refused: %s", version.number, error)
            return False
        self._refused.pop(version, None)
        self._swap(servable)
        logger.info("version %d serves after %.1f s, %d warm-up requests", version.number,
                    time.monotonic() - started, warmed)
        return True

    def _swap(self, servable: Servable) -> None:
        with self._lock:
            old, self._current = self._current, _Slot(servable)
            number = servable.version.number
            self._statuses[number] = VersionStatus(number, State.AVAILABLE)
            if old is not None:
                self._draining.append(old)
                number = old.servable.version.number
                self._statuses[number] = VersionStatus(number, State.UNLOADING)

    def _release_drained(self) -> None:
        with self._lock:
            drained = [slot for slot in self._draining if slot.in_flight == 0]
            self._draining = [slot for slot in self._draining if slot.in_flight > 0]
        for slot in drained:
            number = slot.servable.version.number
            self._set_status(VersionStatus(number, State.END))
            logger.info("version %d is released", number)
        if drained:
            # TensorFlow functions sit in reference cycles; their weights must not wait for luck.
            del drained, slot
            gc.collect()

    def _set_status(self, status: VersionStatus) -> None:
        with self._lock:
            self._statuses[status.version] = status
            ended = sorted(
                number for number, known in self._statuses.items() if known.state is State.END)
            for number in ended[:-_ENDED_VERSIONS_KEPT]:
                del self._statuses[number]
