"""Connections to a model server, plain or by TLS."""

from __future__ import annotations

import dataclasses
import pathlib
import ssl
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio

from serving.errors import StartupError

_Options = Sequence[tuple[str, Any]]


@dataclasses.dataclass(frozen=True)
class ClientTls:
    """What a client of a TLS server holds, PEM.

    Attributes:
        authority: certificates that sign the server's.
        certificate: the client's own chain, for a server that asks for one; b"" for none.
        key: the private key of that; b"" for none.
    """

    authority: bytes
    certificate: bytes = b""
    key: bytes = dataclasses.field(default=b"", repr=False)

    @classmethod
    def read(cls, authority: pathlib.Path, certificate: pathlib.Path | None = None,
             key: pathlib.Path | None = None) -> ClientTls:
        """Reads PEM files.

        Raises:
            StartupError: a file cannot be read or is no PEM, one of certificate and key is given
                without the other, or they do not belong together.
        """
        if (certificate is None) != (key is None):
            raise StartupError(
                "a client's certificate and its key go together; received "
                f"{'the certificate' if key is None else 'the key'} alone")
        # Looked at by OpenSSL now, as gRPC would say no more than that it cannot connect.
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(authority)
        except OSError as error:
            raise StartupError(
                f"the certificates in {authority} that sign the server's cannot be read: {error}; "
                "they should be PEM") from error
        if certificate is None or key is None:
            return cls(authority.read_bytes())
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise StartupError(
                f"the certificate {certificate} and the key {key} cannot be used: {error}; they "
                "should be PEM without a password, and belong together") from error
        return cls(authority.read_bytes(), certificate.read_bytes(), key.read_bytes())

    def credentials(self) -> grpc.ChannelCredentials:
        """What a gRPC channel takes."""
        return grpc.ssl_channel_credentials(
            self.authority, self.key or None, self.certificate or None)


def open_channel(target: str, options: _Options, tls: ClientTls | None) -> grpc.Channel:
    """A channel for threads."""
    if tls is None:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, tls.credentials(), options=options)


def open_async_channel(target: str, options: _Options, tls: ClientTls | None) -> grpc.aio.Channel:
    """A channel for the running event loop."""
    if tls is None:
        return grpc.aio.insecure_channel(target, options=options)
    return grpc.aio.secure_channel(target, tls.credentials(), options=options)


def _no_password() -> str:
    raise ValueError("the key wants a password")  # OpenSSL would ask the terminal
