"""TensorFlow Serving's REST API, as a thin skin over `ModelApi`."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import urllib.parse
from http import HTTPStatus
from typing import Any

import grpc
from google.protobuf import json_format
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import RequestError, invalid_argument, not_found, quoted
from serving.model_server.api import Call, ModelApi, ModelReference
from serving.model_server.example_methods import CLASSIFICATION, REGRESSION, ExampleMethod
from serving.model_server.http_body import BodyTooLargeError, read_body
from serving.model_server.inference import InferenceTask, infer
from serving.model_server.json_examples import format_result, parse_examples
from serving.model_server.rest_json import format_prediction, parse_predict

logger = logging.getLogger(__name__)

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_PREDICTION_PATH = re.compile(_MODEL + r":(?P<method>classify|regress|predict)", re.IGNORECASE)
_STATUS_PATH = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)
_ALL_MODELS_PATH = re.compile(r"/v1/models(?:/metadata)?", re.IGNORECASE)
_API_PATH = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_READY_PATH = "/readyz"
_MAX_VERSION = 2**63 - 1

_EXAMPLE_METHODS = {"classify": CLASSIFICATION, "regress": REGRESSION}

_HTTP_STATUS = {
    grpc.StatusCode.CANCELLED: 499,  # what nginx says of a client that closed its request
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.ABORTED: HTTPStatus.CONFLICT,
    grpc.StatusCode.OUT_OF_RANGE: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
}


class RestApi:
    """An ASGI application."""

    def __init__(self, api: ModelApi, max_body_bytes: int, timeout_seconds: float,
                 metrics_path: str | None) -> None:
        """Makes the application.

        Args:
            api: what answers.
            max_body_bytes: largest request.
            timeout_seconds: how long a request may take.
            metrics_path: where Prometheus finds metrics; None for nowhere.
        """
        self._api = api
        self._max_body_bytes = max_body_bytes
        self._timeout_seconds = timeout_seconds
        self._metrics_path = metrics_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        request = Request(scope, receive)
        path = scope["raw_path"].decode("latin-1")
        if request.method == "GET" and path == self._metrics_path:
            await Response(
                self._api.metrics.exposition(), media_type=CONTENT_TYPE_LATEST,
            )(scope, receive, send)
            return
        started = time.perf_counter()
        status: int = HTTPStatus.OK
        code = grpc.StatusCode.OK
        try:
            body = await asyncio.wait_for(self._answer(request, path), self._timeout_seconds)
        except RequestError as error:
            code = error.code
            status = _HTTP_STATUS.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)
            body = _error_body(error.message)
        except asyncio.TimeoutError:
            code, status = grpc.StatusCode.DEADLINE_EXCEEDED, HTTPStatus.GATEWAY_TIMEOUT
            body = _error_body(f"no answer within {self._timeout_seconds:g} s")
        except BodyTooLargeError as error:
            code, status = grpc.StatusCode.INVALID_ARGUMENT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            body = _error_body(str(error))
        except ClientDisconnect:
            return
        # The caller learns that it was not their fault; the log has the rest.
        except Exception:
            logger.exception("%s failed", request.method)
            code, status = grpc.StatusCode.INTERNAL, HTTPStatus.INTERNAL_SERVER_ERROR
            body = _error_body("the server failed; its log says why")
        self._count(path, code, time.perf_counter() - started)
        await Response(body, status, media_type="application/json")(scope, receive, send)

    def _count(self, path: str, code: grpc.StatusCode, seconds: float) -> None:
        match = _PREDICTION_PATH.fullmatch(path)
        if match is not None:
            name = self._api.label(match["name"])
            self._api.metrics.count_request(
                name, match["method"].capitalize(), "REST", code.name, seconds)

    async def _answer(self, request: Request, path: str) -> bytes:
        if request.method == "POST" and (match := _PREDICTION_PATH.fullmatch(path)):
            reference = _reference(match)
            body = await read_body(request, self._max_body_bytes)
            method = _EXAMPLE_METHODS.get(match["method"].lower())
            if method is None:
                return await self._predict(reference, body)
            return await self._infer(reference, method, body)
        if request.method == "GET" and (match := _STATUS_PATH.fullmatch(path)):
            reference = _reference(match)
            return self._metadata(reference) if match["metadata"] else self._status(reference)
        if request.method == "GET" and _ALL_MODELS_PATH.fullmatch(path):
            raise invalid_argument("Missing model name in request.")
        if request.method == "GET" and path == _READY_PATH:
            return self._ready()
        if not _API_PATH.fullmatch(path):
            raise not_found(f"{quoted(path)} is no path of this server; models are at /v1/models/")
        raise invalid_argument(f"Malformed request: {request.method} {quoted(path)}")

    def _ready(self) -> bytes:
        if silent := self._api.silent_models():
            raise RequestError(
                grpc.StatusCode.UNAVAILABLE,
                f"no version of {', '.join(map(repr, silent))} answers; the status of the model "
                "says why")
        return json.dumps({"ready": True}).encode()

    async def _predict(self, reference: ModelReference, body: bytes) -> bytes:
        parsed = await self._api.pool.call_sized(len(body), parse_predict, body)
        prediction = await self._api.predict(Call(
            reference, parsed.signature_name, parsed.decode, len(body),
            timeout=self._timeout_seconds))
        size_bytes = sum(array.nbytes for array in prediction.outputs.values())
        return await self._api.pool.call_sized(
            size_bytes, format_prediction, prediction.outputs, parsed.format)

    async def _infer(self, reference: ModelReference, method: ExampleMethod, body: bytes) -> bytes:
        parsed = await self._api.pool.call_sized(len(body), parse_examples, body)
        task = InferenceTask(reference, parsed.signature_name, method)
        inference = await infer(self._api, task, parsed.examples, self._timeout_seconds)
        return await self._api.pool.call_sized(
            inference.result.ByteSize(), format_result, inference.result)

    def _status(self, reference: ModelReference) -> bytes:
        return _dump({
            "model_version_status": [
                {
                    "version": str(status.version),
                    "state": status.state.name,
                    "status": {
                        "error_code": "FAILED_PRECONDITION" if status.error else "OK",
                        "error_message": status.error,
                    },
                }
                for status in self._api.statuses(reference)
            ]
        })

    def _metadata(self, reference: ModelReference) -> bytes:
        version, signature_defs = self._api.signature_defs(reference)
        signatures = {name: _signature_json(proto) for name, proto in signature_defs.items()}
        return _dump({
            "model_spec": {
                "name": reference.name, "signature_name": "", "version": str(version)},
            "metadata": {"signature_def": {"signature_def": signatures}},
        })


def _reference(match: re.Match[str]) -> ModelReference:
    version = None
    if match["version"]:
        # Compared by length first: converting thousands of digits is itself an attack.
        digits = match["version"].lstrip("0") or "0"
        if len(digits) > len(str(_MAX_VERSION)) or int(digits) > _MAX_VERSION:
            raise invalid_argument(f"Failed to convert version: {quoted(digits)} to numeric")
        version = int(digits)
    return ModelReference(_decoded(match["name"]), version, _decoded(match["label"] or ""))


def _decoded(part: str) -> str:
    try:
        return urllib.parse.unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid_argument(f"Failed to decode {quoted(part)}: not UTF-8") from error


def _signature_json(proto: meta_graph_pb2.SignatureDef) -> dict[str, Any]:
    document = json_format.MessageToDict(
        proto, including_default_value_fields=True, preserving_proto_field_name=True)
    # Newer than what most clients have been tested with: only where there is something to tell.
    if not document["defaults"]:
        del document["defaults"]
    return document


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", errors="replace")


def _error_body(message: str) -> bytes:
    return _dump({"error": message})
