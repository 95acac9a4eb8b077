"""Clients of a model server that speaks TLS and asks for their certificate."""

import re

import pytest
from cryptography.hazmat.primitives import serialization

from pipeline.cli import main
from serving.channels import ClientTls
from serving.client import Client, ClientError
from serving.errors import StartupError
from serving.gateway.errors import ApiError
from serving.gateway.metrics import Metrics
from serving.gateway.model_client import ModelClient
from serving.loadtest import LoadConfig, run_load_test
from serving.loadtest.config import LoadTestError
from serving.loadtest.requests import grpc_bodies
from serving.loadtest.result import Budget
from serving.model_server import ServerConfig, one_model
from serving.model_server.config import Tls
from serving.retrieval import text_array
from tests.serving.authority import Authority
from tests.serving.conftest import running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca.crt")


@pytest.fixture
def server(push, tmp_path, authority):
    push("first", 1)
    tls = Tls(*authority.issue("server"), authority.certificate, verify_clients=True)
    config = ServerConfig(
        models=one_model(tmp_path / "serving"), port=0, rest_port=None, tls=tls)
    with running(config) as started:
        yield f"127.0.0.1:{started.grpc_port}"


def test_the_client(server, authority, tmp_path):
    tls = ClientTls.read(authority.file, *authority.files(tmp_path, "client"))
    with Client(server, tls=tls) as client:
        assert client.search(["garden hose"])[0][0].product_id == "p3"
    for other in (None, ClientTls.read(authority.file)):
        with Client(server, tls=other) as client, pytest.raises(ClientError, match="UNAVAILABLE"):
            client.search(["garden hose"])


async def test_the_gateway(server, authority, tmp_path):
    tls = ClientTls.read(authority.file, *authority.files(tmp_path, "gateway"))
    client = ModelClient(server, "emporium", 60.0, Metrics(), tls)
    assert (await client.search(["garden hose"]))[0][0].product_id == "p3"
    await client.close()
    client = ModelClient(server, "emporium", 60.0, Metrics())
    with pytest.raises(ApiError):
        await client.search(["garden hose"])
    await client.close()


def test_the_load_test_keeps_its_key_to_itself(server, authority, tmp_path):
    tls = ClientTls.read(authority.file, *authority.files(tmp_path, "load"))
    bodies = grpc_bodies([("search", {"query": text_array(["garden"])})], "emporium")
    result = run_load_test(
        LoadConfig(server, callers=1, seconds=0.5, warm_up=0.0, timeout=60.0, tls=tls), bodies)
    assert result.codes.keys() == {"OK"}
    assert result.as_json(Budget(0.1))["config"]["tls"] is True
    assert "PRIVATE KEY" not in repr(result.config)
    with pytest.raises(LoadTestError, match="TLS is of the gRPC port"):
        LoadConfig("http://localhost:1", rest=True, callers=1, tls=tls)


def test_the_command(server, authority, tmp_path, capsys):
    certificate, key = authority.files(tmp_path, "shop")
    tls = ["--server-ca", str(authority.file), "--server-cert", str(certificate),
           "--server-key", str(key)]
    assert main(["query", "garden hose", "--server", server, *tls]) == 0
    assert capsys.readouterr().out.startswith("p3\t")
    with pytest.raises(SystemExit):
        main(["query", "garden hose", "--server", server, *tls[2:]])
    assert "--server-cert wants --server-ca" in capsys.readouterr().err


def test_files_that_cannot_be_used(authority, tmp_path):
    certificate, key = authority.files(tmp_path, "client")
    other, _ = authority.files(tmp_path, "other")
    text = tmp_path / "text"
    text.write_text("no certificate")
    locked = tmp_path / "locked.key"
    locked.write_bytes(serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret")))
    for files, message in (
        ((text,), f"certificates in {re.escape(str(text))}.*should be PEM"),
        ((tmp_path / "none",), "No such file"),
        ((authority.file, certificate), "go together; received the certificate alone"),
        ((authority.file, None, key), "go together; received the key alone"),
        ((authority.file, other, key), "belong together"),
        ((authority.file, text, key), "should be PEM"),
        ((authority.file, certificate, locked), "wants a password.*without a password"),
    ):
        with pytest.raises(StartupError, match=message):
            ClientTls.read(*files)
