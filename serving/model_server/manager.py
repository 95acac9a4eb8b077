"""The models of a server: each watched by itself, all changed by one configuration."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import pathlib
from collections.abc import Sequence

from serving.errors import StartupError, VersionError, not_found, quoted
from serving.model_server.loaded import LoadOptions
from serving.model_server.metrics import Metrics
from serving.model_server.model_config import ModelConfig, check_labels, read_config_file
from serving.model_server.served_model import ServedModel
from serving.versions import complete_versions, no_version_error

logger = logging.getLogger(__name__)


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
        self._reloading = asyncio.Lock()

    @property
    def names(self) -> list[str]:
        """The names of the models."""
        return sorted(self._models)

    @property
    def in_flight(self) -> int:
        """How many requests run now."""
        return sum(model.in_flight for model in self._models.values())

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

        Raises:
            StartupError: a new model has no version that can be served; the models before stay.
            RequestError: INVALID_ARGUMENT for a label of a version that does not answer.
        """
        async with self._reloading:
            started = await self._start_models(
                [config for config in configs if config.name not in self._models])
            try:
                await self._change(
                    [config for config in configs if config.name in self._models])
            except BaseException:
                await asyncio.gather(*(model.stop() for model in started.values()))
                raise
            for name, model in started.items():
                self._models[name] = model
                self._watch(model)
            for name in set(self._models) - {config.name for config in configs}:
                await self._remove(name)

    async def stop(self) -> None:
        """Stops watching and ends all versions."""
        for watch in self._watches.values():
            watch.cancel()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)
        await asyncio.gather(*(model.stop() for model in self._models.values()))

    async def _start_models(self, configs: Sequence[ModelConfig]) -> dict[str, ServedModel]:
        models = {
            config.name: ServedModel(config, self._options, self._metrics) for config in configs}
        await asyncio.gather(*(model.poll() for model in models.values()))
        try:
            for model in models.values():
                if not model.available:
                    raise _nothing_served(model)
                check_labels(model.config, model.available)
        except BaseException:
            await asyncio.gather(*(model.stop() for model in models.values()))
            raise
        return models

    async def _change(self, configs: Sequence[ModelConfig]) -> None:
        before = [self._models[config.name].config for config in configs]
        try:
            for config in configs:
                # A label may go to a version that the same configuration loads.
                self._models[config.name].configure(_unlabelled(config, self._models[config.name]))
            await asyncio.gather(*(self._models[config.name].poll() for config in configs))
            for config in configs:
                self._models[config.name].configure(config)
        except BaseException:
            for config in before:
                self._models[config.name].config = config
            raise

    async def _remove(self, name: str) -> None:
        if (watch := self._watches.pop(name, None)) is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        await self._models.pop(name).stop()
        logger.info("model %s is no longer served", name)

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


def _unlabelled(config: ModelConfig, model: ServedModel) -> ModelConfig:
    labels = {
        label: version for label, version in config.labels.items() if version in model.available}
    return dataclasses.replace(config, labels=labels)


def _nothing_served(model: ServedModel) -> StartupError:
    errors = "; ".join(status.error for status in model.statuses() if status.error)
    return StartupError(
        f"no version in {model.config.base_path} can be served: "
        f"{errors or 'none that its version policy names is there'}")
