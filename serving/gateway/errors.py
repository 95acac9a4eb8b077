"""What the gateway answers when it cannot answer, by HTTP status."""

from __future__ import annotations

from http import HTTPStatus

import grpc

from serving.errors import ServingError


class ApiError(ServingError):
    """A request that is answered by {"error": message}.

    Attributes:
        status: the HTTP status.
        retry_after: seconds after which another try makes sense; None for no advice.
    """

    def __init__(self, status: HTTPStatus, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


_OF_THE_MODEL = {
    grpc.StatusCode.INVALID_ARGUMENT: (
        HTTPStatus.BAD_REQUEST, "the model server refused the request", None),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (
        HTTPStatus.TOO_MANY_REQUESTS, "the model server has too much to do", 1),
    grpc.StatusCode.DEADLINE_EXCEEDED: (
        HTTPStatus.GATEWAY_TIMEOUT, "the model server did not answer in time", None),
}
_UNREADY = (HTTPStatus.SERVICE_UNAVAILABLE, "the model server cannot answer now", 2)


def of_model_call(code: grpc.StatusCode) -> ApiError:
    """The answer to a call of the model server that failed.

    What it said stays in the log: it is of the shop's machines, not for the shop's customers.
    """
    status, message, retry_after = _OF_THE_MODEL.get(code, _UNREADY)
    return ApiError(status, message, retry_after)
