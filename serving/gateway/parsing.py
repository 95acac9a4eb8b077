"""HTTP requests as typed ones, or an error that says what was wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import pydantic
from starlette.requests import Request

from serving.gateway.errors import ApiError
from serving.gateway.schemas import Request as RequestModel

_Model = TypeVar("_Model", bound=RequestModel)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
_BODY_SECONDS = 10.0
_MAX_PROBLEMS = 3


async def read_request(request: Request, model: type[_Model], max_body_bytes: int) -> _Model:
    """The request as its type.

    Raises:
        ApiError: 400, 408, 413 or 415.
    """
    try:
        if request.method == "POST":
            return model.model_validate_json(
                await _read_body(request, max_body_bytes), strict=True)
        return model.model_validate(_query_values(request, model), strict=True)
    except pydantic.ValidationError as error:
        raise ApiError(HTTPStatus.BAD_REQUEST, _problems(error)) from error


def parameter_schemas(model: type[RequestModel]) -> dict[str, dict[str, Any]]:
    """The JSON schema of each query parameter; one that may be null is simply left out instead."""
    parameters = {}
    for name, schema in model.model_json_schema().get("properties", {}).items():
        kept = {key: value for key, value in schema.items() if key != "title"}
        for option in kept.pop("anyOf", []):
            if option.get("type") != "null":
                kept.update(option)
        if kept.get("default", ...) is None:
            del kept["default"]
        parameters[name] = kept
    return parameters


def _query_values(request: Request, model: type[RequestModel]) -> dict[str, Any]:
    schemas = parameter_schemas(model)
    values: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        schema = schemas.get(name, {})
        if schema.get("type") == "array":
            values.setdefault(name, []).append(text)
        elif name in values:
            raise ApiError(HTTPStatus.BAD_REQUEST, f"{_short(name)}: should be given once")
        else:
            values[name] = _value(text, schema)
    return values


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """The value that a text is by its schema; other texts stay, for the type to refuse."""
    kind = schema.get("type")
    if kind == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


async def _read_body(request: Request, max_bytes: int) -> bytes:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body should be JSON, with Content-Type: "
            "application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body should not be compressed")
    try:
        return await asyncio.wait_for(_receive(request, max_bytes), _BODY_SECONDS)
    except asyncio.TimeoutError as error:
        raise ApiError(
            HTTPStatus.REQUEST_TIMEOUT, f"the body took longer than {_BODY_SECONDS:g} s") from error


async def _receive(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise ApiError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"the body is larger than {max_bytes} bytes; send it in parts")
    return bytes(body)


def _problems(error: pydantic.ValidationError) -> str:
    """What was wrong and where, without the values: they may tell of a shopper."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    texts = [
        ": ".join(filter(None, (_short(".".join(map(str, each["loc"]))), each["msg"])))
        for each in problems[:_MAX_PROBLEMS]]
    more = len(problems) - len(texts)
    return "; ".join(texts) + (f"; and {more} more" if more else "")


def _short(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode()[:80]
