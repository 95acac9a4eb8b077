"""Which models a server has, as TensorFlow Serving's ModelServerConfig says it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.errors import StartupError, invalid_argument, quoted
from serving.versions import Version

_PLATFORMS = ("", "tensorflow")


@dataclasses.dataclass(frozen=True)
class VersionPolicy:
    """Which versions of a model are served.

    Attributes:
        latest: how many of the newest; 0 where `specific` says it, None for all.
        specific: numbers of versions.
    """

    latest: int | None = 1
    specific: tuple[int, ...] = ()

    def order(self, versions: list[Version]) -> list[Version]:
        """The versions that may be served, the most wanted first.

        Args:
            versions: those on disk, newest first.
        """
        if self.specific:
            return [version for version in versions if version.number in self.specific]
        return versions

    @property
    def count(self) -> int | None:
        """How many of them are wanted; None for all."""
        return None if self.specific else self.latest


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """A model of the server.

    Attributes:
        name: that requests give.
        base_path: folder with one numeric folder a version.
        policy: which of them are served.
        labels: version numbers by label.
    """

    name: str
    base_path: pathlib.Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = dataclasses.field(default_factory=dict)


def read_config_file(path: pathlib.Path) -> tuple[ModelConfig, ...]:
    """The models of a `--model_config_file`.

    Raises:
        StartupError: the file cannot be read, or says what cannot be served.
    """
    try:
        text = path.read_text("utf-8")
        proto = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except OSError as error:
        raise StartupError(f"the model config file {path} cannot be read: {error.strerror}") from (
            error)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise StartupError(
            f"Invalid protobuf file: '{path}': {error}; it should be a ModelServerConfig in text "
            "format, as https://www.tensorflow.org/tfx/serving/serving_config shows") from error
    try:
        return from_proto(proto)
    except ValueError as error:
        raise StartupError(f"the model config file {path}: {error}") from error


def from_proto(proto: model_server_config_pb2.ModelServerConfig) -> tuple[ModelConfig, ...]:
    """The models of a ModelServerConfig.

    Raises:
        ValueError: it has no list of models, or one of them cannot be served; says why.
    """
    if proto.WhichOneof("config") != "model_config_list":
        raise ValueError(
            "it should have a model_config_list; "
            f"{proto.WhichOneof('config') or 'nothing'} is not supported")
    configs = tuple(_model(entry) for entry in proto.model_config_list.config)
    names = [config.name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"Illegal to list model {quoted(name)} multiple times in config list")
    return configs


def _model(entry: model_server_config_pb2.ModelConfig) -> ModelConfig:
    if not entry.name:
        raise ValueError("a model has no name")
    path = pathlib.Path(entry.base_path)
    if not path.is_absolute():
        raise ValueError(
            f"Expected model {entry.name} to have an absolute path or URI; got base_path()="
            f"{entry.base_path!r}")
    if entry.model_platform not in _PLATFORMS:
        raise ValueError(
            f"model {entry.name}: platform {quoted(entry.model_platform)} is not served, only "
            "tensorflow")
    labels = dict(entry.version_labels)
    return ModelConfig(entry.name, path, _policy(entry.name, entry.model_version_policy), labels)


def _policy(name: str, proto: Any) -> VersionPolicy:
    choice = proto.WhichOneof("policy_choice")
    if choice == "all":
        return VersionPolicy(latest=None)
    if choice == "specific":
        if not proto.specific.versions:
            raise ValueError(f"model {name}: a specific policy should name versions")
        return VersionPolicy(0, tuple(sorted(set(proto.specific.versions))))
    if choice == "latest" and proto.latest.num_versions:
        return VersionPolicy(proto.latest.num_versions)
    return VersionPolicy()


def check_labels(config: ModelConfig, available: set[int]) -> None:
    """Refuses labels of versions that do not answer.

    A label is what callers rely on: it moves only to what is known to work.

    Raises:
        RequestError: INVALID_ARGUMENT for such a label.
    """
    for label, version in config.labels.items():
        if version not in available:
            raise invalid_argument(
                f"Cannot assign label {quoted(label)} to version {version} of model "
                f"{config.name}, which is not available now; load it first, then move the label")
