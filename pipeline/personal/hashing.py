"""User ids replaced by hashes that only who holds a key can make."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re

LEAST_KEY_BYTES = 16

_VERSION = re.compile(r"[A-Za-z0-9]{1,8}")
_HASH_CHARS = 32  # 128 bits: a billion users collide with a probability below 1e-20.
_HASH = re.compile(rf"k{_VERSION.pattern}-[0-9a-f]{{{_HASH_CHARS}}}")


class UserKeyError(ValueError):
    """A key cannot be used; the message says why, and never shows it."""


@dataclasses.dataclass(frozen=True)
class UserKey:
    """The secret that user ids are hashed with.

    Attributes:
        version: names the key in every hash made with it.
        secret: at least 16 bytes.
    """

    version: str
    secret: bytes = dataclasses.field(repr=False)

    @classmethod
    def parse(cls, text: str) -> UserKey:
        """Reads `VERSION:SECRET`, or `SECRET` alone, which is version 1.

        Raises:
            UserKeyError: the version is not one to eight letters and digits, or the secret is
                shorter than 16 bytes.
        """
        version, colon, secret = text.partition(":")
        if not colon:
            version, secret = "1", text
        if not _VERSION.fullmatch(version):
            raise UserKeyError(
                "what stands before the first colon names the key's version, one to eight letters "
                "and digits; write 1:SECRET where the secret itself holds a colon")
        encoded = secret.encode("utf-8", "surrogateescape")
        if len(encoded) < LEAST_KEY_BYTES:
            raise UserKeyError(
                f"the secret has {len(encoded)} bytes, {LEAST_KEY_BYTES} are the least; make one "
                "with `openssl rand -hex 32`, and keep it where the shop keeps its passwords")
        return cls(version, encoded)

    @property
    def fingerprint(self) -> str:
        """Changes with the key and says nothing about it."""
        return f"{self.version}-{_hmac(self.secret, 'fingerprint of the key')[:12]}"


def hash_user(user_id: str, key: UserKey) -> str:
    """The id that stands for a user: the same for the same id and key.

    Returns:
        The key's version and 128 bits of HMAC-SHA256, such as `k1-` and 32 hexadecimal digits.
    """
    return f"k{key.version}-{_hmac(key.secret, f'user {user_id}')[:_HASH_CHARS]}"


def is_hash(user_id: str) -> bool:
    """Whether an id has the form of those that `hash_user` makes, with a key of any version.

    Anyone can write an id of that form. It tells no more of a person than they wrote into it, and
    to be taken for another shopper they would have to know that one's hash.
    """
    return _HASH.fullmatch(user_id) is not None


def hash_unkeyed(user_id: str) -> str:
    """The same without a key: hides an id from who reads it, not from who guesses it."""
    digest = hashlib.sha256(f"user {user_id}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"u-{digest[:_HASH_CHARS]}"


def _hmac(secret: bytes, message: str) -> str:
    return hmac.new(
        secret, message.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
