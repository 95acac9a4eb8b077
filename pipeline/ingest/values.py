"""Single values: ids, texts, numbers, dates and attributes, from whatever a file held."""

from __future__ import annotations

import collections
import decimal
import math
import re
from typing import Any

import orjson

from pipeline.ingest.contract import MAX_ID_CHARS, Column, Kind, Reason, Repair
from pipeline.ingest.numbers import as_float, as_seconds

_YEAR_SECONDS = 366 * 24 * 3600
_WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EXACT_FLOAT = 2**53
_JSON_INT = 2**63
_MAX_DEPTH = 32
_MILLISECONDS = 10**11  # As seconds, a day of the year 5138.
_MAX_FLOAT32 = 3.4028234e38


class RejectedError(ValueError):
    """A row cannot be used; `reason` says why in a word, the message in a sentence."""

    def __init__(self, reason: Reason, explanation: str) -> None:
        """Names the reason; the explanation shows no value of a personal column."""
        super().__init__(explanation)
        self.reason = reason


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none: null, blank text, NaN, an empty object."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return value != value
    return value is None or value == {} or value == []


def shortest_text(number: int | float | decimal.Decimal) -> str:
    """A number's shortest text: 1.0 is "1", 0.5 is "0.5"."""
    if isinstance(number, decimal.Decimal):
        return format(number.normalize(), "f")
    if isinstance(number, float) and number.is_integer() and abs(number) < _EXACT_FLOAT:
        return str(int(number))
    return str(number)


