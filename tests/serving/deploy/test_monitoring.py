"""Alerts and dashboard ask for metrics that the server gives."""

import importlib.util
import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.model_server.metrics import Metrics
from tests.serving.deploy.manifests import DEPLOY, read_all

_METRIC = re.compile(r"(?<![\w:])(?::tensorflow:serving:|emporium_|process_)\w+")


def rules():
    [document] = read_all(DEPLOY / "prometheus" / "rules.yaml")
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels():
    return json.loads((DEPLOY / "grafana/dashboards/emporium.json").read_text())["panels"]


def expressions() -> list[str]:
    asked = [rule["expr"] for rule in rules()]
    return asked + [target["expr"] for panel in panels() for target in panel["targets"]]


@pytest.fixture(scope="module")
def exposed() -> set[str]:
    """Names of samples of both servers after a first request of each kind."""
    metrics = Metrics()
    metrics.count_request("emporium", "Predict", "GRPC", "OK", 1e-6)
    metrics.count_call("emporium", 1e-6)
    metrics.loads.labels("emporium", "refused").inc()
    texts = [metrics.exposition()]
    if importlib.util.find_spec("serving.gateway") is not None:
        from serving.gateway.metrics import Metrics as GatewayMetrics

        gateway = GatewayMetrics()
        gateway.count_request("/search", 200, 0.1)
        texts.append(gateway.text(products=1, stale=False))
    return {
        sample.name for text in texts
        for family in text_string_to_metric_families(text.decode()) for sample in family.samples}


@pytest.mark.parametrize("expression", expressions())
def test_asks_for_what_is_exposed(expression, exposed) -> None:
    asked = set(_METRIC.findall(expression))
    if importlib.util.find_spec("serving.gateway") is None:
        asked = {name for name in asked if not name.startswith("emporium_gateway")}
    assert asked <= exposed
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert set(re.findall(r"(?<![\w:])emporium:[\w:]+", expression)) <= recorded
    for pair in ("()", "{}", "[]"):
        assert expression.count(pair[0]) == expression.count(pair[1])


def test_outcomes_and_statuses_are_those_of_the_server() -> None:
    source = (DEPLOY.parent / "model_server" / "served_model.py").read_text()
    assert '"refused"' in source
    import grpc

    [faults] = [rule["expr"] for rule in rules() if rule.get("record") == "emporium:faults:ratio5m"]
    [statuses] = re.findall(r'status=~"([^"]*)"', faults)
    assert set(statuses.split("|")) <= {code.name for code in grpc.StatusCode}


def test_alerts_say_how_bad_and_what_to_do() -> None:
    alerts = [rule for rule in rules() if "alert" in rule]
    assert len({rule["alert"] for rule in alerts}) == len(alerts) >= 8
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["action"]


def test_prometheus_scrapes_where_compose_answers() -> None:
    [config] = read_all(DEPLOY / "prometheus" / "prometheus.yml")
    assert config["rule_files"] == ["rules.yaml"]
    assert [
        (job["static_configs"][0]["targets"], job["metrics_path"])
        for job in config["scrape_configs"]
    ] == [(["model-server:8501"], "/monitoring/prometheus/metrics"),
          (["gateway:8080"], "/metrics")]


def test_dashboard_has_no_two_panels_in_one_place() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in panels()})
