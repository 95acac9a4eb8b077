"""A toy shop, a gateway in this process and one that runs as the command does."""

import contextlib
import json
import pathlib
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from serving.gateway.app import gateway_app
from serving.gateway.settings import GatewayConfig
from tests.serving.toy_model import PRODUCTS

ROWS = [
    {"product_id": product_id, "title": title.title(),
     "brand": "Acme" if "steel" in title else "Bolt",
     "category": "Garden > Tools" if "garden" in title else "Home > Kitchen"
     if "kitchen" in title else "Hardware",
     "price": 10.0 * place, "attributes": {"colour": title.split()[0]},
     "description": f"A {title}." if place % 2 else None}
    for place, (product_id, title) in enumerate(PRODUCTS.items(), start=1)]

READY_SECONDS = 120


def write_shop(folder: pathlib.Path) -> pathlib.Path:
    """The toy model's products, and two shoppers with four events each."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = {
        "products": ROWS,
        "users": [{"user_id": 1, "profile": "likes steel, write to ann@example.org"},
                  {"user_id": 2, "profile": "gardens"}, {"user_id": 3, "profile": ""}],
        "events": [
            {"user_id": user, "product_id": f"p{product}", "event": "click",
             "timestamp": f"2026-01-0{day}T00:00:00Z"}
            for user in (1, 3) for day, product in enumerate((4, 6, 8, 1), start=1)]}
    for table, rows in lines.items():
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{table}.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return write_shop(tmp_path_factory.mktemp("gateway") / "shop")


@pytest.fixture
def gateway_of(server, shop) -> Callable[..., contextlib.AbstractAsyncContextManager]:
    """Runs a gateway in this process, over the toy model server."""

    def make(**settings) -> contextlib.AbstractAsyncContextManager:
        return gateway_app(GatewayConfig(**{
            "catalogue": shop, "server": f"127.0.0.1:{server.grpc_port}",
            "timeout_seconds": 30.0, "rate": 1000.0, "burst": 1000, **settings}))

    return make


@pytest.fixture
def connect(gateway_of) -> Callable[..., contextlib.AbstractAsyncContextManager]:
    """Opens a client of such a gateway."""

    @contextlib.asynccontextmanager
    async def open_client(**settings) -> AsyncIterator[httpx.AsyncClient]:
        async with gateway_of(**settings) as app:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
                yield client

    return open_client


@pytest.fixture(scope="session")
def gateway(server, shop, tmp_path_factory) -> Iterator[str]:
    """The address of `emporium gateway`, started as a process."""
    with running_gateway(
            "--server", f"127.0.0.1:{server.grpc_port}", "--catalogue", str(shop), "--shoppers",
            str(shop), "--feedback", str(tmp_path_factory.mktemp("feedback")), "--timeout", "30",
            "--rate", "100000", "--burst", "100000") as address:
        yield address


@contextlib.contextmanager
def running_gateway(*arguments: str) -> Iterator[str]:
    """Starts the command and waits until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "gateway", "--port", "0", *arguments],
        stdout=subprocess.PIPE, text=True)
    killer = threading.Timer(READY_SECONDS, process.kill)
    killer.start()
    try:
        line = process.stdout.readline()
        killer.cancel()
        assert line.startswith("ready: "), line
        yield line.split()[1].rstrip("/,")
    finally:
        killer.cancel()
        process.terminate()
        assert process.wait(READY_SECONDS) == 0
