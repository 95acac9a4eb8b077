"""Manifests against Kubernetes' schemas, and against each other."""

import shutil

import kubernetes_validate
import pytest

from serving.model_server.metrics import Metrics
from tests.serving.deploy.manifests import (
    BUILDS,
    DEPLOY,
    KUBERNETES,
    build,
    named,
    of_kind,
    pods,
    read_all,
)

VERSIONS = ("1.29", "1.33", kubernetes_validate.latest_version())

needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl, which builds kustomizations, is not here")


@pytest.fixture(params=BUILDS)
def resources(request):
    return build(KUBERNETES / request.param)


@pytest.mark.parametrize("version", VERSIONS)
def test_files_fit_the_schemas(version) -> None:
    checked = 0
    for file in sorted(KUBERNETES.rglob("*.yaml")):
        for document in read_all(file):
            if "kustomize.config.k8s.io" in document["apiVersion"] or "tensorflow" in str(file):
                continue  # The latter is a patch, no whole Deployment.
            kubernetes_validate.validate(document, version, strict=True)
            checked += 1
    assert checked >= 13


@needs_kubectl
@pytest.mark.parametrize("version", VERSIONS)
def test_builds_fit_the_schemas(resources, version) -> None:
    for resource in resources:
        kubernetes_validate.validate(resource, version, strict=True)


