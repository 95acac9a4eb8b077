"""The deployment's files as Python values."""

import copy
import pathlib
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parents[3] / "serving" / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
BUILDS = ("base", "overlays/canary", "overlays/tensorflow-serving")

Resource = dict[str, Any]


def read_all(path: pathlib.Path) -> list[Resource]:
    """The documents of a YAML file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def build(folder: pathlib.Path) -> list[Resource]:
    """What `kubectl apply -k` would send."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(resources: list[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource["kind"] == kind]


def named(resources: list[Resource], kind: str, name: str) -> Resource:
    [found] = [
        resource for resource in of_kind(resources, kind) if resource["metadata"]["name"] == name]
    return found


def pods(resources: list[Resource]) -> Iterator[tuple[str, dict[str, str], Resource]]:
    """Name, labels and specification of every pod that would run."""
    for resource in of_kind(resources, "Deployment"):
        template = resource["spec"]["template"]
        yield resource["metadata"]["name"], template["metadata"]["labels"], template["spec"]


def containers() -> Iterator[tuple[str, str, list[str]]]:
    """Where, command and arguments of every container of the files."""
    for file in sorted(KUBERNETES.rglob("*.yaml")):
        for document in read_all(file):
            if document.get("kind") == "Deployment":
                for container in document["spec"]["template"]["spec"]["containers"]:
                    yield file.name, container["command"][0], container["args"]
    for document in read_all(DEPLOY / "kserve" / "emporium.yaml"):
        if document["kind"] == "ServingRuntime":
            for container in document["spec"]["containers"]:
                yield "kserve", container["command"][0], [
                    argument.replace("{{.Name}}", "emporium") for argument in container["args"]]
    for name, service in compose()["services"].items():
        if "command" in service:
            yield f"compose {name}", service["entrypoint"][0], service["command"]


def compose() -> Resource:
    """compose.yaml with the defaults of its variables."""
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (DEPLOY / "compose.yaml").read_text())
    return yaml.safe_load(text)


def merged(first: Resource, second: Resource) -> Resource:
    """Compose's merge of the keys used here: maps by key, volumes added, the rest replaced."""
    result = copy.deepcopy(first)
    for key, value in second.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        elif key == "volumes" and isinstance(result.get(key), list):
            result[key] = [*result[key], *value]
        else:
            result[key] = value
    return result
