"""The server process: its ports, start and graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Coroutine, Iterator

import grpc.aio
import uvicorn

from serving.errors import StartupError
from serving.model_server import garbage
from serving.model_server.accepting import accepting_server
from serving.model_server.api import ModelApi
from serving.model_server.config import ServerConfig
from serving.model_server.grpc_api import guarded_services
from serving.model_server.manager import ConfigFileWatch, ModelManager
from serving.model_server.metrics import Metrics
from serving.model_server.rest_api import RestApi
from serving.model_server.threads import WorkerPool
from serving.ports import address, open_socket, port_error, socket_answers, valid_port

_log = logging.getLogger(__name__)

_GARBAGE = 5_000
"""Objects after which garbage is looked for: rarely, as requests leave next to none in cycles, but
not in more than a look of two milliseconds has time for, in which nobody is answered."""

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ModelServer:
    """A server over the models of a configuration.

    Attributes:
        manager: the models.
        grpc_port: the gRPC port, known after `start`.
        rest_port: the REST port, known after `start`; None where there is none.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self.grpc_port = config.port
        self.rest_port = config.rest_port
        self._metrics = Metrics()
        self.manager = ModelManager(config.load, self._metrics, config.poll_seconds)
        self._pool = WorkerPool()
        self._api = ModelApi(self.manager, self._pool, config.limits, self._metrics)
        self._tasks: list[asyncio.Task[None]] = []
        self._rest: _RestServer | None = None

    async def start(self) -> None:
        """Opens the ports, loads the models and begins to answer.

        Raises:
            StartupError: a port is taken, or a model has no version to serve.
        """
        config = self._config
        models = await asyncio.to_thread(config.read_models)
        rest_socket = None
        if config.rest_port is not None:
            rest_socket = open_socket("rest_port", config.host, config.rest_port)
            self.rest_port = rest_socket.getsockname()[1]
            if config.tls is not None:
                _log.warning(
                    "TLS is gRPC's alone: REST on %s is plain and asks nobody for a certificate; "
                    "--rest_api_port=-1 closes it", address(config.host, self.rest_port))
        self._grpc = self._grpc_server()
        try:
            self._open_grpc_ports()
            await self.manager.start(models)
            await self._grpc.start()
            if rest_socket is not None:
                await self._start_rest(rest_socket)
        except BaseException:
            await self._stop_rest()
            if rest_socket is not None:
                rest_socket.close()
            await self._grpc.stop(None)
            await self.manager.stop()
            self._pool.close()
            self._release_grpc()
            raise
        if config.model_config_file is not None and config.config_poll_seconds:
            watch = ConfigFileWatch(
                config.model_config_file, self.manager, config.config_poll_seconds)
            self._tasks.append(asyncio.create_task(watch.run()))

    async def stop(self) -> None:
        """Takes no new requests, waits for those that run, then lets everything go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(
            self._grpc.stop(self._config.grace_seconds), self._stop_rest(),
            *self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._pool.close)
        await self.manager.stop()
        self._release_grpc()

    def _grpc_server(self) -> grpc.aio.Server:
        size = self._config.max_message_bytes
        return accepting_server(guarded_services(self._api), [
            ("grpc.max_receive_message_length", size),
            ("grpc.max_send_message_length", size),
            # Two servers on one port would each get some of the requests, silently.
            ("grpc.so_reuseport", 0),
            *self._config.channel_arguments,
        ])

    def _open_grpc_ports(self) -> None:
        config = self._config
        if not valid_port(config.port):  # older releases of gRPC take it and answer 0
            raise port_error("port", config.host, config.port)
        where = address(config.host, config.port)
        try:
            self.grpc_port = (
                self._grpc.add_insecure_port(where) if config.tls is None
                else self._grpc.add_secure_port(where, config.tls.credentials()))
        except RuntimeError as error:
            open_socket("port", config.host, config.port).close()  # raises what is wrong with it
            raise StartupError(
                f"cannot listen on {where} with TLS: server_key and server_cert of the SSL config "
                "file should be PEM, and belong together") from error
        if not self.grpc_port:
            raise port_error("port", config.host, config.port)
        if config.grpc_socket is not None:
            self._open_grpc_socket(str(config.grpc_socket.absolute()))

    def _open_grpc_socket(self, path: str) -> None:
        if socket_answers(path):  # gRPC would take it away from that server, silently
            raise StartupError(
                f"cannot listen on the Unix socket {path}: another server answers there; stop it "
                "or give another path")
        try:
            opened = self._grpc.add_insecure_port(f"unix:{path}")
        except RuntimeError as error:
            raise StartupError(
                f"cannot listen on the Unix socket {path}: {error}; its folder has to exist and be "
                "writable, and the path may not be longer than 107 bytes") from error
        if not opened:
            raise StartupError(f"cannot listen on the Unix socket {path}")

    async def _start_rest(self, opened: socket.socket) -> None:
        config = self._config
        app = RestApi(
            self._api, config.max_message_bytes, config.rest_timeout_seconds, config.metrics_path)
        self._rest = _RestServer(uvicorn.Config(
            app, log_config=None, log_level="warning", access_log=False, lifespan="off", ws="none",
            timeout_graceful_shutdown=max(1, int(config.grace_seconds))))
        self._rest_task = asyncio.create_task(self._rest.serve(sockets=[opened]))
        await self._rest.listening.wait()

    async def _stop_rest(self) -> None:
        if self._rest is not None:
            self._rest.should_exit = True
            await self._rest_task

    def _release_grpc(self) -> None:
        # gRPC's server, freed only while the interpreter shuts down, waits for a thread of its own
        # that can no longer run. Cycles hold it, kept or not: they are collected now.
        del self._grpc
        gc.unfreeze()
        gc.collect()


async def serve(config: ServerConfig) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends the process at once.

    Prints one line when ready, with the ports and the versions.

    Raises:
        StartupError: a port is taken, or a model has no version to serve.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        stopping.set()
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, on_signal)
    server = ModelServer(config)
    if not await _unless(stopping, server.start()):
        _log.info("stopping: the models are not loaded yet")
        return
    garbage.keep()
    gc.set_threshold(_GARBAGE)
    try:
        print(_ready_line(config, server), flush=True)
        await stopping.wait()
        # Logged, not printed: who started the server may have closed its output by now.
        _log.info("stopping: no new requests, finishing those that run")
    finally:
        await server.stop()


async def _unless(stopping: asyncio.Event, coroutine: Coroutine[None, None, None]) -> bool:
    """Runs a coroutine to its end, or cancels it when the event comes first; whether it ended."""
    task = asyncio.create_task(coroutine)
    signalled = asyncio.create_task(stopping.wait())
    await asyncio.wait({task, signalled}, return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    await task
    return True


def run_server(config: ServerConfig) -> None:
    """Runs a server in this process until a signal stops it.

    Raises:
        StartupError: a port is taken, or a model has no version to serve.
    """
    asyncio.run(serve(config))


def _ready_line(config: ServerConfig, server: ModelServer) -> str:
    parts = [f"gRPC {address(config.host, server.grpc_port)}"]
    names = server.manager.names
    if server.rest_port is not None:
        parts.append(
            f"REST http://{address(config.host, server.rest_port)}/v1/models/{names[0]}")
    for name in names:
        numbers = ", ".join(map(str, sorted(server.manager.model(name).available)))
        parts.append(f"version {numbers}" if len(names) == 1 else f"{name} version {numbers}")
    return f"ready: {', '.join(parts)}"


class _RestServer(uvicorn.Server):
    """Uvicorn inside a program that has its own signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
