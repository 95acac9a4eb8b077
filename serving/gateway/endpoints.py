"""The API's endpoints as a table, from which both the routes and openapi.json are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from serving.gateway import schemas
from serving.gateway.api import GatewayApi


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """An endpoint that answers JSON.

    Attributes:
        path: of the URL.
        methods: GET takes the request as query parameters, POST as a JSON body.
        request: the type of what is sent.
        answer: the type of what is answered.
        handle: makes the one into the other.
        summary: what it does, for openapi.json.
        errors: statuses that it may answer beside those that each may.
        open: whether it wants no key and counts for no rate limit.
        operator: whether it wants an operator's key, where there are any.
    """

    path: str
    methods: tuple[str, ...]
    request: type[schemas.Request]
    answer: type[schemas.Answer]
    handle: Callable[[Any], Awaitable[schemas.Answer]]
    summary: str
    errors: tuple[int, ...] = ()
    open: bool = False
    operator: bool = False


_MODEL_ERRORS = (503, 504)


def make_endpoints(api: GatewayApi) -> list[Endpoint]:
    """All endpoints of an API."""
    return [
        Endpoint("/search", ("GET", "POST"), schemas.SearchRequest, schemas.SearchAnswer,
                 api.search, "Products for a query, with filters and facets", _MODEL_ERRORS),
        Endpoint("/recommend", ("POST",), schemas.RecommendRequest, schemas.ListAnswer,
                 api.recommend, "Products for a shopper", _MODEL_ERRORS),
        Endpoint("/similar", ("GET", "POST"), schemas.SimilarRequest, schemas.ListAnswer,
                 api.similar, "Products like one", (404, *_MODEL_ERRORS)),
        Endpoint("/explain", ("POST",), schemas.ExplainRequest, schemas.ExplainAnswer,
                 api.explain, "Why a product is answered in a context", (404, *_MODEL_ERRORS)),
        Endpoint("/product", ("GET",), schemas.ProductRequest, schemas.ProductAnswer,
                 api.product, "A product of the catalogue", (404,)),
        Endpoint("/shoppers", ("GET",), schemas.NoRequest, schemas.ShoppersAnswer,
                 api.shoppers, "Examples of shoppers"),
        Endpoint("/feedback", ("POST",), schemas.FeedbackRequest, schemas.FeedbackAnswer,
                 api.feedback, "Keeps what shoppers saw and did", (404, 503)),
        Endpoint("/operator/data", ("GET",), schemas.NoRequest, schemas.OperatorAnswer,
                 api.operator, "What the operator's page shows", operator=True),
        Endpoint("/healthz", ("GET",), schemas.NoRequest, schemas.HealthAnswer,
                 api.health, "Whether the process answers", open=True),
        Endpoint("/readyz", ("GET",), schemas.NoRequest, schemas.ReadyAnswer,
                 api.ready, "Whether a version of the model answers", (429, *_MODEL_ERRORS), True),
    ]
