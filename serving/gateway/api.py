"""What the endpoints answer, without HTTP: typed requests in, typed answers out."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from serving.errors import OutputFileError
from serving.gateway import schemas
from serving.gateway.catalogue import Product, parse_category
from serving.gateway.catalogue_store import CatalogueStore
from serving.gateway.errors import ApiError
from serving.gateway.explaining import explain
from serving.gateway.feedback import FeedbackWriter
from serving.gateway.filters import Filters
from serving.gateway.finding import Found, Hit, find, join
from serving.gateway.metrics import Metrics
from serving.gateway.model_client import ModelClient
from serving.gateway.settings import GatewayConfig
from serving.gateway.shoppers import ExampleShopper
from serving.gateway.traffic import Traffic
from serving.retrieval import Context, Result

_log = logging.getLogger(__name__)

_TOP_QUERIES = 20


class GatewayApi:
    """Joins the model server's answers with the catalogue."""

    def __init__(self, config: GatewayConfig, client: ModelClient, store: CatalogueStore,
                 feedback: FeedbackWriter | None, examples: Sequence[ExampleShopper],
                 metrics: Metrics, traffic: Traffic) -> None:
        self._config = config
        self._client = client
        self._store = store
        self._feedback = feedback
        self._examples = examples
        self._metrics = metrics
        self._traffic = traffic

    async def search(self, request: schemas.SearchRequest) -> schemas.SearchAnswer:
        """Products for a query."""
        filters = Filters.of(
            request.brand, parse_category(request.category), request.price_min, request.price_max)
        found = await find(
            self._client, self._store.current, request.q, filters, request.k)
        self._metrics.count_unknown(found.unknown)
        if not request.typing:
            self._traffic.count_query(request.q, len(found.hits))
        return schemas.SearchAnswer(
            items=self._items(found.hits[:request.k]), total=len(found.hits),
            considered=found.considered, facets=_facets(found))

    async def recommend(self, request: schemas.RecommendRequest) -> schemas.ListAnswer:
        """Products for a shopper."""
        [results] = await self._client.recommend([_context(request)])
        return self._list(results, request.k)

    async def similar(self, request: schemas.SimilarRequest) -> schemas.ListAnswer:
        """Products like one."""
        product = self._known(request.product_id)
        [results] = await self._client.similar([product.product_id])
        return self._list(results, request.k)

    async def explain(self, request: schemas.ExplainRequest) -> schemas.ExplainAnswer:
        """Why a product is answered."""
        product = self._known(request.product_id)
        return await explain(self._client, self._store.current, product, _context(request))

    async def product(self, request: schemas.ProductRequest) -> schemas.ProductAnswer:
        """A product of the catalogue."""
        product = self._known(request.product_id)
        return schemas.ProductAnswer(
            **self._card(product), description=product.description,
            attributes=dict(product.attributes))

    async def shoppers(self, _: schemas.NoRequest) -> schemas.ShoppersAnswer:
        """Examples of shoppers."""
        catalogue = self._store.current
        return schemas.ShoppersAnswer(shoppers=[
            schemas.Shopper(
                name=f"Shopper {number}", profile=example.profile,
                history=[schemas.Card(**self._card(product)) for product_id in example.history
                         if (product := catalogue.get(product_id)) is not None])
            for number, example in enumerate(self._examples, start=1)])

    async def feedback(self, request: schemas.FeedbackRequest) -> schemas.FeedbackAnswer:
        """Keeps events."""
        if self._feedback is None:
            raise ApiError(
                HTTPStatus.NOT_FOUND, "feedback is switched off; start the gateway with --feedback")
        known = [
            event for event in request.events
            if self._store.current.get(event.product_id) is not None]
        if known:
            try:
                await asyncio.to_thread(self._feedback.append, known)
            except OutputFileError as error:
                _log.error("%s", error)
                raise ApiError(
                    HTTPStatus.SERVICE_UNAVAILABLE, "events cannot be kept now", 5) from error
        for event in known:
            self._metrics.count_feedback(event.event)
        return schemas.FeedbackAnswer(
            accepted=len(known), unknown_products=len(request.events) - len(known))

    async def health(self, _: schemas.NoRequest) -> schemas.HealthAnswer:
        """Says that the process answers."""
        return schemas.HealthAnswer(status="ok")

    async def ready(self, _: schemas.NoRequest) -> schemas.ReadyAnswer:
        """Says which version answers."""
        for version in await self._client.versions():
            if version.state == "AVAILABLE":
                return schemas.ReadyAnswer(
                    status="ready", version=version.version, products=len(self._store.current))
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "no version of the model is available", 2)

    async def operator(self, _: schemas.NoRequest) -> schemas.OperatorAnswer:
        """What the operator's page shows."""
        versions, signatures, serving, error = await self._model_state()
        quality = await asyncio.to_thread(self._quality)
        return schemas.OperatorAnswer(
            model_server=self._config.server, model_error=error, versions=versions,
            serving_version=serving, signatures=signatures,
            uptime_seconds=self._traffic.uptime_seconds,
            catalogue_products=len(self._store.current), catalogue_stale=self._store.failed,
            minutes=self._traffic.minutes(), endpoints=_endpoints(self._traffic),
            top_queries=_counts(self._traffic.queries.top(_TOP_QUERIES)),
            empty_queries=_counts(self._traffic.empty_queries.top(_TOP_QUERIES)),
            quality=quality)

    def metrics_text(self) -> bytes:
        """Everything that is counted, in Prometheus' text form."""
        return self._metrics.text(products=len(self._store.current), stale=self._store.failed)

    async def _model_state(
            self) -> tuple[list[schemas.VersionAnswer], list[str], int | None, str]:
        try:
            versions = [
                schemas.VersionAnswer(
                    version=version.version, state=version.state, error=version.error)
                for version in await self._client.versions()]
            serving, signatures = await self._client.signatures()
        except ApiError as error:
            return [], [], None, str(error)
        return versions, signatures, serving, ""

    def _quality(self) -> list[schemas.TableQuality]:
        if self._config.reports is None:
            return []
        try:
            tree = json.loads((self._config.reports / "quality.json").read_text(encoding="utf-8"))
            return [
                schemas.TableQuality(
                    table=name, rows=table["rows"], kept=table["kept"],
                    quarantined=table["quarantined"], score=table["score"])
                for name, table in tree["tables"].items()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("quality.json cannot be read: %s", error)
            return []

    def _known(self, product_id: str) -> Product:
        product = self._store.current.get(product_id)
        if product is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "the catalogue has no product of this id")
        return product

    def _list(self, results: Sequence[Result], k: int) -> schemas.ListAnswer:
        hits = join(results, self._store.current)
        self._metrics.count_unknown(len(results) - len(hits))
        return schemas.ListAnswer(items=self._items(hits[:k]))

    def _items(self, hits: Iterable[Hit]) -> list[schemas.Item]:
        return [
            schemas.Item(rank=rank, score=hit.score, **self._card(hit.product))
            for rank, hit in enumerate(hits, start=1)]

    def _card(self, product: Product) -> dict[str, Any]:
        shown = any(product.image.startswith(f"{origin}/")
                    for origin in self._config.image_origins)
        return {
            "product_id": product.product_id, "title": product.title, "brand": product.brand,
            "category": list(product.category), "price": product.price,
            "image": product.image if shown else None}


