"""What ingest changes in texts, attributes and ids of users that it keeps."""

from __future__ import annotations

import collections
from typing import Any

import orjson

from pipeline.ingest.contract import Column, Reason, RejectedError, Repair
from pipeline.ingest.numbers import EXACT_FLOAT
from pipeline.ingest.privacy import MASKED, Protection
from pipeline.personal.masking import Masked
from pipeline.personal.spans import FreeText

_JSON_INT = 2**63
_MAX_DEPTH = 32
_MAX_NAMES = 10_000


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
        repairs: how many values were changed, by Repair; of personal data, how often it was
            masked.
    """

    def __init__(self, max_text_chars: int, protection: Protection) -> None:
        """Fixes the rules.

        Args:
            max_text_chars: longer texts are cut.
            protection: of personal data.
        """
        self.repairs: collections.Counter[str] = collections.Counter()
        self._max_text_chars = max_text_chars
        self._protection = protection
        self._names: dict[str, str] = {}

    def text(self, text: str, free_text: FreeText | None = None, label: str = "") -> str:
        """Removes NULs, masks personal data and cuts what is too long.

        Args:
            text: as it came.
            free_text: who wrote it; None for what nobody writes, which is not masked.
            label: name of the attribute that the text is the value of.
        """
        if "\0" in text:
            text = text.replace("\0", "")
            self.repairs[Repair.NULS.value] += 1
        if len(text) > self._max_text_chars:
            self.repairs[Repair.CUT.value] += 1
        if free_text is None:
            return text[:self._max_text_chars]
        return self._count(self._protection.text(
            text, free_text, label=label, end=self._max_text_chars))

    def identifier(self, text: str, column: Column) -> str:
        """An id, or what stands for it: that of a user is replaced, a name that is one masked."""
        if column.of_user:
            text, repair = self._protection.user_id(text)
            if repair is not None:
                self.repairs[repair.value] += 1
        elif column.free_text is not None:
            text = self._count(self._protection.text(text, column.free_text))
        return text

    def name(self, name: str) -> str:
        """The name of a column or an attribute, which may be a value that lost its place."""
        known = self._names.get(name)
        if known is None:
            known = self._protection.text(name, FreeText.PROSE, end=self._max_text_chars).text
            if len(self._names) < _MAX_NAMES:
                self._names[name] = known
        return known

    def attributes(self, attributes: dict[Any, Any], free_text: FreeText) -> dict[str, Any]:
        """Drops attributes without a value and cleans names and texts, at every depth.

        The last keys, in sorted order, are left out where the whole is longer as JSON than texts
        may be.

        Args:
            attributes: as they came.
            free_text: who wrote them.

        Raises:
            RejectedError: the values are nested too deep.
        """
        cleaned = self._object(attributes, free_text, depth=1)
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

    def _count(self, masked: Masked) -> str:
        for kind, count in masked.counts.items():
            self.repairs[MASKED[kind].value] += count
        return masked.text

    def _object(
        self, attributes: dict[Any, Any], free_text: FreeText, depth: int,
    ) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for given, value in attributes.items():
            if is_missing(value):
                continue
            key = unmasked = self.text(str(given))
            key = self.name(unmasked)
            if key != unmasked:  # Two addresses would become one name.
                number = 1
                while key in cleaned:
                    number += 1
                    key = f"{self.name(unmasked)} {number}"
            cleaned[key] = self._nested(value, free_text, key, depth)
        return cleaned

    def _nested(self, value: Any, free_text: FreeText, label: str, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise RejectedError(
                Reason.BAD_ATTRIBUTES, f"attributes are nested more than {_MAX_DEPTH} deep")
        if isinstance(value, str):
            return self.text(value, free_text, label)
        if isinstance(value, dict):
            return self._object(value, free_text, depth + 1)
        if isinstance(value, (list, tuple)):
            return [self._nested(item, free_text, label, depth + 1) for item in value]
        if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT:
            value = int(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)) and abs(value) < _JSON_INT:
            masked = self._protection.number(value, free_text, label)
            return value if masked is None else self._count(masked)
        return self.text(
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value),
            free_text, label)
