"""openapi.json, made from the table of endpoints and their types."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic.json_schema import models_json_schema

from serving.gateway.endpoints import Endpoint
from serving.gateway.parsing import parameter_schemas
from serving.gateway.schemas import ErrorAnswer

_REFERENCE = "#/components/schemas/{model}"
_OF_KEYS = (401, 429)
_OF_BODIES = (408, 413, 415)

Mode = Literal["validation", "serialization"]


def make_openapi(endpoints: Sequence[Endpoint], *, title: str, keys: bool,
                 operator_keys: bool) -> dict[str, Any]:
    """The description of the API.

    Args:
        endpoints: what is described.
        title: the shop's name.
        keys: whether callers need a key.
        operator_keys: whether operators need one of their own.
    """
    models: list[tuple[type, Mode]] = [(ErrorAnswer, "serialization")]
    for endpoint in endpoints:
        models.append((endpoint.answer, "serialization"))
        if "POST" in endpoint.methods:
            models.append((endpoint.request, "validation"))
    names, definitions = models_json_schema(
        list(dict.fromkeys(models)), ref_template=_REFERENCE)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": title, "version": "0.1.0",
            "description": "Search and recommendation for a shop."},
        "paths": {
            endpoint.path: {
                method.lower(): _operation(
                    endpoint, method, names, keys or (operator_keys and endpoint.operator))
                for method in endpoint.methods}
            for endpoint in endpoints},
        "components": {"schemas": definitions["$defs"]},
    }
    if keys or operator_keys:
        document["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer"}}
    return document


def _operation(endpoint: Endpoint, method: str, names: Any, keys: bool) -> dict[str, Any]:
    statuses = {400, *endpoint.errors}
    if not endpoint.open:
        statuses |= set(_OF_KEYS) if keys else {429}
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": f"{method.lower()}{endpoint.path.replace('/', '_')}",
    }
    if method == "POST":
        statuses |= set(_OF_BODIES)
        operation["requestBody"] = {
            "required": True, "content": _json(names[endpoint.request, "validation"])}
    elif parameters := _parameters(endpoint):
        operation["parameters"] = parameters
    operation["responses"] = {
        "200": {
            "description": "The answer",
            "content": _json(names[endpoint.answer, "serialization"])},
        **{
            str(status): {
                "description": HTTPStatus(status).phrase,
                "content": _json(names[ErrorAnswer, "serialization"])}
            for status in sorted(statuses)},
    }
    if keys and not endpoint.open:
        operation["security"] = [{"key": []}]
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    required = endpoint.request.model_json_schema().get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in parameter_schemas(endpoint.request).items()]


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
