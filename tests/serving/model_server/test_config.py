"""TensorFlow Serving's configuration files, and what they make of a server."""

import pytest

from serving.errors import StartupError
from serving.model_server import ServerConfig
from serving.model_server.config import (
    DEFAULT_PATH,
    parse_channel_arguments,
    read_batching,
    read_metrics_path,
    read_tls,
)
from serving.model_server.loaded import DEFAULT_LOAD


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "some.config"
        path.write_text(text)
        return path

    return write


def test_tls(file):
    tls = read_tls(file("""
        server_key: "KEY\\n" server_cert: "CERTIFICATE" custom_ca: "CA" client_verify: true"""))
    assert (tls.key, tls.certificate, tls.client_ca) == (b"KEY\n", b"CERTIFICATE", b"CA")
    assert tls.verify_clients
    plain = read_tls(file('server_key: "K" server_cert: "C"'))
    assert (plain.client_ca, plain.verify_clients) == (b"", False)


@pytest.mark.parametrize(("text", "message"), [
    ('server_key: "K"', "should have server_key and server_cert"),
    ('server_cert: "C"', "should have server_key and server_cert"),
    ("", "should have server_key and server_cert"),
    ('server_key: "K" server_cert: "C" client_verify: true', "client_verify needs custom_ca"),
    ('key: "K"', 'Invalid protobuf file: .*no field named "key".*should be a SSLConfig'),
    ("server_key: 5", "Invalid protobuf file"),
])
def test_bad_tls(file, text, message):
    with pytest.raises(StartupError, match=message):
        read_tls(file(text))


@pytest.mark.parametrize(("text", "path"), [
    ("prometheus_config { enable: true }", DEFAULT_PATH),
    ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
    ('prometheus_config { enable: false path: "/metrics" }', None),
    ("prometheus_config {}", None),
    ("", None),
])
def test_monitoring(file, text, path):
    assert read_metrics_path(file(text)) == path


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(StartupError, match="nowhere cannot be read: No such file"):
        read_metrics_path(tmp_path / "nowhere")
    path = tmp_path / "binary"
    path.write_bytes(b"\xff")
    with pytest.raises(StartupError, match="Invalid protobuf file: .*MonitoringConfig"):
        read_metrics_path(path)


def test_batching(file):
    options, calls = read_batching(file("""
        max_batch_size { value: 128 } batch_timeout_micros { value: 2500 }
        max_enqueued_batches { value: 4 } num_batch_threads { value: 3 }
        thread_pool_name { value: "pool" } allowed_batch_sizes: 32 allowed_batch_sizes: 128
        pad_variable_length_inputs: true"""))
    assert (options.max_rows, options.timeout_seconds) == (128, 0.0025)
    assert options.max_queued_rows == 4 * 128
    assert options.allowed_rows == (32, 128)
    assert options.pad_lists
    assert calls == 3


def test_batching_by_default_is_tensorflow_servings(file):
    options, calls = read_batching(file(""))
    assert (options.max_rows, options.timeout_seconds, options.max_queued_rows) == (1000, 0, 10_000)
    assert (options.pad_lists, options.allowed_rows) == (False, ())
    assert calls == DEFAULT_LOAD.calls


@pytest.mark.parametrize(("text", "message"), [
    ("max_batch_size { value: 0 }", "max_batch_size should be at least 1, it is 0"),
    ("max_batch_size {}", "max_batch_size should be at least 1, it is 0"),
    ("batch_timeout_micros { value: -1 }", "batch_timeout_micros should be at least 0, it is -1"),
    ("num_batch_threads { value: 0 }", "num_batch_threads should be at least 1"),
    ("max_enqueued_batches { value: 0 }", "max_enqueued_batches should be at least 1"),
    ("max_batch_size { value: 8 } allowed_batch_sizes: 4", r"end with max_batch_size \(8\)"),
    ("max_batch_size { value: 8 } allowed_batch_sizes: 8 allowed_batch_sizes: 8", "increase"),
    ("max_batch_size { value: 8 } allowed_batch_sizes: 0 allowed_batch_sizes: 8", "at least 1"),
    ("max_batch_size: 8", "Invalid protobuf file"),
])
def test_bad_batching(file, text, message):
    with pytest.raises(StartupError, match=message):
        read_batching(file(text))


@pytest.mark.parametrize(("text", "pairs"), [
    ("", ()),
    ("grpc.max_connection_age_ms=2000", (("grpc.max_connection_age_ms", 2000),)),
    (" a = -1 , b=x=y,c=", (("a", -1), ("b", "x=y"), ("c", ""))),
    ("a=--5,b=1.5", (("a", "--5"), ("b", "1.5"))),
])
def test_channel_arguments(text, pairs):
    assert parse_channel_arguments(text) == pairs


@pytest.mark.parametrize(("text", "message"), [
    ("grpc.age", "'grpc.age' is none"), ("a=1,=2", "'=2' is none"),
    ("a=4294967296", "a should be at most 2147483647, received 4294967296")])
def test_bad_channel_arguments(text, message):
    with pytest.raises(StartupError, match=message):
        parse_channel_arguments(text)


def test_a_server_without_models_says_how_to_name_them(file):
    with pytest.raises(StartupError, match="no model to serve.*--model_config_file"):
        ServerConfig().read_models()
    with pytest.raises(StartupError, match="no model to serve"):
        ServerConfig(model_config_file=file("model_config_list {}")).read_models()
