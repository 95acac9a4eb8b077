"""TensorFlow Serving's REST API, as a thin skin over `ModelApi`."""

from __future__ import annotations

import json
import logging
import re
import urllib.parse
from http import HTTPStatus
from typing import Any

import grpc
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

from serving.errors import RequestError, invalid_argument, quoted
from serving.model_server.api import ModelApi, ModelReference
from serving.model_server.rest_json import format_prediction, parse_predict

logger = logging.getLogger(__name__)

_MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_PREDICTION_PATH = re.compile(_MODEL + r":(?P<method>classify|regress|predict)", re.IGNORECASE)
_STATUS_PATH = re.compile(_MODEL + r"(?P<metadata>/metadata)?", re.IGNORECASE)
_MAX_VERSION = 2**63 - 1

_HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.UNIMPLEMENTED: HTTPStatus.NOT_IMPLEMENTED,
}


class RestApi:
    """An ASGI application."""

    def __init__(self, api: ModelApi, max_body_bytes: int) -> None:
        self._api = api
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        request = Request(scope, receive)
        try:
            status, body = HTTPStatus.OK, await self._answer(request)
        except RequestError as error:
            status = _HTTP_STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
            body = _error_body(error.message)
        except _BodyTooLargeError as error:
            status, body = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _error_body(str(error))
        except ClientDisconnect:
            return
        # The caller learns that it was not their fault; the log has the rest.
        except Exception:
            logger.exception("%s failed", request.method)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            body = _error_body("the server failed; its log says why")
        await Response(body, status, media_type="application/json")(scope, receive, send)

    async def _answer(self, request: Request) -> bytes:
        path = request.scope["raw_path"].decode("latin-1")
        if request.method == "POST" and (match := _PREDICTION_PATH.fullmatch(path)):
            if match["method"].lower() != "predict":
                raise RequestError(
                    grpc.StatusCode.UNIMPLEMENTED,
                    f"{match['method'].lower()} is not offered by this server; use predict")
            return await self._predict(_reference(match), await self._read_body(request))
        if request.method == "GET" and (match := _STATUS_PATH.fullmatch(path)):
            reference = _reference(match)
            return self._metadata(reference) if match["metadata"] else self._status(reference)
        raise invalid_argument(f"Malformed request: {request.method} {quoted(path)}")

    async def _predict(self, reference: ModelReference, body: bytes) -> bytes:
        parsed = await self._api.pool.call_sized(len(body), parse_predict, body)
        prediction = await self._api.predict(
            reference, parsed.signature_name, parsed.decode, len(body))
        size_bytes = sum(array.nbytes for array in prediction.outputs.values())
        return await self._api.pool.call_sized(
            size_bytes, format_prediction, prediction.outputs, parsed.format)

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

    async def _read_body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._max_body_bytes:
                raise _BodyTooLargeError(
                    f"the body is larger than {self._max_body_bytes} bytes; send it in parts")
        return bytes(body)


class _BodyTooLargeError(Exception):
    pass


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
    return {
        "inputs": {name: _tensor_json(info) for name, info in proto.inputs.items()},
        "outputs": {name: _tensor_json(info) for name, info in proto.outputs.items()},
        "method_name": proto.method_name,
    }


def _tensor_json(info: meta_graph_pb2.TensorInfo) -> dict[str, Any]:
    return {
        "dtype": types_pb2.DataType.Name(info.dtype),
        "tensor_shape": {
            "dim": [{"size": str(dim.size), "name": dim.name} for dim in info.tensor_shape.dim],
            "unknown_rank": info.tensor_shape.unknown_rank,
        },
        "name": info.name,
    }


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", errors="replace")


def _error_body(message: str) -> bytes:
    return _dump({"error": message})
