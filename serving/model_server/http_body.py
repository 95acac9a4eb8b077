"""The body of an HTTP request, whole, within a limit, and unpacked where it came gzipped."""

from __future__ import annotations

import zlib

from starlette.requests import Request

from serving.errors import ServingError, invalid_argument

_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class BodyTooLargeError(ServingError):
    """A body over the limit; HTTP has a status of its own for it."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the body is larger than {max_bytes} bytes; send it in parts")


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Reads a body; the limit is for it as sent and, if it is gzipped, as unpacked.

    Raises:
        BodyTooLargeError: it is over the limit.
        RequestError: INVALID_ARGUMENT for a body that is said to be gzipped and is not.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLargeError(max_bytes)
    if "gzip" in request.headers.get("content-encoding", "").lower():
        return unpack(bytes(body), max_bytes)
    return bytes(body)


def unpack(packed: bytes, max_bytes: int) -> bytes:
    """What gzipped bytes hold; several streams one after the other are one.

    Raises:
        BodyTooLargeError: it is over the limit; no more than that is ever unpacked.
        RequestError: INVALID_ARGUMENT for damaged or cut bytes.
    """
    unpacked = bytearray()
    while packed:
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            unpacked += stream.decompress(packed, max_bytes - len(unpacked) + 1)
        except zlib.error as error:
            raise invalid_argument(f"the body does not unpack as gzip: {error}") from error
        if len(unpacked) > max_bytes:
            raise BodyTooLargeError(max_bytes)
        if not stream.eof:
            raise invalid_argument("the gzipped body is cut off")
        packed = stream.unused_data
    return bytes(unpacked)
