"""The models of a server: each watched by itself, all changed by one configuration."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import pathlib
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import grpc

from serving.errors import RequestError, StartupError, VersionError, not_found, quoted
from serving.model_server.loaded import LoadOptions
from serving.model_server.metrics import Metrics
from serving.model_server.model_config import ModelConfig, read_config_file
from serving.model_server.served_model import ServedModel
from serving.versions import complete_versions, no_version_error

logger = logging.getLogger(__name__)

T = TypeVar("T")


class ModelManager:
    """Holds the models of a server by name; lives on the event loop."""

    def __init__(self, options: LoadOptions, metrics: Metrics, poll_seconds: float) -> None:
        """Prepares a manager; `start` loads.

        Args:
            options: how versions are loaded and called.
            metrics: counts loads.
            poll_seconds: pause between two looks at the folders; 0 for one look only.
        """
        self._options = options
        self._metrics = metrics
        self._poll_seconds = poll_seconds
        self._models: dict[str, ServedModel] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._releases: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()
        self._roots: set[pathlib.Path] = set()

    @property
    def names(self) -> list[str]:
        """The names of the models."""
        return sorted(self._models)

    def has(self, name: str) -> bool:
        """Whether there is a model of this name."""
        return name in self._models

    @property
    def in_flight(self) -> int:
        """How many requests run now."""
        return sum(model.in_flight for model in self._models.values())

    def refuses(self) -> bool:
        """Whether no version of any model takes a further request."""
        return bool(self._models) and all(model.refuses() for model in self._models.values())

    def refused(self) -> None:
        """Is told that a request was refused as no version of any model took it."""
        for model in self._models.values():
            model.refused()

    def model(self, name: str) -> ServedModel:
        """A model by its name.

        Raises:
            RequestError: NOT_FOUND for a model that this server does not have.
        """
        try:
            return self._models[name]
        except KeyError:
            raise not_found(
                f"Servable not found for request: Latest({quoted(name)}); this server has "
                f"{', '.join(map(repr, self.names)) or 'no model'}") from None

    async def start(self, configs: Sequence[ModelConfig]) -> None:
        """Loads every model, then watches their folders.

        Raises:
            StartupError: a model has no version that can be served.
        """
        for config in configs:
            try:
                if not await asyncio.to_thread(complete_versions, config.base_path):
                    raise no_version_error(config.base_path)
            except VersionError as error:
                raise StartupError(str(error)) from error
        await self.reload(configs)

    async def reload(self, configs: Sequence[ModelConfig]) -> None:
        """Serves these models and no others; the ones that stay answer all the time.

        All of it is loaded first, then answers at once; after an error all is as it was.

        Raises:
            StartupError: a model has no version that can be served.
            RequestError: INVALID_ARGUMENT for a label of a version that will not answer.
        """
        await self._reload(configs)
        self._roots.update(_root(config.base_path) for config in configs)

    async def reload_requested(self, configs: Sequence[ModelConfig]) -> None:
        """`reload` for whoever reaches the server: of models beside those it was told to serve.

        A SavedModel is a program: a caller must not have any that lies on the machine run.

        Raises:
            StartupError: as in `reload`.
            RequestError: as in `reload`; PERMISSION_DENIED for a model in another folder.
        """
        await self._reload([self._beside(config) for config in configs])

    def _answers(self) -> bool:
        return any(model.pids for model in self._models.values())

    def _beside(self, config: ModelConfig) -> ModelConfig:
        if any(config.base_path == model.config.base_path for model in self._models.values()):
            return config
        path = config.base_path.resolve()  # without links that lead elsewhere
        if not any(root in path.parents for root in self._roots):
            roots = ", ".join(map(str, sorted(self._roots)))
            raise RequestError(
                grpc.StatusCode.PERMISSION_DENIED,
                f"model {config.name}: a request may have models in {roots} served and no others; "
                "put it there, or name it in --model_config_file")
        return dataclasses.replace(config, base_path=path)

    async def _reload(self, configs: Sequence[ModelConfig]) -> None:
        async with self._reloading:
            models = {config.name: self._models.get(config.name) or ServedModel(
                config, self._options, self._metrics, self._answers) for config in configs}
            try:
                async with contextlib.AsyncExitStack() as stack:
                    changes = await _all([
                        stack.enter_async_context(models[config.name].changing(config))
                        for config in configs])
                    for config, change in zip(configs, changes, strict=True):
                        models[config.name].commit(config, change)
                    for name in set(self._models) - set(models):
                        self._remove(name)
                    self._models.update(models)
            finally:
                # The new models of a reload that failed; none after one that did not.
                await asyncio.gather(*(
                    model.stop() for name, model in models.items() if name not in self._models))
            for name in set(models) - set(self._watches):
                self._watch(models[name])

    async def stop(self) -> None:
        """Stops watching and ends all versions."""
        for watch in self._watches.values():
            watch.cancel()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)
        await asyncio.gather(
            *self._releases, *(model.stop() for model in self._models.values()))

    def _remove(self, name: str) -> None:
        """Takes no new request for a model; who waits for the reload need not wait for old ones."""
        task = asyncio.create_task(
            self._release(self._models.pop(name), self._watches.pop(name, None)))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    async def _release(self, model: ServedModel, watch: asyncio.Task[None] | None) -> None:
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        await model.stop()
        logger.info("model %s is no longer served", model.config.name)

    def _watch(self, model: ServedModel) -> None:
        if self._poll_seconds:
            self._watches[model.config.name] = asyncio.create_task(self._poll(model))

    async def _poll(self, model: ServedModel) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            try:
                await model.poll()
            # The watch must outlive whatever one look at a folder in motion runs into.
            except Exception:
                logger.exception("looking for versions in %s failed", model.config.base_path)


class ConfigFileWatch:
    """Reads a model config file again and again, and serves what it says."""

    def __init__(self, path: pathlib.Path, manager: ModelManager, seconds: float) -> None:
        self._path = path
        self._manager = manager
        self._seconds = seconds

    async def run(self) -> None:
        """Polls until it is cancelled; what cannot be served is logged and changes nothing."""
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self._manager.reload(await asyncio.to_thread(read_config_file, self._path))
            # The watch must outlive whatever a person writes into the file.
            except Exception as error:  # noqa: BLE001
                logger.error("the models served stay: %s", error)


def _root(base_path: pathlib.Path) -> pathlib.Path:
    """The folder of a model's folder, unless that is all of the machine."""
    path = base_path.absolute()
    parent = path.parent.resolve()
    return path.resolve() if parent == parent.parent else parent


async def _all(awaitables: Sequence[Awaitable[T]]) -> list[T]:
    """What all of them return; waits for each of them before the first error is raised."""
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done
