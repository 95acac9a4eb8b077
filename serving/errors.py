"""What can go wrong in serving, as types that a command line or a caller can act on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import grpc

_MAX_MESSAGE_BYTES = 2_000
_MAX_QUOTED_CHARS = 80
_GRAPH_NOISE = re.compile(
    r"Graph execution error|Detected at node|<stack traces|\[\[|\d+ root error|\s+File ")
_ROOT_ERROR = re.compile(r"\s*\(\d+\) [A-Z_]+:\s*")
_NODE_SUFFIX = re.compile(r"\s*\[(\[\{\{|Op:).*")


class ServingError(Exception):
    """Base of every error of this package; the message is for a user to read and act on."""


class VersionError(ServingError):
    """A model version on disk is missing, incomplete or cannot be loaded."""


class VersionTimeoutError(VersionError):
    """A model version took longer to load than it may."""


class StartupError(ServingError):
    """The server cannot start: no version to serve, or a port that is taken."""


class InputFileError(ServingError):
    """A file given to a batch command holds something unusable; the message has file:line."""


class OutputFileError(ServingError):
    """A batch command cannot write its result, or the result does not fit the format."""


class RequestError(ServingError):
    """A request that cannot be answered.

    Attributes:
        code: the gRPC status code; REST maps it to an HTTP status as TensorFlow Serving does.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(_shorten(message))
        self.code = code

    @property
    def message(self) -> str:
        """The text that the caller of the server reads."""
        return str(self.args[0])


class UnknownSignatureError(RequestError):
    """A request for a signature that the version does not have.

    Its own type, as TensorFlow Serving answers each of its methods with another code or text.

    Attributes:
        name: the signature asked for, cut to a readable length.
        remedy: the signatures that there are, for the end of a message.
    """

    def __init__(self, name: str, version: int, known: Iterable[str]) -> None:
        self.name = quoted(name)[1:].removesuffix("'")
        self.remedy = f"version {version} has {', '.join(sorted(known))}"
        super().__init__(
            grpc.StatusCode.INVALID_ARGUMENT,
            f'Serving signature name: "{self.name}" not found in signature def; {self.remedy}')


def invalid_argument(message: str) -> RequestError:
    """A request that is wrong whatever the state of the server."""
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> RequestError:
    """A request for a model or version that is not served."""
    return RequestError(grpc.StatusCode.NOT_FOUND, message)


def quoted(value: object) -> str:
    """A received value for an error message: escaped, and cut to a readable length."""
    text = repr(value)
    return text if len(text) <= _MAX_QUOTED_CHARS else f"{text[:_MAX_QUOTED_CHARS]}..."


def sentence(error: BaseException) -> str:
    """The first telling line of an error: of a TensorFlow error, no graph nodes or frames."""
    for line in (getattr(error, "message", None) or str(error)).splitlines():
        if line.strip() and not _GRAPH_NOISE.match(line):
            return _NODE_SUFFIX.sub("", _ROOT_ERROR.sub("", line)).strip()
    return type(error).__name__


def _shorten(message: str) -> str:
    # gRPC sends the message as a percent-encoded trailer, and clients refuse trailers over 8 KiB.
    encoded = message.encode("utf-8", errors="replace")
    if len(encoded) <= _MAX_MESSAGE_BYTES:
        return encoded.decode("utf-8")
    return encoded[:_MAX_MESSAGE_BYTES].decode("utf-8", errors="ignore") + "..."
