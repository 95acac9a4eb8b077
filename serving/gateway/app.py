"""The ASGI application: routes made from the table of endpoints, behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.gateway.api import GatewayApi
from serving.gateway.api_keys import ApiKeys
from serving.gateway.catalogue_store import CatalogueStore
from serving.gateway.endpoints import Endpoint, make_endpoints
from serving.gateway.errors import ApiError
from serving.gateway.feedback import FeedbackWriter
from serving.gateway.guard import (
    ENDPOINT,
    Guard,
    Keys,
    content_security_policy,
    error_response,
)
from serving.gateway.metrics import CONTENT_TYPE, Metrics
from serving.gateway.model_client import ModelClient
from serving.gateway.openapi import make_openapi
from serving.gateway.pages import Page, make_pages
from serving.gateway.parsing import read_request
from serving.gateway.rate_limit import RateLimiter
from serving.gateway.settings import GatewayConfig
from serving.gateway.shoppers import read_shoppers
from serving.gateway.traffic import Traffic

_STATIC = "/static"

_Handler = Callable[[Request], Awaitable[Response]]


@contextlib.asynccontextmanager
async def gateway_app(config: GatewayConfig) -> AsyncIterator[Guard]:
    """The application of a gateway, for as long as the block runs.

    Raises:
        ServingError: the catalogue, the shoppers or the keys cannot be read, or the folder of
            the feedback cannot be written to.
    """
    keys = Keys(
        None if config.api_keys is None else ApiKeys.read(config.api_keys),
        None if config.operator_keys is None else ApiKeys.read(config.operator_keys))
    store = await asyncio.to_thread(CatalogueStore, config.catalogue)
    examples = [] if config.shoppers is None else await asyncio.to_thread(
        read_shoppers, config.shoppers, store.current)
    metrics, traffic = Metrics(), Traffic(time.monotonic)
    feedback = None if config.feedback is None else FeedbackWriter(config.feedback)
    client = ModelClient(
        config.server, config.model_name, config.timeout_seconds, metrics, config.server_tls)
    api = GatewayApi(config, client, store, feedback, examples, metrics, traffic)
    tasks = [asyncio.create_task(store.watch(config.reload_seconds))]
    if feedback is not None:
        tasks.append(asyncio.create_task(feedback.run()))
    try:
        yield _make_app(config, api, keys, metrics, traffic)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await client.close()
        if feedback is not None:
            await asyncio.to_thread(feedback.close)


def _make_app(config: GatewayConfig, api: GatewayApi, keys: Keys, metrics: Metrics,
              traffic: Traffic) -> Guard:
    endpoints = make_endpoints(api)
    pages = make_pages(
        shop_name=config.shop_name, currency=config.currency,
        feedback=config.feedback is not None)
    described = json.dumps(make_openapi(
        endpoints, title=config.shop_name, keys=keys.callers is not None,
        operator_keys=keys.operators is not None)).encode()

    async def openapi(_: Request) -> Response:
        return Response(described, media_type="application/json")

    async def metrics_text(_: Request) -> Response:
        return Response(api.metrics_text(), headers={"Content-Type": CONTENT_TYPE})

    open_handlers: dict[str, _Handler] = {
        "/openapi.json": openapi, "/metrics": metrics_text,
        **{path: _page_handler(page) for path, page in pages.items()}}
    routes = [
        Route(endpoint.path, _named(endpoint.path, _json_handler(endpoint, config.max_body_bytes)),
              methods=list(endpoint.methods))
        for endpoint in endpoints]
    routes += [
        Route(path, _named(_label(path), handler), methods=["GET"])
        for path, handler in open_handlers.items()]
    app = Starlette(routes=routes, exception_handlers={
        HTTPException: _routing_error, ApiError: _api_error, Exception: _failure})
    app.router.redirect_slashes = False
    return Guard(
        app, keys=keys, limiter=RateLimiter(config.rate, config.burst, time.monotonic),
        open_paths=frozenset(open_handlers) | {each.path for each in endpoints if each.open},
        caller_paths=frozenset(each.path for each in endpoints if not each.operator),
        policy=content_security_policy(config.image_origins), metrics=metrics, traffic=traffic)


def _label(path: str) -> str:
    return _STATIC if path.startswith(_STATIC) else path


def _named(path: str, handler: _Handler) -> _Handler:
    async def handle(request: Request) -> Response:
        request.scope[ENDPOINT] = path
        return await handler(request)

    return handle


def _json_handler(endpoint: Endpoint, max_body_bytes: int) -> _Handler:
    async def handle(request: Request) -> Response:
        answer = await endpoint.handle(
            await read_request(request, endpoint.request, max_body_bytes))
        return Response(
            answer.model_dump_json(), headers={"Cache-Control": "no-store"},
            media_type="application/json")

    return handle


def _page_handler(page: Page) -> _Handler:
    async def handle(request: Request) -> Response:
        return page.response(request)

    return handle


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _failure(_: Request, _error: Exception) -> Response:
    # The caller learns that it was not their fault; the guard logs the rest.
    return error_response(ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR, "the gateway failed; its log says why"))


async def _routing_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    response = error_response(ApiError(status, status.phrase))
    response.headers.update(error.headers or {})
    return response
