"""What the arguments of `emporium serve` make of the server's configuration."""

import argparse
import pathlib

import pytest

from pipeline.cli import serve
from serving.errors import StartupError
from serving.model_server import ServerConfig
from serving.model_server.config import DEFAULT_PATH
from serving.model_server.loaded import DEFAULT_LOAD
from serving.model_server.model_config import ModelConfig
from serving.servable import Threads


def _parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    serve.add_parser(parser.add_subparsers())
    return parser.parse_args(["serve", *arguments])


def _config(*arguments: str) -> ServerConfig:
    return serve.server_config(_parse(*arguments))


def test_a_folder_alone_is_served_by_the_servers_own_defaults():
    assert _config("out") == ServerConfig(
        models=(ModelConfig("emporium", pathlib.Path("out/serving")),))


def test_tensorflow_servings_flags():
    config = _config(
        "--model_base_path=/models/shop", "--model_name=shop", "--port=9000",
        "--rest_api_port=9001", "--host=0.0.0.0", "--file_system_poll_wait_seconds=0.5",
        "--rest_api_timeout_in_ms=1500", "--grpc_socket_path=/run/shop.sock",
        "--grpc_channel_arguments=grpc.max_connection_age_ms=2000",
        "--enable_batching", "--enable_model_warmup=false",
        "--tensorflow_intra_op_parallelism=2", "--tensorflow_inter_op_parallelism=3")
    assert config.models == (ModelConfig("shop", pathlib.Path("/models/shop")),)
    assert (config.host, config.port, config.rest_port) == ("0.0.0.0", 9000, 9001)
    assert (config.poll_seconds, config.rest_timeout_seconds) == (0.5, 1.5)
    assert config.grpc_socket == pathlib.Path("/run/shop.sock")
    assert config.channel_arguments == (("grpc.max_connection_age_ms", 2000),)
    assert config.load.batch is True
    assert config.load.warm_up is False
    assert config.load.threads == Threads(2, 3)


def test_emporiums_own_flags():
    config = _config("out", "--workers=2", "--max-queue-ms=250", "--result-cache-mb=1",
                     "--load-timeout-s=20", "--call-timeout-s=30", "--rest-port=-1")
    assert config.load.processes == 2
    assert config.load.batching.max_queued_seconds == 0.25
    assert config.load.cache_bytes == 2**20
    assert (config.load.load_seconds, config.load.call_seconds) == (20, 30)
    assert config.rest_port is None


def test_session_parallelism_is_for_both_unless_one_is_given():
    load = _config(
        "out", "--tensorflow_session_parallelism=4", "--tensorflow_inter_op_parallelism=1").load
    assert load.threads == Threads(4, 1)


@pytest.mark.parametrize(("text", "value"), [
    ("--enable_batching", True), ("--enable_batching=TRUE", True), ("--enable_batching=1", True),
    ("--enable_batching=false", False), ("--enable_batching=0", False)])
def test_switches(text, value):
    assert _config("out", text).load.batch is value
    assert _config("out").load.batch is None


def test_files(tmp_path):
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    models = write("models", 'model_config_list { config { name: "a" base_path: "/a" } }')
    config = _config(
        f"--model_config_file={models}", "--model_config_file_poll_wait_seconds=60",
        "--ssl_config_file=" + write("ssl", 'server_key: "K" server_cert: "C"'),
        "--monitoring_config_file=" + write(
            "monitoring", 'prometheus_config { enable: true path: "/metrics" }'),
        "--batching_parameters_file=" + write(
            "batching", "max_batch_size { value: 8 } num_batch_threads { value: 2 }"),
        "--max-queue-ms=100")
    assert config.models == ()
    assert config.read_models() == (ModelConfig("a", pathlib.Path("/a")),)
    assert config.config_poll_seconds == 60
    assert (config.tls.key, config.tls.certificate) == (b"K", b"C")
    assert config.metrics_path == "/metrics"
    assert (config.load.batching.max_rows, config.load.calls) == (8, 2)
    assert config.load.batching.max_queued_seconds == 0.1


def test_metrics_are_on_unless_a_file_says_otherwise(tmp_path):
    file = tmp_path / "monitoring"
    file.write_text("")
    assert _config("out").metrics_path == DEFAULT_PATH
    assert _config("out", f"--monitoring_config_file={file}").metrics_path is None


def test_the_defaults_of_flags_are_those_of_the_server():
    assert _config("out").load == DEFAULT_LOAD


@pytest.mark.parametrize("arguments", [
    ("out", "--model_base_path=/m"), ("--model_base_path=/m", "--model_config_file=f"),
    ("out", "--model_config_file=f")])
def test_models_are_named_in_one_way(arguments):
    with pytest.raises(StartupError, match="give one of DIR, --model_base_path and"):
        _config(*arguments)


def test_no_model_at_all_is_told_by_the_server():
    with pytest.raises(StartupError, match="there is no model to serve"):
        _config().read_models()


@pytest.mark.parametrize(("argument", "message"), [
    ("--workers=0", "should be a whole number from 1, received '0'"),
    ("--workers=1.5", "should be a whole number, received '1.5'"),
    ("--max-queue-ms=-1", "should be a number from 0, received '-1'"),
    ("--max-queue-ms=nan", "should be a number from 0, received 'nan'"),
    ("--load-timeout-s=inf", "should be a number from 1, received 'inf'"),
    ("--file_system_poll_wait_seconds=soon", "should be a number, received 'soon'"),
    ("--rest_api_timeout_in_ms=0", "should be a number from 1"),
    ("--result-cache-mb=-1", "should be a whole number from 0"),
    ("--enable_batching=maybe", "should be true or false, received 'maybe'"),
    ("--model_base_path=gs://bucket/models", "serve it with stock TensorFlow Serving"),
    ("--port=http", "invalid int value: 'http'"),
])
def test_bad_values(argument, message, capsys):
    with pytest.raises(SystemExit):
        _parse(argument)
    assert message in " ".join(capsys.readouterr().err.split())


def test_files_that_are_not_there():
    for flag in ("ssl_config_file", "monitoring_config_file", "batching_parameters_file"):
        with pytest.raises(StartupError, match="/nowhere cannot be read"):
            _config("out", f"--{flag}=/nowhere")
    with pytest.raises(StartupError, match="gRPC channel arguments should be"):
        _config("out", "--grpc_channel_arguments=age")
