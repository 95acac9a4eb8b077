"""What the server counts, under TensorFlow Serving's names where it has one, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

import prometheus_client
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

DEFAULT_PATH = "/monitoring/prometheus/metrics"

_MICROSECONDS = tuple(10 * 1.8**step for step in range(20))
_ROWS = tuple(2**step for step in range(11))
_SECONDS = tuple(1e-4 * 2**step for step in range(16))


class Metrics:
    """The counters of one server.

    Attributes:
        queue: requests that wait for the model.
        queue_seconds: how long the first of a batch waited.
        batch_rows: rows of a batch.
        shed: requests refused because too much waited.
        cache_hits: requests answered from earlier answers.
        loads: versions loaded, by model and outcome.
    """

    def __init__(self) -> None:
        self._registry = registry = prometheus_client.CollectorRegistry()
        prometheus_client.ProcessCollector(registry=registry)
        self._requests = _RequestCounts()
        registry.register(self._requests)
        # A child by its labels, which prometheus_client takes a lock and a while to find.
        self._children: dict[tuple[str, ...], prometheus_client.Histogram] = {}
        self._latency = prometheus_client.Histogram(
            ":tensorflow:serving:request_latency", "Microseconds of a request.",
            ("model_name", "API", "entrypoint"), buckets=_MICROSECONDS, registry=registry)
        self._runtime = prometheus_client.Histogram(
            ":tensorflow:serving:runtime_latency", "Microseconds that a request waited for the "
            "model and its answer.", ("model_name", "API"), buckets=_MICROSECONDS,
            registry=registry)
        self.queue = prometheus_client.Gauge(
            "emporium_batch_queue_requests", "Requests that wait for the model.",
            registry=registry)
        self.queue_seconds = prometheus_client.Histogram(
            "emporium_batch_queue_seconds", "Wait of the first request of a batch.",
            buckets=_SECONDS, registry=registry)
        self.batch_rows = prometheus_client.Histogram(
            "emporium_batch_rows", "Rows of a batch.", buckets=_ROWS, registry=registry)
        self.shed = prometheus_client.Counter(
            "emporium_requests_shed", "Requests refused because too much waited.",
            registry=registry)
        self.cache_hits = prometheus_client.Counter(
            "emporium_cache_hits", "Requests answered from earlier answers.", registry=registry)
        self.loads = prometheus_client.Counter(
            "emporium_version_loads", "Versions that were loaded or refused.",
            ("model_name", "outcome"), registry=registry)

    def count_request(self, model_name: str, method: str, door: str, status: str,
                      seconds: float) -> None:
        """Counts a request that has ended.

        Args:
            model_name: the model asked for; "" where the server has none of the name, or has
                several and refused the request unread.
            method: such as Predict.
            door: GRPC or REST.
            status: as TensorFlow Serving writes it, such as OK.
            seconds: that it took.
        """
        self._requests.add(model_name, status)
        self._child(self._latency, model_name, method, door).observe(seconds * 1e6)

    def count_call(self, model_name: str, seconds: float) -> None:
        """Counts how long a request waited for the model and its answer."""
        self._child(self._runtime, model_name, "Predict").observe(seconds * 1e6)

    def _child(self, histogram: prometheus_client.Histogram,
               *labels: str) -> prometheus_client.Histogram:
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = histogram.labels(*labels)
        return child

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return prometheus_client.generate_latest(self._registry)


class _RequestCounts(Collector):
    """`:tensorflow:serving:request_count`, without the `_total` that the client would append."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, model_name: str, status: str) -> None:
        key = model_name, status
        self._counts[key] = self._counts.get(key, 0) + 1

    def collect(self) -> Iterator[Metric]:
        metric = Metric(
            ":tensorflow:serving:request_count", "Requests, by model and status.", "unknown")
        for (model_name, status), count in list(self._counts.items()):
            metric.add_sample(
                metric.name, {"model_name": model_name, "status": status}, count)
        yield metric