def _context(request: schemas.ShopperContext) -> Context:
    history = request.history
    known = any(item.event or item.age_days >= 0 for item in history)
    return Context(
        history=[item.product_id for item in history], profile=request.profile,
        query=request.query, exclude=request.exclude,
        events=[item.event for item in history] if known else (),
        ages=[item.age_days for item in history] if known else ())


def _facets(found: Found) -> schemas.FacetsAnswer:
    facets = found.facets
    return schemas.FacetsAnswer(
        brands=[schemas.BrandCount(brand=brand, count=count) for brand, count in facets.brands],
        categories=[
            schemas.CategoryCount(category=list(path), count=count)
            for path, count in facets.categories],
        prices=facets.prices and schemas.PriceRange(min=facets.prices[0], max=facets.prices[1]))


def _endpoints(traffic: Traffic) -> list[schemas.EndpointTraffic]:
    answers = []
    for endpoint, stats in sorted(traffic.endpoints.items()):
        p50, p90, p99 = stats.percentiles_ms()
        answers.append(schemas.EndpointTraffic(
            endpoint=endpoint, requests=stats.requests, client_errors=stats.client_errors,
            server_errors=stats.server_errors, p50_ms=p50, p90_ms=p90, p99_ms=p99))
    return answers


def _counts(pairs: Iterable[tuple[str, int]]) -> list[schemas.QueryCount]:
    return [schemas.QueryCount(query=query, count=count) for query, count in pairs]
