import contextlib
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import RequestError, StartupError
from serving.model_server.model_config import (
    ModelConfig,
    VersionPolicy,
    check_labels,
    read_config_file,
)
from serving.versions import Version


def _read(tmp_path, text):
    path = tmp_path / "models.config"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config_file(path)


def _list(*entries: str) -> str:
    return f"model_config_list {{ {' '.join(f'config {{ {entry} }}' for entry in entries)} }}"


def test_a_file_with_all_that_can_be_said(tmp_path):
    one, other, third, fourth = _read(tmp_path, """
        # as TensorFlow Serving's guide writes it
        model_config_list {
          config { name: 'shop' base_path: '/models/shop' model_platform: 'tensorflow'
            model_version_policy { specific { versions: 43 versions: 42 versions: 43 } }
            version_labels { key: 'stable' value: 42 }
            version_labels { key: 'canary' value: 43 } }
          config { name: 'b' base_path: '/b' model_version_policy { all {} } }
          config { name: 'c' base_path: '/c' model_version_policy { latest { num_versions: 3 } } }
          config { name: 'd' base_path: '/d' model_version_policy { latest {} } }
        }""")
    assert one == ModelConfig(
        "shop", pathlib.Path("/models/shop"), VersionPolicy(0, (42, 43)),
        {"stable": 42, "canary": 43})
    assert other.policy == VersionPolicy(None)
    assert third.policy == VersionPolicy(3)
    assert fourth == ModelConfig("d", pathlib.Path("/d"), VersionPolicy(1), {})


@pytest.mark.parametrize(("text", "message"), [
    ("model_config_list {", r"Invalid protobuf file: '.*models.config': 1:.*ModelServerConfig"),
    ("models {}", 'no field named "models"'),
    (b"\xff\xfe", "Invalid protobuf file"),
    ("", "should have a model_config_list; nothing is not supported"),
    ("custom_model_config {}", "custom_model_config is not supported"),
    (_list("base_path: '/a'"), "a model has no name"),
    (_list("name: 'a' base_path: 'models/a'"),
     r"Expected model a to have an absolute path or URI; got base_path\(\)='models/a'"),
    (_list("name: 'a'"), r"got base_path\(\)=''"),
    (_list("name: 'a' base_path: '/a' model_platform: 'other'"), "platform 'other' is not served"),
    (_list("name: 'a' base_path: '/a'", "name: 'a' base_path: '/b'"),
     "Illegal to list model 'a' multiple times"),
    (_list("name: 'a' base_path: '/a' model_version_policy { specific {} }"),
     "model a: a specific policy should name versions"),
])
def test_files_that_cannot_be_served_say_why(tmp_path, text, message):
    with pytest.raises(StartupError, match=message):
        _read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(StartupError, match="nowhere cannot be read: No such file"):
        read_config_file(tmp_path / "nowhere")


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_no_file_makes_the_reader_fail(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp()
    with contextlib.suppress(StartupError):  # no other error, that is
        _read(folder, text if isinstance(text, bytes) else text.encode("utf-8", "replace"))


def _versions(*numbers: int) -> list[Version]:
    return [Version(number, pathlib.Path(f"/m/{number}")) for number in numbers]


@pytest.mark.parametrize(("policy", "order", "count"), [
    (VersionPolicy(), [9, 5, 1], 1), (VersionPolicy(2), [9, 5, 1], 2),
    (VersionPolicy(None), [9, 5, 1], None), (VersionPolicy(0, (1, 5, 7)), [5, 1], None)])
def test_what_a_policy_wants(policy, order, count):
    assert [version.number for version in policy.order(_versions(9, 5, 1))] == order
    assert policy.count == count


def test_labels_need_versions_that_answer():
    config = ModelConfig("shop", pathlib.Path("/m"), labels={"stable": 1, "canary": 2})
    check_labels(config, {1, 2, 3})
    with pytest.raises(RequestError, match="label 'canary' to version 2 of model shop") as caught:
        check_labels(config, {1, 3})
    assert caught.value.code.name == "INVALID_ARGUMENT"
