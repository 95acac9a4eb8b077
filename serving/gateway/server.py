"""The gateway's process: the port, the start and the graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

import uvicorn

from serving.errors import StartupError
from serving.gateway.app import gateway_app
from serving.gateway.settings import GatewayConfig
from serving.ports import address, listen

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 10
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def run_gateway(config: GatewayConfig) -> None:
    """Runs a gateway in this process until SIGINT or SIGTERM stops it.

    Prints one line when it listens.

    Raises:
        ServingError: the port is taken, or something that it needs cannot be read or written.
    """
    asyncio.run(_serve(config))


async def _serve(config: GatewayConfig) -> None:
    if config.api_keys is None and config.host not in _LOOPBACK:
        _log.warning("anyone who reaches %s may ask: --api-keys FILE wants a key", config.host)
    listening = _open_socket(config.host, config.port)
    with listening:
        async with gateway_app(config) as app:
            server = _Server(uvicorn.Config(
                app, log_config=None, log_level="warning", access_log=False, lifespan="off",
                ws="none", server_header=False, timeout_graceful_shutdown=_GRACE_SECONDS,
                proxy_headers=bool(config.trusted_proxies),
                forwarded_allow_ips=config.trusted_proxies or None))
            where = address(config.host, listening.getsockname()[1])
            print(f"ready: http://{where}/, model server {config.server}", flush=True)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, server.stop)
            await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """Uvicorn that ends the process with status 0: to be told to stop is no failure."""

    def stop(self) -> None:
        """Finishes the requests that run; a second time, breaks them off."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _open_socket(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        raise StartupError(
            f"cannot listen on {host}:{port}: {error}; give another --port (0 picks a free one) "
            "or an address of this machine") from error
