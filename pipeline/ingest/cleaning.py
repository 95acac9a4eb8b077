"""What ingest changes in texts and attributes that it keeps."""

from __future__ import annotations

import collections
from typing import Any

import orjson

from pipeline.ingest.contract import Reason, RejectedError, Repair
from pipeline.ingest.numbers import EXACT_FLOAT

_JSON_INT = 2**63
_MAX_DEPTH = 32


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none: null, blank text, NaN, an empty object."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return value != value
    return value is None or value == {} or value == []


class Cleaner:
    """Cleans values, and counts what it changes.

    Attributes:
        repairs: how many values were changed, by Repair.
    """

    def __init__(self, max_text_chars: int) -> None:
        """Fixes the length from which on texts are cut."""
        self.repairs: collections.Counter[str] = collections.Counter()
        self._max_text_chars = max_text_chars

    def text(self, text: str) -> str:
        """Removes NULs and cuts what is too long."""
        if "\0" in text:
            text = text.replace("\0", "")
            self.repairs[Repair.NULS.value] += 1
        if len(text) > self._max_text_chars:
            text = text[:self._max_text_chars]
            self.repairs[Repair.CUT.value] += 1
        return text

    def attributes(self, attributes: dict[Any, Any]) -> dict[str, Any]:
        """Drops attributes without a value and cleans texts, at every depth.

        The last keys, in sorted order, are left out where the whole is longer as JSON than texts
        may be.

        Raises:
            RejectedError: the values are nested too deep.
        """
        cleaned = self._object(attributes, depth=1)
        if len(orjson.dumps(cleaned)) <= self._max_text_chars:
            return cleaned
        self.repairs[Repair.CUT.value] += 1
        kept: dict[str, Any] = {}
        size = 2
        for name in sorted(cleaned):
            size += len(orjson.dumps({name: cleaned[name]})) - 1
            if size > self._max_text_chars:
                break
            kept[name] = cleaned[name]
        return kept

    def _object(self, attributes: dict[Any, Any], depth: int) -> dict[str, Any]:
        return {self.text(str(name)): self._nested(value, depth)
                for name, value in attributes.items() if not is_missing(value)}

    def _nested(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise RejectedError(
                Reason.BAD_ATTRIBUTES, f"attributes are nested more than {_MAX_DEPTH} deep")
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self._object(value, depth + 1)
        if isinstance(value, (list, tuple)):
            return [self._nested(item, depth + 1) for item in value]
        if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT:
            return int(value)
        if value is None or isinstance(value, bool) or (
                isinstance(value, (int, float)) and abs(value) < _JSON_INT):
            return value
        return self.text(
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