class ValueParser:
    """Reads values, and counts what it changes in those that it keeps.

    Attributes:
        repairs: how many values were changed, by Repair.
    """

    def __init__(self, max_text_chars: int, now: float, *, untyped: bool, personal: bool) -> None:
        """Fixes the limits.

        Args:
            max_text_chars: longer texts are cut here.
            now: seconds since the epoch; dates more than a year later are impossible.
            untyped: the values come from CSV, where a number is text too.
            personal: explanations show the form of a value, not the value.
        """
        self.repairs: collections.Counter[str] = collections.Counter()
        self._max_text_chars = max_text_chars
        self._latest = now + _YEAR_SECONDS
        self._untyped = untyped
        self._personal = personal
        self._parsers = {
            Kind.ID: self._identifier,
            Kind.TEXT: self._text,
            Kind.NUMBER: self._number,
            Kind.TIME: self._time,
            Kind.CHOICE: self._choice,
            Kind.ATTRIBUTES: self._attributes,
        }

    def parse(self, column: Column, value: Any) -> Any:
        """Reads one value of a column.

        Returns:
            str, float for a NUMBER, int seconds for a TIME, dict for ATTRIBUTES, or None when
            nothing is left of it.

        Raises:
            RejectedError: the value is not one that the column can have.
        """
        return self._parsers[column.kind](column, value)

    def clean_text(self, text: str) -> str:
        """Removes NULs and cuts what is too long, counting both."""
        if "\0" in text:
            text = text.replace("\0", "")
            self.repairs[Repair.NULS.value] += 1
        if len(text) > self._max_text_chars:
            text = text[:self._max_text_chars]
            self.repairs[Repair.CUT.value] += 1
        return text

    def clean_attributes(self, attributes: dict[Any, Any]) -> dict[str, Any]:
        """Drops attributes without a value and cleans texts, at every depth.

        The last keys, in sorted order, are left out where the whole is longer as JSON than texts
        may be.

        Raises:
            RejectedError: the values are nested too deep.
        """
        cleaned = self._clean_object(attributes, depth=1)
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

    def show(self, value: Any) -> str:
        """A value for an explanation; where values are personal, its form: "ab-12" is "aa-99"."""
        text = value if isinstance(value, str) else str(value)
        text = text[:40] + ("..." if len(text) > 40 else "")
        if self._personal:
            text = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", text))
            return f"of the form {text!r}"
        return repr(text)

    def _identifier(self, column: Column, value: Any) -> str | None:
        if isinstance(value, str):
            text = value.strip()
            if self._untyped and (number := _WHOLE_NUMBER.fullmatch(text)):
                text = number[1]
        elif isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
            if not math.isfinite(value) or (
                    isinstance(value, float) and abs(value) >= _EXACT_FLOAT):
                raise RejectedError(
                    Reason.BAD_ID, f"{column.name} is a number too large to be exact; "
                    "write such ids as text")
            text = shortest_text(value)
        else:
            raise RejectedError(
                Reason.BAD_ID,
                f"{column.name} should be text or a number, not {_type_name(value)}")
        if _CONTROL.search(text) and _CONTROL.search(text := self.clean_text(text)):
            raise RejectedError(
                Reason.BAD_ID, f"{column.name} holds a line break, a tab or another control "
                "character")
        if len(text) > MAX_ID_CHARS:
            raise RejectedError(
                Reason.BAD_ID,
                f"{column.name} has {len(text)} characters; ids have {MAX_ID_CHARS} at the most")
        return text or None

    def _text(self, column: Column, value: Any) -> str | None:
        if isinstance(value, str):
            return self.clean_text(value) or None
        if isinstance(value, (int, float, decimal.Decimal)):
            return str(value).lower() if isinstance(value, bool) else shortest_text(value)
        raise RejectedError(
            Reason.BAD_TEXT, f"{column.name} should be text, not {_type_name(value)}")

    def _number(self, column: Column, value: Any) -> float | None:
        number = as_float(value)
        if number is None:
            raise RejectedError(
                Reason.BAD_NUMBER, f"{column.name} should be a number, it is {self.show(value)}")
        if math.isnan(number):
            return None
        if abs(number) > _MAX_FLOAT32:
            raise RejectedError(
                Reason.BAD_NUMBER, f"{column.name} should be finite, it is {self.show(value)}")
        if column.minimum is not None and number < column.minimum:
            raise RejectedError(
                Reason.BAD_NUMBER,
                f"{column.name} should be {column.minimum:g} or more, it is {self.show(value)}")
        return number

    def _time(self, column: Column, value: Any) -> int | None:
        seconds = as_seconds(value)
        if seconds is None:
            raise RejectedError(
                Reason.IMPOSSIBLE_DATE, f"{column.name} should be an ISO-8601 date or seconds "
                f"since 1970, it is {self.show(value)}")
        if math.isnan(seconds):
            return None
        if not 0 <= seconds <= self._latest:
            if seconds > _MILLISECONDS and seconds / 1000 <= self._latest:
                problem = "looks like milliseconds; seconds are expected"
            else:
                problem = "is before 1970" if seconds < 0 else "is more than a year from now"
            raise RejectedError(
                Reason.IMPOSSIBLE_DATE, f"{column.name} {problem}: it is {self.show(value)}")
        return math.floor(seconds)

    def _choice(self, column: Column, value: Any) -> str:
        text = value.strip().lower() if isinstance(value, str) else ""
        if text not in column.choices:
            raise RejectedError(
                Reason.BAD_CHOICE, f"{column.name} should be one of {', '.join(column.choices)}; "
                f"it is {self.show(value)}")
        return text

    def _attributes(self, column: Column, value: Any) -> dict[str, Any] | None:
        if isinstance(value, str):
            value = self._parse_attributes(column, value)
        elif isinstance(value, list):  # A Parquet map arrives as a list of pairs.
            if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in value):
                raise RejectedError(
                    Reason.BAD_ATTRIBUTES, f"{column.name} should be an object, not a list")
            value = dict(value)
        if not isinstance(value, dict):
            raise RejectedError(
                Reason.BAD_ATTRIBUTES, f"{column.name} should be an object or text of the form "
                f"key=value|key=value, not {_type_name(value)}")
        return self.clean_attributes(value) or None

    def _parse_attributes(self, column: Column, text: str) -> Any:
        stripped = text.strip()
        if stripped.startswith("{"):
            try:
                return orjson.loads(stripped)
            except orjson.JSONDecodeError as error:
                raise RejectedError(
                    Reason.BAD_ATTRIBUTES,
                    f"{column.name} starts like a JSON object but is none: {error}") from error
        attributes: dict[str, Any] = {}
        for part in filter(str.strip, stripped.split("|")):
            key, equals, value = part.partition("=")
            if not equals or not key.strip():
                raise RejectedError(
                    Reason.BAD_ATTRIBUTES, f"{column.name} should be a JSON object or text of "
                    f"the form key=value|key=value, it is {self.show(text)}")
            key, value = key.strip(), value.strip()
            if key in attributes:
                value = f"{attributes[key]}, {value}"
            attributes[key] = value
        return attributes

    def _clean_object(self, attributes: dict[Any, Any], depth: int) -> dict[str, Any]:
        return {self.clean_text(str(name)): self._clean_nested(value, depth)
                for name, value in attributes.items() if not is_missing(value)}

    def _clean_nested(self, value: Any, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise RejectedError(
                Reason.BAD_ATTRIBUTES, f"attributes are nested more than {_MAX_DEPTH} deep")
        if isinstance(value, str):
            return self.clean_text(value)
        if isinstance(value, dict):
            return self._clean_object(value, depth + 1)
        if isinstance(value, (list, tuple)):
            return [self._clean_nested(item, depth + 1) for item in value]
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
            return int(value)
        if value is None or isinstance(value, bool) or (
                isinstance(value, (int, float)) and abs(value) < _JSON_INT):
            return value
        return self.clean_text(
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", str: "text"}
    return names.get(type(value), type(value).__name__)
