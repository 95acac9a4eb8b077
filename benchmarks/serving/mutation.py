"""Requests gone wrong: valid messages and documents with a few edits, in structure or in bytes."""

from __future__ import annotations

import copy
import json
import random
import string
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_NUMBERS = (0, 1, -1, 2, 7, 127, 128, 255, 256, 2**15, 2**16, 2**20, 2**31 - 1, 2**31, -2**31,
            2**32, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 2**64 - 1)
_FLOATS = (0.0, -0.0, 1.5, 1e-45, 1e38, 3.5e38, 1e300, float("inf"), float("-inf"), float("nan"))
_TEXTS = ("", "x", "inputs", "serving_default", "..", "\x00", "кабель 😀", "%s%n{}", "a" * 3_000)
_BYTES = (b"", b"\xff\xfe", b"\x00", b"a", b"\x0a\xff\xff\xff\x0f", b"a" * 3_000)
# Mostly few: what is wrong in one place gets further than what is wrong all over.
_EDITS = (0, 1, 1, 1, 1, 2, 2, 4)
_MAX_SLICE = 24


class Mutator:
    """Makes requests from valid ones; the same seed makes the same requests."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def message(self, corpus: Sequence[Message]) -> bytes:
        """A serialized message of the corpus, edited in its fields, its bytes, or both."""
        message = copy.deepcopy(self.random.choice(corpus))
        for _ in range(self.random.choice(_EDITS)):
            self._edit_message(self._some_message(message))
        data = message.SerializeToString(deterministic=True)
        return self._edit_bytes(data) if self.random.random() < 0.3 else data

    def document(self, corpus: Sequence[Any]) -> bytes:
        """A JSON document of the corpus, edited in its values, its text, or both."""
        document = copy.deepcopy(self.random.choice(corpus))
        for _ in range(self.random.choice(_EDITS)):
            document = self._edit_value(document)
        text = json.dumps(document, ensure_ascii=self.random.random() < 0.5)
        data = text.encode("utf-8", errors="surrogatepass")
        return self._edit_bytes(data) if self.random.random() < 0.2 else data

    def path(self, corpus: Sequence[str]) -> str:
        """A path of the corpus, one time in ten with an edit."""
        path = self.random.choice(corpus)
        if self.random.random() < 0.9:
            return path
        position = self.random.randrange(len(path))
        inserted = self.random.choice((*string.punctuation, "%00", "%ff", "/versions/9" * 9, "é"))
        return path[:position] + inserted + path[position + self.random.randint(0, 3):]

    def _some_message(self, message: Message) -> Message:
        """The message, or one that it holds, at any depth."""
        while self.random.random() < 0.75:
            inner = [
                value for field, values in message.ListFields()
                if field.message_type for value in _messages(field, values)]
            if not inner:
                break
            message = self.random.choice(inner)
        return message

    def _edit_message(self, message: Message) -> None:
        if not message.DESCRIPTOR.fields:
            return
        field = self.random.choice(message.DESCRIPTOR.fields)
        if self.random.random() < 0.2:
            message.ClearField(field.name)
        elif _is_map(field):
            self._edit_map(getattr(message, field.name), field.message_type)
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            self._edit_repeated(getattr(message, field.name), field)
        elif field.message_type:
            getattr(message, field.name).SetInParent()
        else:
            setattr(message, field.name, self._scalar(field))

    def _edit_map(self, entries: Any, entry_type: Any) -> None:
        key = self.random.choice([*sorted(entries, key=str), *_TEXTS])
        if key in entries and self.random.random() < 0.3:
            del entries[key]
        elif entry_type.fields_by_name["value"].message_type is None:
            entries[key] = self._scalar(entry_type.fields_by_name["value"])
        elif entries and key not in entries:
            entries[key].CopyFrom(entries[self.random.choice(sorted(entries))])
        else:
            self._edit_message(self._some_message(entries[key]))

    def _edit_repeated(self, values: Any, field: FieldDescriptor) -> None:
        if len(values) and self.random.random() < 0.4:
            del values[self.random.randrange(len(values))]
        elif field.message_type:
            added = values.add()
            if len(values) > 1:
                added.CopyFrom(values[0])
        else:
            values.extend([self._scalar(field)] * self.random.choice((1, 1, 2, 40)))

    def _scalar(self, field: FieldDescriptor) -> Any:
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            return self.random.choice(
                _BYTES if field.type == FieldDescriptor.TYPE_BYTES else _TEXTS)
        if field.cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
            return self.random.choice(_FLOATS)
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
            return self.random.choice(field.enum_type.values).number
        bits = 64 if "64" in _type_name(field) else 32
        low, high = (0, 2**bits) if "UINT" in _type_name(field) else (
            -2**(bits - 1), 2**(bits - 1))
        return self.random.choice([number for number in _NUMBERS if low <= number < high])

    def _edit_value(self, value: Any) -> Any:
        """The value with an edit somewhere in it."""
        if isinstance(value, dict) and value and self.random.random() < 0.75:
            key = self.random.choice(sorted(value))
            if self.random.random() < 0.15:
                value[self.random.choice((*sorted(value), *_TEXTS))] = value.pop(key)
            else:
                value[key] = self._edit_value(value[key])
            return value
        if isinstance(value, list) and value and self.random.random() < 0.75:
            index = self.random.randrange(len(value))
            if self.random.random() < 0.2:
                value.insert(index, copy.deepcopy(value[index]))
            else:
                value[index] = self._edit_value(value[index])
            return value
        return self._value(value)

    def _value(self, value: Any) -> Any:
        return self.random.choice((
            None, True, False, [], {}, [value], [[value], value], {"b64": "aGVsbG8="},
            {"b64": "*"}, {"b64": 3}, {"x": value}, "\ud800", "1.5", *_TEXTS,
            self.random.choice(_NUMBERS), self.random.choice(_FLOATS), 10**40, 10**400,
            _nested(self.random.choice((3, 60)), value)))

    def _edit_bytes(self, data: bytes) -> bytes:
        edited = bytearray(data)
        for _ in range(self.random.choice(_EDITS) or 1):
            position = self.random.randrange(len(edited) + 1)
            end = min(len(edited), position + self.random.randint(1, _MAX_SLICE))
            kind = self.random.randrange(5)
            if kind == 0 and position < len(edited):
                edited[position] ^= 1 << self.random.randrange(8)
            elif kind == 1:
                edited[position:position] = self.random.randbytes(self.random.randint(1, 8))
            elif kind == 2:
                del edited[position:end]
            elif kind == 3:
                edited[position:position] = edited[position:end] * self.random.randint(1, 30)
            else:
                del edited[position:]
        return bytes(edited)


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def _messages(field: FieldDescriptor, values: Any) -> list[Message]:
    if _is_map(field):
        return [values[key] for key in sorted(values) if isinstance(values[key], Message)]
    return list(values) if field.label == FieldDescriptor.LABEL_REPEATED else [values]


def _type_name(field: FieldDescriptor) -> str:
    return {
        FieldDescriptor.TYPE_INT32: "INT32", FieldDescriptor.TYPE_SINT32: "INT32",
        FieldDescriptor.TYPE_SFIXED32: "INT32", FieldDescriptor.TYPE_UINT32: "UINT32",
        FieldDescriptor.TYPE_FIXED32: "UINT32", FieldDescriptor.TYPE_UINT64: "UINT64",
        FieldDescriptor.TYPE_FIXED64: "UINT64"}.get(field.type, "INT64")


def _nested(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = [value]
    return value
