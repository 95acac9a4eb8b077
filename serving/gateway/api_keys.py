"""Keys of callers: a file of SHA-256 hashes, so that reading it gives no key away."""

from __future__ import annotations

import hashlib
import hmac
import pathlib
import re
import secrets

from serving.errors import StartupError

# The name is for whoever reads the file: several keys may have the same.
_LINE = re.compile(r"(?P<hash>[0-9a-f]{64})(?:\s+\S.*)?")


def hash_key(key: str) -> str:
    """The line of a key, but for its name.

    A plain hash is enough for keys drawn at random (`new_key`): none is short enough to guess.
    """
    return hashlib.sha256(key.encode("utf-8", errors="replace")).hexdigest()


def new_key() -> str:
    """A key of 256 random bits."""
    return secrets.token_urlsafe(32)


class ApiKeys:
    """The keys that are known."""

    def __init__(self, hashes: frozenset[str]) -> None:
        """Takes the hashes of the keys."""
        self._hashes = hashes

    @classmethod
    def read(cls, path: pathlib.Path) -> ApiKeys:
        """Reads `HASH NAME`, a line each; blank lines and lines that begin with # are skipped.

        Raises:
            StartupError: the file cannot be read, a line is no hash, or there is no key.
        """
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"{path}: the keys cannot be read: {error}") from error
        hashes: set[str] = set()
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.fullmatch(line.strip())
            if match is None:
                # The line is not quoted: it may be a key that was not hashed.
                raise StartupError(
                    f"{path}:{number}: should be a SHA-256 hash in 64 hexadecimal digits and a "
                    "name; `emporium gateway --hash-key` makes such a line")
            hashes.add(match["hash"])
        if not hashes:
            raise StartupError(f"{path}: no key is there; `emporium gateway --hash-key` makes one")
        return cls(frozenset(hashes))

    def known(self, key: str) -> str | None:
        """The hash of a key, None for an unknown one; takes as long whichever it is."""
        received = hash_key(key)
        found = None
        for known in self._hashes:
            if hmac.compare_digest(known, received):
                found = known
        return found
