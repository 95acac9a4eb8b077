"""TLS and mutual TLS, a Unix socket, channel arguments, and a file of models that changes."""

import shutil

import grpc
import httpx
import pytest
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from serving.client import Client
from serving.errors import StartupError
from serving.model_server import ServerConfig, one_model
from serving.model_server.config import read_tls
from tests.serving.authority import Authority
from tests.serving.conftest import running, wait_until


@pytest.fixture(scope="module")
def authority():
    return Authority()


def _tls(tmp_path, key, certificate, ca=b"", *, verify=False):
    def quoted(pem: bytes) -> str:
        return '"' + pem.decode().replace("\n", "\\n") + '"'

    file = tmp_path / "ssl.config"
    file.write_text(
        f"server_key: {quoted(key)}\nserver_cert: {quoted(certificate)}\n"
        f"custom_ca: {quoted(ca)}\nclient_verify: {str(verify).lower()}\n")
    return read_tls(file)


def _config(tmp_path, **settings) -> ServerConfig:
    return ServerConfig(**{
        "models": one_model(tmp_path / "serving"), "port": 0, "rest_port": None,
        "poll_seconds": 0.05, **settings})


def _ask(channel) -> str:
    """The first product for a garden hose, or the code of what went wrong."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "emporium"
    request.inputs["query"].dtype = 7
    request.inputs["query"].tensor_shape.dim.add(size=1)
    request.inputs["query"].string_val.append(b"garden hose")
    try:
        answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(
            request, timeout=60)
    except grpc.RpcError as error:
        return error.code().name
    return answer.outputs["product_id"].string_val[0].decode()


def test_tls(push, tmp_path, authority):
    push("first", 1)
    tls = _tls(tmp_path, *authority.issue("server"))
    with running(_config(tmp_path, tls=tls)) as server:
        target = f"127.0.0.1:{server.grpc_port}"
        trusting = grpc.ssl_channel_credentials(authority.certificate)
        with grpc.secure_channel(target, trusting) as channel:
            assert _ask(channel) == "p3"
        others = grpc.ssl_channel_credentials(Authority().certificate)
        with grpc.secure_channel(target, others) as channel:
            assert _ask(channel) == "UNAVAILABLE"
        with grpc.insecure_channel(target) as channel:
            assert _ask(channel) == "UNAVAILABLE"


def test_mutual_tls(push, tmp_path, authority):
    push("first", 1)
    tls = _tls(tmp_path, *authority.issue("server"), authority.certificate, verify=True)
    with running(_config(tmp_path, tls=tls)) as server:
        def ask(*client: bytes) -> str:
            credentials = grpc.ssl_channel_credentials(authority.certificate, *client)
            with grpc.secure_channel(f"127.0.0.1:{server.grpc_port}", credentials) as channel:
                return _ask(channel)

        assert ask(*authority.issue("client")) == "p3"
        assert ask() == "UNAVAILABLE"
        assert ask(*Authority().issue("stranger")) == "UNAVAILABLE"


@pytest.mark.parametrize(("encrypted", "rest_port", "told"), [
    (True, 0, True), (True, None, False), (False, 0, False)])
def test_rest_beside_tls_is_told_to_be_plain(
        push, tmp_path, authority, caplog, encrypted, rest_port, told):
    push("first", 1)
    tls = _tls(tmp_path, *authority.issue("server"), authority.certificate, verify=True)
    with running(_config(tmp_path, tls=tls if encrypted else None, rest_port=rest_port)) as server:
        if told:
            answer = httpx.get(f"http://127.0.0.1:{server.rest_port}/v1/models/emporium")
            assert answer.status_code == 200
    assert ("REST on 127.0.0.1" in caplog.text) is told


def test_keys_that_are_none_are_a_clear_error(push, tmp_path, authority):
    push("first", 1)
    key, _ = authority.issue("one")
    _, certificate = authority.issue("other")
    for tls in (_tls(tmp_path, b"no key", b"none"), _tls(tmp_path, key, certificate)):
        with pytest.raises(StartupError, match="server_key and server_cert .* belong together"), \
                running(_config(tmp_path, tls=tls)):
            pass


def test_a_unix_socket_that_no_second_server_takes(push, tmp_path):
    push("first", 1)
    path = tmp_path / "grpc.sock"
    with running(_config(tmp_path, grpc_socket=path)) as server:
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert _ask(channel) == "p3"
        with Client(f"127.0.0.1:{server.grpc_port}") as client:
            assert client.metadata().version == 1
        with pytest.raises(StartupError, match=r"grpc\.sock: another server answers there"), \
                running(_config(tmp_path, grpc_socket=path)):
            pass
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert _ask(channel) == "p3"


def test_a_unix_socket_that_cannot_be(push, tmp_path):
    push("first", 1)
    with pytest.raises(StartupError, match=r"nowhere/grpc\.sock: .*folder has to exist"), \
            running(_config(tmp_path, grpc_socket=tmp_path / "nowhere/grpc.sock")):
        pass


def test_a_file_of_models_that_changes(push, tmp_path, toy_versions):
    push("first", 1)
    shutil.copytree(toy_versions["second"], tmp_path / "other/4")
    file = tmp_path / "models.config"

    def write(*names: str) -> None:
        folders = {"shop": tmp_path / "serving", "other": tmp_path / "other"}
        entries = " ".join(
            f'config {{ name: "{name}" base_path: "{folders[name]}" }}' for name in names)
        file.with_suffix(".part").write_text(f"model_config_list {{ {entries} }}")
        file.with_suffix(".part").rename(file)

    write("shop", "other")
    config = _config(
        tmp_path, models=(), model_config_file=file, config_poll_seconds=0.05, rest_port=0)
    with running(config) as server:
        def versions(name: str) -> list[str]:
            answer = httpx.get(f"http://127.0.0.1:{server.rest_port}/v1/models/{name}", timeout=60)
            return [entry["version"] for entry in answer.json().get("model_version_status", [])]

        assert (versions("shop"), versions("other")) == (["1"], ["4"])
        write("other")
        wait_until(lambda: server.manager.names == ["other"])
        assert (versions("shop"), versions("other")) == ([], ["4"])
        status = get_model_status_pb2.GetModelStatusRequest()
        status.model_spec.name = "shop"
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel, \
                pytest.raises(grpc.RpcError, match="NOT_FOUND"):
            model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status, timeout=60)
