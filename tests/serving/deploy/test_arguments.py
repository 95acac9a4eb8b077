"""What the containers are started with is what the command takes."""

import importlib.util

import pytest

from pipeline.cli import _make_parser
from tests.serving.deploy.manifests import DEPLOY, KUBERNETES, compose, containers, merged, read_all

CONTAINERS = [pytest.param(command, args, id=where) for where, command, args in containers()]
PROBES = {
    "serve": {"/v1/models/emporium", "/readyz"}, "gateway": {"/healthz", "/readyz"}}


@pytest.mark.parametrize(("command", "args"), CONTAINERS)
def test_arguments_are_those_of_the_command(command, args) -> None:
    if command == "tensorflow_model_server":
        # Each flag is one that Emporium's server, which takes TensorFlow Serving's, has, too.
        args = ["serve", *args]
    elif args[0] == "gateway" and importlib.util.find_spec("pipeline.cli.gateway") is None:
        pytest.skip("this tree has no gateway")
    parsed = _make_parser().parse_args(args)
    if args[0] == "serve":
        assert (parsed.model_name, parsed.port) in (("emporium", 8500), ("emporium", 9000))
    else:
        assert parsed.server.endswith("model-server:8500")


def test_every_container_was_found() -> None:
    commands = sorted(args[0] for _, command, args in containers() if command == "emporium")
    assert commands == ["gateway", "gateway", "serve", "serve", "serve"]


def test_compose_keeps_the_model_server_inside() -> None:
    parts = compose()
    server, gateway = parts["services"]["model-server"], parts["services"]["gateway"]
    assert "ports" not in server
    assert server["networks"] == ["shop"]
    assert parts["networks"]["shop"]["internal"] is True
    assert [port.rsplit(":", 2)[0] for port in gateway["ports"]] == ["127.0.0.1"]
    for service in (server, gateway):
        assert service["read_only"] is True
        assert service["user"] == "1000"
        assert service["cap_drop"] == ["ALL"]
    assert all(
        set(service.get("networks", [])) <= set(parts["networks"])
        for service in parts["services"].values())


def test_compose_mounts_what_is_there() -> None:
    mounted = [
        volume.split(":")[0] for service in compose()["services"].values()
        for volume in service.get("volumes", [])]
    own = [path for path in mounted if path.startswith("./serving/deploy")]
    assert len(own) == 3
    root = DEPLOY.parents[1]
    assert all((root / path).exists() for path in own)
    named = {path for path in mounted if not path.startswith((".", "/"))}
    assert named == set(compose()["volumes"])


def test_compose_probes_the_ports_that_are_open() -> None:
    asked = {
        name: service["healthcheck"]["test"][-1]
        for name, service in compose()["services"].items() if "healthcheck" in service}
    assert "localhost:8501/readyz" in asked["model-server"]
    assert "localhost:8080/healthz" in asked["gateway"]


def test_each_server_is_probed_at_a_path_that_it_has() -> None:
    """Stock TensorFlow Serving has no /readyz: its overlay must not keep that of the base."""
    found = {}
    for file in ("model-server/deployment.yaml", "overlays/tensorflow-serving/model-server.yaml"):
        [container] = [
            container for document in read_all(KUBERNETES / file)
            if document["kind"] == "Deployment"
            for container in document["spec"]["template"]["spec"]["containers"]]
        found[container["command"][0]] = {
            container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")}
    assert found == {
        "emporium": {"/readyz"}, "tensorflow_model_server": {"/v1/models/emporium"}}


def test_compose_with_stock_tensorflow_serving() -> None:
    [stock] = read_all(DEPLOY / "compose.tensorflow-serving.yaml")
    services = merged(compose(), stock)["services"]
    assert services["model-server"]["entrypoint"] == ["tensorflow_model_server"]
    assert len(services["model-server"]["volumes"]) == 2
    # The stock image has nothing that could ask the server how it does.
    assert services["model-server"]["healthcheck"]["disable"] is True
    condition = services["gateway"]["depends_on"]["model-server"]["condition"]
    assert condition == "service_started"


def test_kserve_hangs_together() -> None:
    runtime, inference, service = read_all(DEPLOY / "kserve" / "emporium.yaml")
    assert runtime["kind"] == "ServingRuntime"
    [container] = runtime["spec"]["containers"]
    assert container["name"] == "kserve-container", "KServe looks for this name"
    model = inference["spec"]["predictor"]["model"]
    assert model["runtime"] == runtime["metadata"]["name"]
    [accepted] = runtime["spec"]["supportedModelFormats"]
    assert {name: accepted[name] for name in ("name", "version")} == model["modelFormat"]
    ports = {port["containerPort"] for port in container["ports"]}
    assert {int(a.split("=")[1]) for a in container["args"] if "port=" in a} == ports
    assert container["readinessProbe"]["httpGet"]["port"] in ports
    assert container["readinessProbe"]["httpGet"]["path"] in PROBES["serve"]
    assert service["spec"]["selector"] == {
        "serving.kserve.io/inferenceservice": inference["metadata"]["name"]}
    assert service["spec"]["ports"][0]["targetPort"] in ports
