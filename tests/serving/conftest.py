"""Toy versions, saved once, and a real server over them."""

import asyncio
import contextlib
import pathlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from serving.model_server import Limits, ModelServer, ServerConfig, one_model
from tests.serving.toy_model import save_version


@pytest.fixture(scope="session")
def toy_versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    """Saved models by name: `first`, and `second` whose product ids begin with "new-"."""
    folder = tmp_path_factory.mktemp("toys")
    return {"first": save_version(folder, 1), "second": save_version(folder, 2, prefix="new-")}


@pytest.fixture
def push(toy_versions, tmp_path) -> Callable[..., pathlib.Path]:
    """Pushes a toy version as tmp_path/serving/NUMBER the way the pipeline does: by a rename."""
    serving = tmp_path / "serving"
    serving.mkdir()

    def copy(name: str, number: int) -> pathlib.Path:
        part = serving / f".{number}.part"
        shutil.copytree(toy_versions[name], part)
        return part.rename(serving / str(number))

    return copy


@contextlib.contextmanager
def running(config: ServerConfig) -> Iterator[ModelServer]:
    """A server in a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def call(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    async def make() -> ModelServer:
        return ModelServer(config)

    try:
        server = call(make())
        call(server.start())
        try:
            yield server
        finally:
            call(server.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Waits for what another thread does; a machine under load may take its time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def server(toy_versions, tmp_path_factory) -> Iterator[ModelServer]:
    """A server of the first toy version as version 7; tests must not change its folder."""
    folder = tmp_path_factory.mktemp("serving")
    shutil.copytree(toy_versions["first"], folder / "7")
    config = ServerConfig(
        one_model(folder), port=0, rest_port=0, poll_seconds=3600, max_message_bytes=2**20,
        limits=Limits(batch_size=64))
    with running(config) as started:
        yield started