def test_unknown_field_does_not_fit() -> None:
    [document] = read_all(KUBERNETES / "model-server" / "deployment.yaml")
    document["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSIONS[0], strict=True)


@needs_kubectl
def test_no_two_deployments_select_the_same_pods(resources) -> None:
    for deployment in of_kind(resources, "Deployment"):
        selector = deployment["spec"]["selector"]["matchLabels"]
        selected = [
            name for name, labels, _ in pods(resources) if selector.items() <= labels.items()]
        assert selected == [deployment["metadata"]["name"]]


@needs_kubectl
def test_services_lead_to_ports_of_pods(resources) -> None:
    services = of_kind(resources, "Service")
    assert {service["metadata"]["name"] for service in services} == {
        "emporium-model-server", "emporium-gateway"}
    for service in services:
        selector = service["spec"]["selector"]
        selected = [
            spec for _, labels, spec in pods(resources) if selector.items() <= labels.items()]
        assert selected
        for spec in selected:
            names = {port["name"] for entry in spec["containers"] for port in entry["ports"]}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@needs_kubectl
def test_probes_and_metrics_are_at_the_ports_that_the_arguments_open(resources) -> None:
    for deployment in of_kind(resources, "Deployment"):
        template = deployment["spec"]["template"]
        [container] = template["spec"]["containers"]
        opened = {
            argument.split("=")[1] for argument in container["args"]
            if argument.split("=")[0] in ("--port", "--rest-port", "--rest_api_port")}
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert {str(port) for port in ports.values()} == opened
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["port"] in ports
        assert template["metadata"]["annotations"]["prometheus.io/port"] in opened


@needs_kubectl
def test_volumes_claims_and_maps_exist(resources) -> None:
    claims = {claim["metadata"]["name"] for claim in of_kind(resources, "PersistentVolumeClaim")}
    maps = {entry["metadata"]["name"] for entry in of_kind(resources, "ConfigMap")}
    for _, _, spec in pods(resources):
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        [container] = spec["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims
            if "configMap" in volume:
                assert volume["configMap"]["name"] in maps


@needs_kubectl
def test_autoscalers_and_budgets_have_their_targets(resources) -> None:
    deployments = {entry["metadata"]["name"]: entry for entry in of_kind(resources, "Deployment")}
    scalers = of_kind(resources, "HorizontalPodAutoscaler")
    assert len(scalers) == 2
    for scaler in scalers:
        target = deployments[scaler["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in target["spec"], "a number would undo what the autoscaler chose"
        assert "canary" not in target["metadata"]["name"]
        [container] = target["spec"]["template"]["spec"]["containers"]
        assert container["resources"]["requests"]["cpu"], "a share of what is requested"
    for budget in of_kind(resources, "PodDisruptionBudget"):
        selector = budget["spec"]["selector"]["matchLabels"]
        assert any(selector.items() <= labels.items() for _, labels, _ in pods(resources))


@needs_kubectl
def test_pods_are_confined(resources) -> None:
    for name, _, spec in pods(resources):
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        for container in spec["containers"]:
            confined = container["securityContext"]
            assert confined["readOnlyRootFilesystem"]
            assert not confined["allowPrivilegeEscalation"]
            assert confined["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


@needs_kubectl
def test_only_the_gateway_reaches_the_model_server(resources) -> None:
    policy = named(resources, "NetworkPolicy", "emporium-model-server")["spec"]
    selector = policy["podSelector"]["matchLabels"]
    guarded = {name for name, labels, _ in pods(resources) if selector.items() <= labels.items()}
    assert guarded == {name for name, _, _ in pods(resources) if "model-server" in name}
    [to_grpc] = [rule for rule in policy["ingress"] if rule["ports"][0]["port"] == 8500]
    [source] = to_grpc["from"]
    allowed = source["podSelector"]["matchLabels"]
    reaching = {name for name, labels, _ in pods(resources) if allowed.items() <= labels.items()}
    assert reaching == {"emporium-gateway"}
    assert policy["egress"] == []


@needs_kubectl
def test_autoscaling_reads_what_the_adapter_gives() -> None:
    resources = build(KUBERNETES / "base")
    scaler = named(resources, "HorizontalPodAutoscaler", "emporium-model-server")
    read = {entry["pods"]["metric"]["name"]
            for entry in scaler["spec"]["metrics"] if entry["type"] == "Pods"}
    [adapter] = read_all(DEPLOY / "prometheus" / "adapter.yaml")
    rules = adapter["rules"]["custom"]
    assert read == {rule["name"]["as"] for rule in rules}
    # By their names in /metrics, so that the rules find what the server tells.
    told = Metrics().exposition().decode()
    assert all(f"\n{rule['seriesQuery'].partition('{')[0]} " in told for rule in rules)


@needs_kubectl
def test_canary_has_versions_of_its_own_and_a_share_of_the_requests() -> None:
    resources = build(KUBERNETES / "overlays/canary")
    canary = named(resources, "Deployment", "emporium-model-server-canary")
    assert canary["spec"]["replicas"] == 1
    claims = {
        name: volume["persistentVolumeClaim"]["claimName"] for name, _, spec in pods(resources)
        for volume in spec["volumes"] if volume["name"] == "out"}
    assert claims["emporium-model-server-canary"] == "emporium-out-canary"
    assert claims["emporium-model-server"] == "emporium-out"
    selector = named(resources, "Service", "emporium-model-server")["spec"]["selector"]
    labels = canary["spec"]["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()


@needs_kubectl
def test_stock_overlay_has_nothing_of_emporiums_server() -> None:
    resources = build(KUBERNETES / "overlays/tensorflow-serving")
    server = named(resources, "Deployment", "emporium-model-server")
    [container] = server["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "tensorflow/serving:2.16.1"
    assert container["command"] == ["tensorflow_model_server"]
    scaler = named(resources, "HorizontalPodAutoscaler", "emporium-model-server")
    assert [metric["type"] for metric in scaler["spec"]["metrics"]] == ["Resource"]
    annotations = server["spec"]["template"]["metadata"]["annotations"]
    [config] = of_kind(resources, "ConfigMap")
    assert annotations["prometheus.io/path"] in config["data"]["monitoring.config"]


@needs_kubectl
def test_images_can_be_given_by_digest(tmp_path) -> None:
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    overlay = tmp_path / "kubernetes" / "overlays" / "own"
    overlay.mkdir()
    digest = "sha256:" + "0" * 64
    (overlay / "kustomization.yaml").write_text(
        "resources: [../../base]\ncomponents: [../../components/api-keys]\n"
        f"images: [{{name: registry.example.org/emporium, digest: '{digest}'}}]\n")
    resources = build(overlay)
    images = {entry["image"] for _, _, spec in pods(resources) for entry in spec["containers"]}
    assert images == {f"registry.example.org/emporium@{digest}"}
    deployment = named(resources, "Deployment", "emporium-gateway")
    kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)
    gateway = deployment["spec"]["template"]["spec"]
    assert "--api-keys=/etc/emporium/keys.txt" in gateway["containers"][0]["args"]
    assert {"name": "api-keys", "mountPath": "/etc/emporium", "readOnly": True} in (
        gateway["containers"][0]["volumeMounts"])
    assert gateway["volumes"][-1]["secret"] == {
        "secretName": "emporium-api-keys", "defaultMode": 0o440}


def test_copies_of_the_monitoring_configuration_are_alike() -> None:
    copy = KUBERNETES / "overlays" / "tensorflow-serving" / "monitoring.config"
    assert copy.read_text() == (DEPLOY / "monitoring.config").read_text()
