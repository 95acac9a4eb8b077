"""How one request is sent: serialised bytes out, a code back."""

from __future__ import annotations

import abc
from typing import Any

import grpc
import grpc.aio
import httpx

from serving.channels import open_async_channel
from serving.loadtest.config import LoadConfig, LoadTestError

_PREDICT = "/tensorflow.serving.PredictionService/Predict"
_MAX_MESSAGE_BYTES = 64 * 2**20

UNREACHABLE = frozenset({"UNAVAILABLE", "UNREACHABLE"})
"""Codes of a server that is not there; failing takes no time then."""


class Transport(abc.ABC):
    """A connection to the server, used by all callers of a process."""

    @abc.abstractmethod
    async def send(self, body: bytes) -> str:
        """Sends a request; returns the code of its end: OK or 200 where it was answered."""

    @abc.abstractmethod
    async def check(self, body: bytes) -> None:
        """Sends a first request.

        Raises:
            LoadTestError: it is not answered, with what the server says.
        """

    @abc.abstractmethod
    async def close(self) -> None:
        """Closes the connection."""


def open_transport(config: LoadConfig) -> Transport:
    """The transport of a load test; must be called within a running event loop."""
    return RestTransport(config) if config.rest else GrpcTransport(config)


class GrpcTransport(Transport):
    """One HTTP/2 connection; neither requests nor answers are parsed here."""

    def __init__(self, config: LoadConfig) -> None:
        self._target = config.target
        self._timeout = config.timeout
        self._channel = open_async_channel(config.target, [
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.use_local_subchannel_pool", 1),
            # A retry of the library's would hide a failure and make load of its own.
            ("grpc.enable_retries", 0),
        ], config.tls)
        self._predict: Any = self._channel.unary_unary(
            _PREDICT, request_serializer=None, response_deserializer=None)

    async def send(self, body: bytes) -> str:
        """Sends a request; the name of gRPC's code."""
        try:
            await self._predict(body, timeout=self._timeout)
        except grpc.aio.AioRpcError as error:
            return str(error.code().name)
        return "OK"

    async def check(self, body: bytes) -> None:
        """Sends a first request, with time for a cold server to answer it."""
        try:
            await self._predict(body, timeout=max(10.0, self._timeout), wait_for_ready=False)
        except grpc.aio.AioRpcError as error:
            raise LoadTestError(
                f"{self._target}: the first request ended in {error.code().name}: "
                f"{error.details()}; check the address, --model-name and --signature, and that "
                "the server is up") from error

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()


class RestTransport(Transport):
    """HTTP/1.1, a kept connection a request under way."""

    def __init__(self, config: LoadConfig) -> None:
        self._url = f"{config.target.rstrip('/')}/v1/models/{config.model_name}:predict"
        self._client = httpx.AsyncClient(
            timeout=config.timeout, limits=httpx.Limits(max_connections=None),
            headers={"Content-Type": "application/json"}, trust_env=False)

    async def send(self, body: bytes) -> str:
        """Sends a request; the HTTP status, TIMEOUT or UNREACHABLE."""
        try:
            response = await self._client.post(self._url, content=body)
        except httpx.TimeoutException:
            return "TIMEOUT"
        except httpx.TransportError:
            return "UNREACHABLE"
        return str(response.status_code)

    async def check(self, body: bytes) -> None:
        """Sends a first request, with time for a cold server to answer it."""
        try:
            response = await self._client.post(self._url, content=body, timeout=10.0)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LoadTestError(
                f"{self._url}: the first request failed: {error or type(error).__name__}; check "
                "the URL, and that the server is up") from error
        if response.status_code != httpx.codes.OK:
            raise LoadTestError(
                f"{self._url}: the first request ended in HTTP {response.status_code}: "
                f"{response.text[:500]}; check the URL, --model-name and --signature")

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()
