"""Recorded requests that a version answers before it takes any traffic."""

from __future__ import annotations

from collections.abc import Iterator

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from serving.errors import RequestError, VersionError, sentence
from serving.servable import Servable
from serving.tensors import decode_tensor
from serving.versions import Version

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"


def warm_up(servable: Servable) -> int:
    """Answers every recorded request of a version once.

    Args:
        servable: a loaded version; its folder may hold `assets.extra/tf_serving_warmup_requests`.

    Returns:
        How many requests were answered; 0 where the version has no such file.

    Raises:
        VersionError: the file is damaged, or the version fails on a request of its own.
    """
    answered = 0
    for request in _recorded_requests(servable.version):
        try:
            signature = servable.signatures.find(request.model_spec.signature_name)
            received = {name: decode_tensor(name, proto) for name, proto in request.inputs.items()}
            inputs = {**signature.defaults, **received}
            signature.check_inputs(inputs)
            servable.run(signature, inputs, signature.outputs)
        except RequestError as error:
            raise VersionError(
                f"version {servable.version.number} fails on warm-up request {answered} of its "
                f"{WARMUP_FILE}: {error.message}; export it again") from error
        answered += 1
    return answered


def _recorded_requests(version: Version) -> Iterator[predict_pb2.PredictRequest]:
    path = version.path / WARMUP_FILE
    if not path.is_file():
        return
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            log = prediction_log_pb2.PredictionLog.FromString(record)
            if log.WhichOneof("log_type") == "predict_log":
                yield log.predict_log.request
    except (tf.errors.OpError, DecodeError) as error:
        raise VersionError(
            f"version {version.number}: {path} is not a TFRecord file of PredictionLog: "
            f"{sentence(error)}; export it again") from error
