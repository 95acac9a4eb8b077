"""The Dockerfile beside the manifests that use its image; no image can be built in a test."""

import re
from collections.abc import Iterator

from tests.serving.deploy.manifests import DEPLOY, KUBERNETES, compose, read_all

ROOT = DEPLOY.parents[1]


def instructions() -> Iterator[tuple[str, str]]:
    """Instruction and argument of each line, continued lines joined, without comments."""
    lines = [
        line for line in (ROOT / "Dockerfile").read_text().splitlines()
        if not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, argument = line.strip().partition(" ")
            yield name, argument.strip()


def last_stage() -> list[tuple[str, str]]:
    parsed = list(instructions())
    begin = max(place for place, (name, _) in enumerate(parsed) if name == "FROM")
    return parsed[begin:]


def test_image_runs_as_the_user_that_the_manifests_name() -> None:
    [user] = [argument for name, argument in last_stage() if name == "USER"]
    assert user.isdigit()
    assert user != "0"
    for part in ("model-server", "gateway"):
        [deployment] = read_all(KUBERNETES / part / "deployment.yaml")
        context = deployment["spec"]["template"]["spec"]["securityContext"]
        assert str(context["runAsUser"]) == user
    assert compose()["services"]["gateway"]["user"] == user
    [made] = [argument for name, argument in last_stage() if "useradd" in argument]
    assert f"--uid {user}" in made


def test_image_exposes_what_the_manifests_open() -> None:
    [exposed] = [argument for name, argument in last_stage() if name == "EXPOSE"]
    opened = {
        port["containerPort"] for part in ("model-server", "gateway")
        for document in read_all(KUBERNETES / part / "deployment.yaml")
        for container in document["spec"]["template"]["spec"]["containers"]
        for port in container["ports"]}
    assert {int(port) for port in exposed.split()} == opened


def test_feedback_volume_belongs_to_the_user() -> None:
    [made] = [argument for _, argument in last_stage() if "/feedback" in argument]
    assert re.search(r"install --directory --owner emporium .*/feedback", made)
    assert "feedback:/feedback" in compose()["services"]["gateway"]["volumes"]


def test_bases_are_pinned_and_can_be_given_by_digest() -> None:
    defaults = dict(
        argument.split("=", 1) for name, argument in instructions() if name == "ARG")
    stages = [argument.split() for name, argument in instructions() if name == "FROM"]
    for image, *_ in stages:
        variable = re.fullmatch(r"\$\{(\w+)\}", image)
        assert variable, f"{image} cannot be replaced by --build-arg"
        assert re.search(r":\d", defaults[variable[1]]), "a version, not `latest`"


def test_compiler_and_packages_of_the_build_stay_behind() -> None:
    assert not [argument for name, argument in last_stage() if "apt-get" in argument]
    assert not [argument for name, argument in last_stage() if name == "ADD"]
    copied = [argument for name, argument in last_stage() if name == "COPY"]
    assert all(argument.startswith("--from=") for argument in copied)
