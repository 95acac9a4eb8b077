"""How a gateway runs: one typed configuration, checked before anything starts."""

from __future__ import annotations

import dataclasses
import pathlib
import re

from serving.channels import ClientTls
from serving.errors import StartupError

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")
_CURRENCY = re.compile(r"([A-Z]{3})?")


@dataclasses.dataclass(frozen=True)
class GatewayConfig:
    """How a gateway runs.

    Attributes:
        catalogue: a products table, or a folder with its files.
        server: HOST:PORT of the model server's gRPC port.
        server_tls: for a model server that speaks TLS; None for plain text.
        model_name: the name that the server gave the model.
        host: address to listen on; 0.0.0.0 takes requests from other machines.
        port: HTTP port; 0 picks a free one.
        timeout_seconds: deadline of each call of the model server.
        api_keys: file of hashed keys; None lets everyone in.
        operator_keys: file of hashed keys for the operator's page, which open all else, too; None
            lets in whom `api_keys` does.
        rate: requests a second that one client may make in the long run.
        burst: requests that a client may make at once.
        max_body_bytes: largest body of a request.
        feedback: folder that events are written to; None switches feedback off.
        shoppers: folder with the tables users and events, to take example shoppers from.
        reports: folder with quality.json, for the operator's page.
        image_origins: https://HOST from which the page may load products' pictures.
        trusted_proxies: addresses or networks whose X-Forwarded-For is believed, with commas.
        shop_name: the name on the page.
        currency: ISO 4217 code of the prices, or "" for plain numbers.
        reload_seconds: pause between two looks at the catalogue's files.
    """

    catalogue: pathlib.Path
    server: str = "localhost:8500"
    server_tls: ClientTls | None = None
    model_name: str = "emporium"
    host: str = "127.0.0.1"
    port: int = 8080
    timeout_seconds: float = 2.0
    api_keys: pathlib.Path | None = None
    operator_keys: pathlib.Path | None = None
    rate: float = 50.0
    burst: int = 100
    max_body_bytes: int = 64 * 2**10
    feedback: pathlib.Path | None = None
    shoppers: pathlib.Path | None = None
    reports: pathlib.Path | None = None
    image_origins: tuple[str, ...] = ()
    trusted_proxies: str = ""
    shop_name: str = "Emporium"
    currency: str = ""
    reload_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Checks what could not work.

        Raises:
            StartupError: a value is out of range.
        """
        for name in ("timeout_seconds", "rate", "burst", "max_body_bytes", "reload_seconds"):
            value = getattr(self, name)
            if not value > 0:
                raise StartupError(f"{name} should be above 0. Received: {value}")
        if self.burst < 1:
            raise StartupError(f"burst should be at least 1. Received: {self.burst}")
        for origin in self.image_origins:
            if not _ORIGIN.fullmatch(origin):
                raise StartupError(
                    "an image origin should be a scheme and a host, as https://cdn.example.org. "
                    f"Received: {origin!r}")
        if not _CURRENCY.fullmatch(self.currency):
            raise StartupError(
                f"currency should be three capital letters, as EUR. Received: {self.currency!r}")
