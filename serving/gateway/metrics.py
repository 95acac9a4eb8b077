"""What is counted, for Prometheus."""

from __future__ import annotations

import prometheus_client
from prometheus_client import Counter, Gauge, Histogram

# Seconds; a page of results should be there within 300 ms, a model call well before.
_BUCKETS = (.005, .01, .02, .03, .05, .075, .1, .15, .2, .3, .5, .75, 1, 2, 5)

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "emporium_gateway_requests", "HTTP requests answered.", ["endpoint", "code"],
            registry=self._registry)
        self._seconds = Histogram(
            "emporium_gateway_request_seconds", "Time to answer an HTTP request.", ["endpoint"],
            buckets=_BUCKETS, registry=self._registry)
        self._model_calls = Counter(
            "emporium_gateway_model_calls", "Calls of the model server.", ["call", "code"],
            registry=self._registry)
        self._model_seconds = Histogram(
            "emporium_gateway_model_call_seconds", "Time of a call of the model server.", ["call"],
            buckets=_BUCKETS, registry=self._registry)
        self._unknown = Counter(
            "emporium_gateway_unknown_products",
            "Products that the model answered and the catalogue does not have.",
            registry=self._registry)
        self._feedback = Counter(
            "emporium_gateway_feedback_events", "Events that were written.", ["event"],
            registry=self._registry)
        self._products = Gauge(
            "emporium_gateway_catalogue_products", "Products of the catalogue.",
            registry=self._registry)
        self._stale = Gauge(
            "emporium_gateway_catalogue_stale",
            "1 while the catalogue's files cannot be read and an older one is in use.",
            registry=self._registry)

    def count_request(self, endpoint: str, code: int, seconds: float) -> None:
        """Counts a request; `endpoint` is a route, never a path as sent."""
        self._requests.labels(endpoint, str(code)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def count_model_call(self, call: str, code: str, seconds: float) -> None:
        """Counts a call by its signature or method and its gRPC status."""
        self._model_calls.labels(call, code).inc()
        self._model_seconds.labels(call).observe(seconds)

    def count_unknown(self, products: int) -> None:
        """Counts answers that had to be left out."""
        self._unknown.inc(products)

    def count_feedback(self, event: str) -> None:
        """Counts an event that was written."""
        self._feedback.labels(event).inc()

    def text(self, *, products: int, stale: bool) -> bytes:
        """Everything in Prometheus' text form."""
        self._products.set(products)
        self._stale.set(stale)
        return prometheus_client.generate_latest(self._registry)
