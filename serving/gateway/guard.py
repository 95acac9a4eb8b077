"""What stands before every request: keys, rates, headers, counts, and answers to failures."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import logging
import time
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.gateway.api_keys import ApiKeys
from serving.gateway.errors import ApiError
from serving.gateway.metrics import Metrics
from serving.gateway.rate_limit import RateLimiter
from serving.gateway.traffic import Traffic

logger = logging.getLogger(__name__)

ENDPOINT = "emporium.endpoint"
"""Where a route writes its name into the scope; a path as sent would be a label without bound."""

_CUSTOMER_BITS = 64

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def content_security_policy(image_origins: Iterable[str]) -> str:
    """The policy of the pages: nothing but the gateway's own files, and pictures of products."""
    return "; ".join((
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
        " ".join(("img-src 'self'", *image_origins)), "base-uri 'none'", "form-action 'self'",
        "frame-ancestors 'none'"))


def error_response(error: ApiError) -> Response:
    """{"error": message}, with the status of an error."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        json.dumps({"error": str(error)}, ensure_ascii=False).encode("utf-8", errors="replace"),
        int(error.status), headers, "application/json")


@dataclasses.dataclass(frozen=True)
class Keys:
    """Who is let in.

    Attributes:
        callers: keys of the API; None lets in everyone.
        operators: keys of the operator's page, which open all else, too; None lets in whom
            `callers` does.
    """

    callers: ApiKeys | None = None
    operators: ApiKeys | None = None


class Guard:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, keys: Keys, limiter: RateLimiter,
                 open_paths: frozenset[str], caller_paths: frozenset[str], policy: str,
                 metrics: Metrics, traffic: Traffic) -> None:
        """Prepares the guard.

        Args:
            app: what it wraps.
            keys: who is let in.
            limiter: how often.
            open_paths: want no key and count for no rate limit.
            caller_paths: are for whoever has a caller's key. All that is in neither, however its
                path is spelt, is for operators.
            policy: the Content-Security-Policy of all answers.
            metrics: counts requests.
            traffic: the same, for the operator's page.
        """
        self._app = app
        self._keys = keys
        self._limiter = limiter
        self._open_paths = open_paths
        self._caller_paths = caller_paths
        self._headers = {**_HEADERS, "Content-Security-Policy": policy}
        self._metrics = metrics
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one HTTP request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        try:
            await self._answer(scope, receive, send_with_headers)
        except ClientDisconnect:
            return
        except Exception:
            # Answered already, where an answer was still possible.
            logger.exception("%s failed", scope.get(ENDPOINT, "a request"))
        seconds = time.perf_counter() - began
        endpoint = scope.get(ENDPOINT, "other")
        self._metrics.count_request(endpoint, status, seconds)
        self._traffic.count_request(endpoint, status, seconds)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] not in self._open_paths:
            try:
                self._admit(scope)
            except ApiError as error:
                await error_response(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        key = _key(Headers(scope=scope))
        caller, operator = _known(self._keys.callers, key), _known(self._keys.operators, key)
        known = operator or caller
        who = f"key {known}" if known else f"address {_address(scope)}"
        if wait := self._limiter.take(who):
            raise ApiError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", wait)
        if self._keys.operators is not None and scope["path"] not in self._caller_paths:
            if operator is None:
                raise ApiError(
                    HTTPStatus.UNAUTHORIZED,
                    "an operator's key is needed: send Authorization: Bearer KEY")
        elif self._keys.callers is not None and known is None:
            raise ApiError(
                HTTPStatus.UNAUTHORIZED, "a key is needed: send Authorization: Bearer KEY")


def _known(keys: ApiKeys | None, key: str) -> str | None:
    return keys.known(key) if keys is not None and key else None


def _address(scope: Scope) -> str:
    """The caller's address; of IPv6 the network, as each customer of a provider has all of one."""
    client = scope.get("client")
    host = str(client[0]) if client else "unknown"
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, _CUSTOMER_BITS), strict=False))


def _key(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
