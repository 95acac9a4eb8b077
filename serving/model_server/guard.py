"""What stands around every gRPC method: errors become statuses, and all is counted."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from serving.errors import RequestError, invalid_argument
from serving.model_server.accepting import Refuser
from serving.model_server.api import ModelApi

logger = logging.getLogger(__name__)


_SERVICE = "/tensorflow.serving.PredictionService"
_CALL_A_MODEL = frozenset({"Predict", "Classify", "Regress", "MultiInference"})


class Guard(Refuser):
    """Turns what a handler raises into a status, counts it, and never lets a traceback out.

    Also catches messages that do not parse, which gRPC would otherwise answer with INTERNAL, and
    refuses unread what no version would take: reading it costs more than saying so, and a server
    that refuses has no time to lose.
    """

    def __init__(self, api: ModelApi) -> None:
        self._api = api
        self._services: list[grpc.GenericRpcHandler] = []
        self._wrapped: dict[str, grpc.RpcMethodHandler] = {}
        # A handler of a stream is not kept waiting for the message.
        self._refusal = grpc.stream_unary_rpc_method_handler(_refuse)

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Stands around a service; named as the generated code that registers one calls it."""
        self._services.extend(handlers)

    def refuses(self) -> bool:
        """Whether no version of any model takes a request."""
        return self._api.refuses()

    def refusal(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """What refuses a request that calls a model while none takes it; else None."""
        service, _, method = call.method.rpartition("/")
        if not (service == _SERVICE and method in _CALL_A_MODEL and self._api.refuses()):
            return None
        self._api.refuse_unread(method)
        return self._refusal

    def service(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of a request; None for a method that this server has not."""
        return self.refusal(call) or self._handler(call)

    def _handler(self, call: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        path = call.method
        if path not in self._wrapped:
            found = filter(None, (service.service(call) for service in self._services))
            handler = next(found, None)
            if handler is None or handler.unary_unary is None:
                return handler
            self._wrapped[path] = self._wrap(path.rpartition("/")[-1], handler)
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

        def serialize(response: Any) -> bytes:
            done = isinstance(response, bytes)
            return response if done else handler.response_serializer(response)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=deserialize, response_serializer=serialize)


async def _refuse(_messages: object, context: grpc.aio.ServicerContext) -> None:
    context.set_code(grpc.StatusCode.RESOURCE_EXHAUSTED)
    context.set_details(
        "the server is busy with as many requests as it takes; try again later or on another "
        "replica")


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
