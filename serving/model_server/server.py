"""The server process: both ports, the version watch, start and graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
import pathlib
import signal
import socket
from collections.abc import Iterator

import grpc.aio
import uvicorn

from serving.errors import StartupError
from serving.model_server.api import ModelApi
from serving.model_server.grpc_api import Guard, add_services
from serving.model_server.manager import VersionManager
from serving.model_server.rest_api import RestApi
from serving.model_server.runner import ThreadRunner, WorkerPool
from serving.signature import DEFAULT_LIMITS, Limits

_log = logging.getLogger(__name__)

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PORTS = range(2**16)


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """How a server runs.

    Attributes:
        base_path: folder with one numeric folder a version, such as OUT/serving.
        model_name: the name that requests must give.
        host: address to listen on; 0.0.0.0 takes requests from other machines, unauthenticated.
        port: gRPC port; 0 picks a free one.
        rest_port: REST port; 0 picks a free one.
        poll_seconds: pause between two looks for a new version.
        max_message_bytes: largest request and answer.
        limits: largest inputs of a request.
        workers: threads for model calls; None means one a core.
        grace_seconds: how long a stop waits for requests that run; a model call that has begun
            is never broken off.
    """

    base_path: pathlib.Path
    model_name: str = "emporium"
    host: str = "127.0.0.1"
    port: int = 8500
    rest_port: int = 8501
    poll_seconds: float = 2.0
    max_message_bytes: int = 16 * 2**20
    limits: Limits = DEFAULT_LIMITS
    workers: int | None = None
    grace_seconds: float = 10.0


class ModelServer:
    """A server over one model folder.

    Attributes:
        manager: the versions.
        grpc_port: the gRPC port, known after `start`.
        rest_port: the REST port, known after `start`.
    """

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        self.manager = VersionManager(config.base_path, config.model_name, config.poll_seconds)
        self.grpc_port = config.port
        self.rest_port = config.rest_port
        self._pool = WorkerPool(config.workers)
        self._api = ModelApi(
            self.manager, ThreadRunner(self._pool), self._pool, config.limits)

    async def start(self) -> None:
        """Opens the ports, loads the newest version and begins to answer.

        Raises:
            StartupError: a port is taken, or there is no version to serve.
        """
        config = self._config
        rest_socket, self.rest_port = _open_socket(config.host, config.rest_port)
        self._grpc = grpc.aio.server(interceptors=[Guard()], options=[
            ("grpc.max_receive_message_length", config.max_message_bytes),
            ("grpc.max_send_message_length", config.max_message_bytes),
            # Two servers on one port would each get some of the requests, silently.
            ("grpc.so_reuseport", 0),
        ])
        add_services(self._grpc, self._api)
        try:
            self.grpc_port = self._open_grpc_port()
            await asyncio.to_thread(self.manager.start)
        except BaseException:
            rest_socket.close()
            await self._grpc.stop(None)
            self._pool.close()
            self._release_grpc()
            raise
        self._rest = _RestServer(uvicorn.Config(
            RestApi(self._api, config.max_message_bytes), log_config=None, log_level="warning",
            access_log=False, lifespan="off", ws="none",
            timeout_graceful_shutdown=max(1, int(config.grace_seconds))))
        await self._grpc.start()
        self._rest_task = asyncio.create_task(self._rest.serve(sockets=[rest_socket]))
        await self._rest.listening.wait()

    async def stop(self) -> None:
        """Takes no new requests, waits for those that run, then lets everything go."""
        self._rest.should_exit = True
        await asyncio.gather(self._grpc.stop(self._config.grace_seconds), self._rest_task)
        await asyncio.to_thread(self._pool.close)
        await asyncio.to_thread(self.manager.stop)
        self._release_grpc()

    def _release_grpc(self) -> None:
        # gRPC's server, freed only while the interpreter shuts down, waits for a thread of its own
        # that can no longer run. Cycles hold it: they are collected now.
        del self._grpc
        gc.collect()

    def _open_grpc_port(self) -> int:
        host, port = self._config.host, self._config.port
        try:
            # Older releases of gRPC answer 0 where newer ones raise.
            opened = self._grpc.add_insecure_port(_address(host, port)) if port in _PORTS else 0
        except RuntimeError as error:
            raise _port_error("port", host, port) from error
        if not opened:
            raise _port_error("port", host, port)
        return int(opened)


async def serve(config: ServerConfig) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends the process at once.

    Prints one line when ready, with the ports and the version.

    Raises:
        StartupError: a port is taken, or there is no version to serve.
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
    await server.start()
    try:
        print(
            f"ready: gRPC {_address(config.host, server.grpc_port)}, "
            f"REST http://{_address(config.host, server.rest_port)}/v1/models/"
            f"{config.model_name}, version {server.manager.current_version}", flush=True)
        await stopping.wait()
        # Logged, not printed: who started the server may have closed its output by now.
        _log.info("stopping: no new requests, finishing those that run")
    finally:
        await server.stop()


def run_server(config: ServerConfig) -> None:
    """Runs a server in this process until a signal stops it.

    Raises:
        StartupError: a port is taken, or there is no version to serve.
    """
    asyncio.run(serve(config))


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


def _open_socket(host: str, port: int) -> tuple[socket.socket, int]:
    opened = None
    try:
        # The protocol is named, as asyncio turns Nagle's algorithm off only where it sees TCP:
        # without it every answer waits 40 ms for an acknowledgement.
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen()
    except (OSError, OverflowError) as error:
        if opened is not None:
            opened.close()
        raise _port_error("rest_port", host, port, error) from error
    return opened, opened.getsockname()[1]


def _port_error(argument: str, host: str, port: int,
                error: BaseException | None = None) -> StartupError:
    reason = "" if error is None else f": {error}"
    if port not in _PORTS:
        remedy = f"give a {argument} from 0 to {_PORTS[-1]}"
    elif isinstance(error, socket.gaierror):
        remedy = "give the host by an address of this machine, or 0.0.0.0"
    else:
        remedy = ("another server may have the port: stop it or give another "
                  f"{argument} (0 picks a free one)")
    return StartupError(f"cannot listen on {_address(host, port)}{reason}; {remedy}")


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
