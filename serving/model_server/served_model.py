"""One model of the server: the versions that answer, loaded and swapped without a gap."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

from serving.errors import StartupError, VersionError, invalid_argument, not_found, quoted
from serving.model_server.loaded import LoadedVersion, LoadOptions
from serving.model_server.metrics import Metrics
from serving.model_server.model_config import ModelConfig, check_labels
from serving.versions import Version, complete_versions, fingerprint

logger = logging.getLogger(__name__)

_TELL_SECONDS = 10
"""After which, again and again, the log says that a version is still loading."""

_Files = tuple[tuple[str, int, int], ...]

_ENDED_VERSIONS_KEPT = 10
_DRAIN_SECONDS = 0.05
"""Pause between two looks whether a version is drained."""


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


class ServedModel:
    """Watches a serving folder and holds the versions that answer.

    The versions that the policy wants are loaded and warmed beside those that answer, then take
    over at once; requests that run on an old one finish there, and then its processes end. A
    version that cannot be loaded is refused, reported with its error, and tried again only when
    its files change; meanwhile the one before keeps serving. What is served stays so when its
    folder disappears, until another version can take over.
    """

    def __init__(self, config: ModelConfig, options: LoadOptions, metrics: Metrics,
                 others_answer: Callable[[], bool]) -> None:
        """Prepares a model; `poll` or `changing` loads.

        Args:
            config: which versions of which folder.
            options: how they are loaded and called.
            metrics: of the server.
            others_answer: whether requests run beside what is loaded or ended, which must not wait
                for it.
        """
        self.config = config
        self._options = options
        self._others_answer = others_answer
        self._metrics = metrics
        self._loaded: dict[int, LoadedVersion] = {}
        self._statuses: dict[int, VersionStatus] = {}
        self._refused: dict[Version, tuple[_Files, str]] = {}  # files and error
        self._changing = asyncio.Lock()
        self._drains: set[asyncio.Task[None]] = set()
        # Counted from 0: Prometheus sees no increase in a count that is 1 when it first appears.
        for outcome in ("served", "refused"):
            metrics.loads.labels(config.name, outcome)

    @property
    def available(self) -> set[int]:
        """The numbers of the versions that answer."""
        return set(self._loaded)

    @property
    def in_flight(self) -> int:
        """How many requests run now, on whichever version answers."""
        return sum(loaded.admission.running for loaded in self._loaded.values())

    def refuses(self) -> bool:
        """Whether no version that answers takes a further request."""
        return bool(self._loaded) and all(
            loaded.admission.refuses() for loaded in self._loaded.values())

    def refused(self) -> None:
        """Is told that a request was refused as no version took it."""
        for loaded in self._loaded.values():
            loaded.admission.refused()

    @property
    def pids(self) -> list[int | None]:
        """The ids of the processes of the versions that answer."""
        return [pid for loaded in self._loaded.values() for pid in loaded.pids]

    @contextlib.contextmanager
    def acquire(self, version: int | None = None, label: str = "") -> Iterator[LoadedVersion]:
        """Holds a version for the length of a request, so that it is not released meanwhile.

        Args:
            version: a version number; None with no label for the newest that answers.
            label: a label of the configuration, or "".

        Raises:
            RequestError: NOT_FOUND where that version does not answer, INVALID_ARGUMENT for an
                unknown label.
        """
        loaded = self._find(self._labelled(label) if label else version)
        loaded.admission.running += 1
        try:
            yield loaded
        finally:
            loaded.admission.running -= 1

    def statuses(self) -> list[VersionStatus]:
        """Every version seen, newest first."""
        return [self._now(self._statuses[number])
                for number in sorted(self._statuses, reverse=True)]

    def _now(self, status: VersionStatus) -> VersionStatus:
        """One whose processes are all gone does not answer before another has started."""
        loaded = self._loaded.get(status.version)
        if loaded is None or loaded.pids:
            return status
        return VersionStatus(status.version, State.LOADING, loaded.error)

    async def poll(self) -> None:
        """Looks at the folder once: loads what is wanted, lets go of what is not."""
        async with self._changing:
            wanted = set()
            async for loaded in self._wanted(self.config):
                self._publish(loaded)
                wanted.add(loaded.version.number)
            if wanted:
                self._let_go(wanted)

    @contextlib.asynccontextmanager
    async def changing(self, config: ModelConfig) -> AsyncIterator[dict[int, LoadedVersion]]:
        """Loads what a configuration wants, beside what answers, for the time of the context.

        It answers once `commit` says so, and is let go where nothing did.

        Args:
            config: another policy, other labels, another folder.

        Yields:
            The versions by number, those that answer already among them.

        Raises:
            StartupError: there is none, and the configuration asks for more than stays as it is.
            RequestError: INVALID_ARGUMENT for a label of a version that will not answer.
        """
        async with self._changing:
            staged: dict[int, LoadedVersion] = {}
            try:
                async for loaded in self._wanted(config):
                    staged[loaded.version.number] = loaded
                if not staged and (not self._loaded or not _same_versions(config, self.config)):
                    raise self._nothing_served(config)
                check_labels(config, set(staged) or self.available)
                yield staged
            finally:
                for number, loaded in staged.items():
                    if self._loaded.get(number) is not loaded:
                        self._drain(loaded)

    def commit(self, config: ModelConfig, staged: Mapping[int, LoadedVersion]) -> None:
        """Answers by a configuration, with the versions that `changing` has loaded for it."""
        self.config = config
        for loaded in staged.values():
            self._publish(loaded)
        if staged:
            self._let_go(set(staged))

    async def stop(self) -> None:
        """Ends all versions; nothing may run on them any more."""
        self._let_go(set())
        await asyncio.gather(*self._drains)

    def _labelled(self, label: str) -> int:
        try:
            return self.config.labels[label]
        except KeyError:
            raise invalid_argument(
                f"Unrecognized servable version label: {quoted(label)}; the model "
                f"{self.config.name} has {sorted(self.config.labels) or 'none'}") from None

    def _find(self, version: int | None) -> LoadedVersion:
        number = max(self._loaded, default=None) if version is None else version
        loaded = None if number is None else self._loaded.get(number)
        if loaded is None:
            wanted = "Latest" if version is None else "Specific"
            numbers = "" if version is None else f", {version}"
            served = ", ".join(map(str, sorted(self._loaded))) or "none"
            raise not_found(
                f"Servable not found for request: {wanted}({self.config.name}{numbers}); "
                f"the version served is {served}")
        return loaded

    async def _wanted(self, config: ModelConfig) -> AsyncIterator[LoadedVersion]:
        """What a configuration wants of what is on disk and loads, the most wanted first."""
        try:
            versions = await asyncio.to_thread(complete_versions, config.base_path)
        except VersionError as error:
            logger.warning("the versions served stay: %s", error)
            return
        self._refused = {
            version: refusal for version, refusal in self._refused.items() if version in versions}
        count = 0
        for version in config.policy.order(versions):
            if count == config.policy.count:
                return
            loaded = self._loaded.get(version.number)
            if loaded is None or loaded.version != version:
                loaded = await self._load(version)
            if loaded is not None:
                count += 1
                yield loaded

    async def _load(self, version: Version) -> LoadedVersion | None:
        files = await asyncio.to_thread(fingerprint, version)
        if version in self._refused and self._refused[version][0] == files:
            return None
        logger.info("loading version %d of %s", version.number, self.config.name)
        self._set_status_beside(VersionStatus(version.number, State.LOADING))
        started = time.monotonic()
        telling = asyncio.create_task(self._tell_of_loading(version))
        try:
            loaded = await LoadedVersion.load(
                version, self._options, self._metrics, idle=self._others_answer())
        except VersionError as error:
            self._refused[version] = files, str(error)
            self._set_status_beside(VersionStatus(version.number, State.END, str(error)))
            self._metrics.loads.labels(self.config.name, "refused").inc()
            logger.error("version %d is refused: %s", version.number, error)
            return None
        except BaseException:
            self._set_status_beside(VersionStatus(version.number, State.END, "it was not loaded"))
            raise
        finally:
            telling.cancel()
        self._refused.pop(version, None)
        self._metrics.loads.labels(self.config.name, "served").inc()
        logger.info("version %d of %s is ready after %.1f s, %d warm-up requests", version.number,
                    self.config.name, time.monotonic() - started, loaded.warmed)
        return loaded

    async def _tell_of_loading(self, version: Version) -> None:
        for times in itertools.count(1):
            await asyncio.sleep(_TELL_SECONDS)
            logger.info("version %d of %s has been loading for %d s", version.number,
                        self.config.name, times * _TELL_SECONDS)

    def _publish(self, loaded: LoadedVersion) -> None:
        number = loaded.version.number
        replaced = self._loaded.get(number)
        if replaced is loaded:
            return
        self._loaded[number] = loaded
        self._set_status(VersionStatus(number, State.AVAILABLE))
        if replaced is not None:
            self._drain(replaced)

    def _let_go(self, wanted: set[int]) -> None:
        for number in self.available - wanted:
            self._drain(self._loaded.pop(number))

    def _drain(self, loaded: LoadedVersion) -> None:
        self._set_status_beside(VersionStatus(loaded.version.number, State.UNLOADING))
        task = asyncio.create_task(self._release(loaded))
        self._drains.add(task)
        task.add_done_callback(self._drains.discard)

    async def _release(self, loaded: LoadedVersion) -> None:
        while loaded.admission.running:
            await asyncio.sleep(_DRAIN_SECONDS)
        await loaded.stop(idle=self._others_answer())
        number = loaded.version.number
        # It may be loading again by now.
        if (status := self._statuses.get(number)) and status.state is State.UNLOADING:
            self._set_status(VersionStatus(number, State.END))
        logger.info("version %d of %s is released", number, self.config.name)

    def _set_status_beside(self, status: VersionStatus) -> None:
        """Of a version that does not answer; another folder's of its number may, and stays so."""
        if status.version not in self._loaded:
            self._set_status(status)

    def _set_status(self, status: VersionStatus) -> None:
        self._statuses[status.version] = status
        ended = sorted(
            number for number, known in self._statuses.items() if known.state is State.END)
        for number in ended[:-_ENDED_VERSIONS_KEPT]:
            del self._statuses[number]

    def _nothing_served(self, config: ModelConfig) -> StartupError:
        errors = "; ".join(self._refused[version][1] for version in sorted(
            self._refused, reverse=True))
        return StartupError(
            f"no version of model {config.name} in {config.base_path} can be served: "
            f"{errors or 'none that its version policy names is there'}")


def _same_versions(one: ModelConfig, other: ModelConfig) -> bool:
    return (one.base_path, one.policy) == (other.base_path, other.policy)
