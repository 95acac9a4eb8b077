"""The configuration files of TensorFlow Serving that its Python package has no messages for.

Names, numbers and types of the fields are those of tensorflow_serving/config/ssl_config.proto,
monitoring_config.proto and servables/tensorflow/session_bundle_config.proto.
"""

from __future__ import annotations

import pathlib
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from serving.errors import StartupError

_PACKAGE = "emporium.serving"
_Field = descriptor_pb2.FieldDescriptorProto
_STRING, _BOOL, _INT64 = _Field.TYPE_STRING, _Field.TYPE_BOOL, _Field.TYPE_INT64

_MESSAGES: dict[str, tuple[tuple[str, int, int | str, bool], ...]] = {
    "Int64": (("value", 1, _INT64, False),),
    "String": (("value", 1, _STRING, False),),
    "SSLConfig": (
        ("server_key", 1, _STRING, False), ("server_cert", 2, _STRING, False),
        ("custom_ca", 3, _STRING, False), ("client_verify", 4, _BOOL, False)),
    "PrometheusConfig": (("enable", 1, _BOOL, False), ("path", 2, _STRING, False)),
    "MonitoringConfig": (("prometheus_config", 1, "PrometheusConfig", False),),
    "BatchingParameters": (
        ("max_batch_size", 1, "Int64", False), ("batch_timeout_micros", 2, "Int64", False),
        ("max_enqueued_batches", 3, "Int64", False), ("num_batch_threads", 4, "Int64", False),
        ("thread_pool_name", 5, "String", False), ("allowed_batch_sizes", 6, _INT64, True),
        ("pad_variable_length_inputs", 7, _BOOL, False)),
}
"""Fields of each message: name, number, type or message, whether repeated."""


def read(path: pathlib.Path, message: str) -> Any:
    """The message in a file of protobuf's text format.

    Args:
        path: the file.
        message: its type: SSLConfig, MonitoringConfig or BatchingParameters.

    Raises:
        StartupError: the file cannot be read or is no such message.
    """
    try:
        return text_format.Parse(path.read_text("utf-8"), _message_class(message)())
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror}") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise StartupError(
            f"Invalid protobuf file: '{path}': {error}; it should be a {message} in text format"
        ) from error


def _message_class(name: str) -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="emporium/serving.proto", package=_PACKAGE, syntax="proto3")
    for message, fields in _MESSAGES.items():
        descriptor = file.message_type.add(name=message)
        for field, number, kind, repeated in fields:
            added = descriptor.field.add(
                name=field, number=number,
                label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL)
            if isinstance(kind, str):
                added.type, added.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
            else:
                added.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)
