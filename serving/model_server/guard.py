"""What stands around every gRPC method: errors become statuses, and all is counted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from serving.errors import RequestError, invalid_argument
from serving.model_server.api import ModelApi

logger = logging.getLogger(__name__)


class Guard(grpc.aio.ServerInterceptor):
    """Turns what a handler raises into a status, counts it, and never lets a traceback out.

    Also catches messages that do not parse, which gRPC would otherwise answer with INTERNAL.
    """

    def __init__(self, api: ModelApi) -> None:
        self._api = api
        self._wrapped: dict[str, grpc.RpcMethodHandler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """Wraps the unary handler of a method that this server has."""
        path = handler_call_details.method
        if path not in self._wrapped:
            handler = await continuation(handler_call_details)
            if handler is None or handler.unary_unary is None:
                return handler
            self._wrapped[path] = self._wrap(path.rsplit("/", 1)[-1], handler)
        return self._wrapped[path]

    def _wrap(self, method: str, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        def deserialize(data: bytes) -> Any:
            try:
                return handler.request_deserializer(data)
            except DecodeError as error:
                return error

        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            started = time.perf_counter()
            name = self._api.label(_model_name(request))
            status = "OK"
            try:
                return await _guarded(handler.unary_unary, method, request, context)
            except RequestError as error:
                status = error.code.name
                # Not aborted: the exception of an abort costs more than many an answer, and a
                # server that refuses has no time to lose.
                context.set_code(error.code)
                context.set_details(error.message)
                return None
            except asyncio.CancelledError:
                status = grpc.StatusCode.CANCELLED.name
                raise
            finally:
                self._api.metrics.count_request(
                    name, method, "GRPC", status, time.perf_counter() - started)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=deserialize,
            response_serializer=handler.response_serializer)


async def _guarded(handler: Callable[..., Awaitable[Any]], method: str, request: Any,
                   context: grpc.aio.ServicerContext) -> Any:
    try:
        if isinstance(request, DecodeError):
            raise invalid_argument(f"the request does not parse: {request}")
        return await handler(request, context)
    except RequestError:
        raise
    # The caller learns that it was not their fault; the log has the rest.
    except Exception:
        logger.exception("%s failed", method)
        raise RequestError(
            grpc.StatusCode.INTERNAL, "the server failed; its log says why") from None


def _model_name(request: Any) -> str:
    tasks = getattr(request, "tasks", None)  # of a MultiInferenceRequest
    spec = getattr(tasks[0] if tasks else request, "model_spec", None)
    return "" if spec is None else str(spec.name)
