"""A gRPC server that takes up several requests in one turn of the event loop.

`grpc.aio` asks gRPC's core for one request, and for the next in a later turn. Turns are long under
load, so requests then wait in the core, where the server neither sees nor refuses them. Here
several are asked for at once, by an override of grpcio's own class; should a later grpcio not call
it any more, requests are taken up one a turn again.
"""

from __future__ import annotations

import abc
import asyncio
import collections
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

import grpc
import grpc.aio
from grpc._cython import cygrpc

logger = logging.getLogger(__name__)

_AT_ONCE = 16


class Refuser(grpc.GenericRpcHandler):
    """Handlers that say when they refuse, and have something that does."""

    @abc.abstractmethod
    def refuses(self) -> bool:
        """Whether the next request may be one to refuse."""

    @abc.abstractmethod
    def refusal(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """What refuses a request; None for one that is answered."""


def accepting_server(
        handlers: Refuser, options: Sequence[tuple[str, str | int]]) -> grpc.aio.Server:
    """A server on the running loop that takes up to 16 requests a turn.

    Args:
        handlers: answer the requests.
        options: gRPC channel arguments, name and value.
    """
    server = grpc.aio.server()
    server._server = _AcceptingServer(asyncio.get_running_loop(), handlers, tuple(options))
    return server


class _AcceptingServer(cygrpc.AioServer):

    def __init__(self, loop: asyncio.AbstractEventLoop, handlers: Refuser,
                 options: tuple[tuple[str, str | int], ...]) -> None:
        super().__init__(loop, None, [handlers], (), options, None)
        self._running_loop = loop
        self._handlers = handlers
        self._refusals = _Refusals(handlers)
        self._asked: collections.deque[asyncio.Task[Any]] = collections.deque()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def _request_call(self) -> Any:
        """The next request; whoever awaits it has it in the same turn where it is here already."""
        while True:
            while len(self._asked) < _AT_ONCE:
                self._asked.append(_started(super()._request_call()))
            request = await self._asked.popleft()
            if not self.is_running():  # whoever awaits this one awaits no other
                await self._answer_the_last()
                return request
            if not self._handlers.refuses():
                return request
            self._keep(self._refuse(request))

    async def _answer_the_last(self) -> None:
        for request in await asyncio.gather(*self._asked, return_exceptions=True):
            if not isinstance(request, BaseException):
                self._keep(self._answer(request))
        self._asked.clear()

    async def _refuse(self, request: Any) -> None:
        """Refuses without what waits for the caller to hang up: that costs as much again."""
        try:
            await self._handle(self._refusals, request)
        except _NotRefusedError:
            await self._answer(request)
        except Exception:
            if self.is_running():  # else it is the caller's connection, ended with the server
                logger.exception("a request was not refused as it should have been")
            raise

    async def _answer(self, request: Any) -> None:
        await cygrpc._schedule_rpc_coro(
            self._handle(self._handlers, request), request, self._running_loop)

    def _handle(self, handlers: grpc.GenericRpcHandler, request: Any) -> Coroutine[Any, Any, None]:
        handled: Coroutine[Any, Any, None] = cygrpc._handle_rpc(
            [handlers], (), request, self._running_loop, False)
        return handled

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = _started(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _NotRefusedError(Exception):
    """A request is answered after all; nothing has been sent to its caller yet."""


class _Refusals(grpc.GenericRpcHandler):
    """Only those handlers that refuse."""

    def __init__(self, handlers: Refuser) -> None:
        self._handlers = handlers

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        refusal = self._handlers.refusal(call)
        if refusal is None:
            raise _NotRefusedError
        return refusal


def _started(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Its task; an error of one that nobody awaits is none to log, as of a server that stops."""
    task = asyncio.create_task(coroutine)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    return task
