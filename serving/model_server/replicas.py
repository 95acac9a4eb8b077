"""A loaded version: one or more model processes, of which a dead one is replaced."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Mapping, Sequence

import grpc
import numpy as np

from serving.errors import RequestError, VersionError
from serving.model_server.answers import Parts
from serving.model_server.model_client import ModelClient, ProcessDiedError
from serving.model_server.model_process import ProcessOptions
from serving.servable import Arrays
from serving.signature import Signature

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
"""How often a call is made that a dying process did not answer. What kills every process that
takes it must not kill all of them for ever."""

_RESTART_SECONDS = (0.0, 1.0, 5.0, 30.0)


class Replicas:
    """The model processes of one version.

    Attributes:
        version: number of the version.
        signatures: what the version answers.
        warmed: how many recorded requests warmed it.
        repeated: how many calls had to be made again, as their process died.
    """

    def __init__(self, options: ProcessOptions, clients: Sequence[ModelClient]) -> None:
        self.version = options.version
        self.signatures = clients[0].signatures
        self.warmed = clients[0].warmed
        self.repeated = 0
        # A process that died is missed: its replacement does not wait for idle processor time.
        self._options = dataclasses.replace(options, idle=False)
        self._clients = list(clients)
        self._error = ""  # why there is no process, once that is known
        self._changed = asyncio.Event()
        self._watches = {asyncio.create_task(self._replace(client)) for client in clients}

    @classmethod
    async def start(cls, options: ProcessOptions, count: int) -> Replicas:
        """Starts the processes of a version, one after another.

        Raises:
            VersionError: the version cannot be loaded; `VersionTimeoutError` where not in time.
        """
        clients: list[ModelClient] = []
        try:
            for _ in range(count):
                clients.append(await ModelClient.start(options))
        except BaseException:
            for client in clients:
                await client.stop()
            raise
        return cls(options, clients)

    @property
    def slots(self) -> int:
        """How many calls run at once when all processes live."""
        return self._options.calls * max(1, len(self._clients))

    @property
    def pids(self) -> list[int | None]:
        """The ids of the processes that live."""
        return [client.pid for client in self._clients]

    @property
    def error(self) -> str:
        """Why there is no process, "" as long as that is not known."""
        return self._error

    async def run(self, signature: Signature, inputs: Mapping[str, np.ndarray],
                  outputs: Sequence[str], encode: Parts | None = None) -> Arrays:
        """Calls a signature in the process that has the least to do; see `batching.Model.run`.

        A call whose process dies is made again in another one, or in its replacement once that
        has started.

        Raises:
            RequestError: as `Servable.run` raises it; UNAVAILABLE where processes kept dying, or
                there is none and none could be started.
        """
        for _ in range(_ATTEMPTS):
            client = await self._free()
            try:
                return await client.call(signature, inputs, outputs, encode)
            except ProcessDiedError as error:
                self._forget(client)
                self.repeated += 1
                ended = str(error)
        raise RequestError(
            grpc.StatusCode.UNAVAILABLE,
            f"the process of version {self.version} ended {_ATTEMPTS} times before it answered "
            f"({ended}); the server's log says more")

    async def stop(self, *, idle: bool = False) -> None:
        """Ends all processes; see `ModelClient.stop`."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await asyncio.gather(*(client.stop(idle=idle) for client in self._clients))

    async def _free(self) -> ModelClient:
        while not self._clients:
            if self._error:
                raise RequestError(
                    grpc.StatusCode.UNAVAILABLE,
                    f"version {self.version} has no process, and none can be started: "
                    f"{self._error}")
            self._changed.clear()
            await self._changed.wait()
        return min(self._clients, key=lambda client: client.pending)

    def _forget(self, client: ModelClient) -> None:
        if client in self._clients:
            self._clients.remove(client)

    async def _replace(self, client: ModelClient) -> None:
        while True:
            ended = await client.ended()
            self._forget(client)
            logger.error("a process of version %d ended (%s), another is started", self.version,
                         ended)
            client = await self._restart()
            self._clients.append(client)
            self._error = ""
            self._changed.set()

    async def _restart(self) -> ModelClient:
        attempt = 0
        while True:
            await asyncio.sleep(_RESTART_SECONDS[min(attempt, len(_RESTART_SECONDS) - 1)])
            attempt += 1
            try:
                return await ModelClient.start(self._options)
            except (VersionError, OSError) as error:
                logger.error("version %d does not start again: %s", self.version, error)
                self._error = str(error)
                self._changed.set()
