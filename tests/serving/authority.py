"""Certificates for tests of TLS."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates, as the one of a company does."""

    def __init__(self, file: pathlib.Path | None = None) -> None:
        """Makes one, and a file with its certificate where one is named."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("authority")
        self.certificate = self._sign(self._name, self._key.public_key(), is_authority=True)
        self.file = file
        if file is not None:
            file.write_bytes(self.certificate)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """A key and a certificate for 127.0.0.1, both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())
        return pem, self._sign(_name(name), key.public_key())

    def files(self, folder: pathlib.Path, name: str) -> tuple[pathlib.Path, pathlib.Path]:
        """The files of such a certificate and its key."""
        key, certificate = self.issue(name)
        (folder / f"{name}.crt").write_bytes(certificate)
        (folder / f"{name}.key").write_bytes(key)
        return folder / f"{name}.crt", folder / f"{name}.key"

    def _sign(self, name, public_key, *, is_authority=False) -> bytes:
        now = datetime.datetime.now(datetime.timezone.utc)
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
            .public_key(public_key).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
