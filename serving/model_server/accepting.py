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
from collections.abc import Coroutine, Sequence
from typing import Any

import grpc
import grpc.aio
from grpc._cython import cygrpc

_AT_ONCE = 16


class Refuser(grpc.GenericRpcHandler):
    """Handlers that say when they will refuse, and do it at once."""

    @abc.abstractmethod
    def refuses(self) -> bool:
        """Whether the next request may be refused unread."""


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
        self._asked: collections.deque[asyncio.Task[Any]] = collections.deque()
        self._refusals: set[asyncio.Task[Any]] = set()

    async def _request_call(self) -> Any:
        """The next request; whoever awaits it has it in the same turn where it is here already."""
        while True:
            while len(self._asked) < _AT_ONCE:
                self._asked.append(_started(super()._request_call()))
            request = await self._asked.popleft()
            if not self._handlers.refuses():
                return request
            # By itself, without what waits for its caller to hang up: that costs as much again.
            refusal = _started(
                cygrpc._handle_rpc([self._handlers], (), request, self._running_loop, False))
            self._refusals.add(refusal)
            refusal.add_done_callback(self._refusals.discard)


def _started(coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Its task; an error of one that nobody awaits is none to log, as of a server that stops."""
    task = asyncio.create_task(coroutine)
    task.add_done_callback(lambda task: task.cancelled() or task.exception())
    return task
