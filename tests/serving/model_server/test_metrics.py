from serving.model_server.metrics import Metrics


def _lines(metrics: Metrics) -> set[str]:
    return set(metrics.exposition().decode().splitlines())


def test_requests_are_counted_under_tensorflow_servings_name():
    metrics = Metrics()
    for status in ("OK", "OK", "NOT_FOUND"):
        metrics.count_request("shop", "Predict", "GRPC", status, 1e-3)
    assert {
        ':tensorflow:serving:request_count{model_name="shop",status="OK"} 2.0',
        ':tensorflow:serving:request_count{model_name="shop",status="NOT_FOUND"} 1.0',
    } <= _lines(metrics)


def test_latencies_are_microseconds_in_tensorflow_servings_buckets():
    metrics = Metrics()
    metrics.count_request("shop", "Predict", "GRPC", "OK", 17e-6)
    metrics.count_call("shop", 19e-6)
    request = 'API="Predict",entrypoint="GRPC",model_name="shop"'
    runtime = 'API="Predict",model_name="shop"'
    assert {
        f':tensorflow:serving:request_latency_bucket{{{request},le="10.0"}} 0.0',
        f':tensorflow:serving:request_latency_bucket{{{request},le="18.0"}} 1.0',
        f":tensorflow:serving:request_latency_count{{{request}}} 1.0",
        f':tensorflow:serving:runtime_latency_bucket{{{runtime},le="18.0"}} 0.0',
        f":tensorflow:serving:runtime_latency_count{{{runtime}}} 1.0",
    } <= {_sorted(line) for line in _lines(metrics)}


def _sorted(line: str) -> str:
    """A line with its labels by name, the bucket last; Prometheus does not mind their order."""
    name, brace, rest = line.partition("{")
    labels, _, value = rest.rpartition("}")
    ordered = sorted(labels.split(","), key=lambda label: (label.startswith("le="), label))
    return f"{name}{{{','.join(ordered)}}}{value}" if brace else line


def test_what_emporium_adds_has_its_own_names():
    names = {line.split()[2] for line in _lines(Metrics()) if line.startswith("# TYPE emporium")}
    assert names >= {
        "emporium_batch_queue_requests", "emporium_batch_queue_seconds", "emporium_batch_rows",
        "emporium_requests_shed_total", "emporium_cache_hits_total",
        "emporium_version_loads_total"}


def test_two_servers_in_a_process_count_apart():
    one, other = Metrics(), Metrics()
    one.cache_hits.inc()
    assert "emporium_cache_hits_total 1.0" in _lines(one)
    assert "emporium_cache_hits_total 0.0" in _lines(other)
