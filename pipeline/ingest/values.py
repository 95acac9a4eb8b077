"""Single values: ids, texts, numbers, dates and attributes, from whatever a file held."""

from __future__ import annotations

import decimal
import math
import re
from typing import Any

import orjson

from pipeline.ingest.cleaning import Cleaner
from pipeline.ingest.contract import MAX_ID_CHARS, Column, Kind, Reason, RejectedError
from pipeline.ingest.numbers import EXACT_FLOAT, as_float, as_seconds, shortest_text
from pipeline.ingest.privacy import Protection
from pipeline.personal.masking import is_only_masks
from pipeline.personal.spans import FreeText

_YEAR_SECONDS = 366 * 24 * 3600
_WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MILLISECONDS = 10**11  # As seconds, a day of the year 5138.
_MAX_FLOAT32 = 3.4028234e38
_MAX_SHOWN = 40


class ValueParser:
    """Reads values by the columns that they stand in.

    Attributes:
        cleaner: of what is kept; counts what it changes.
    """

    def __init__(
        self, max_text_chars: int, now: float, *, untyped: bool, personal: bool,
        protection: Protection,
    ) -> None:
        """Fixes the limits.

        Args:
            max_text_chars: longer texts are cut here.
            now: seconds since the epoch; dates more than a year later are impossible.
            untyped: the values come from CSV, where a number is text too.
            personal: explanations show the form of a value, not the value.
            protection: of personal data.
        """
        self.cleaner = Cleaner(max_text_chars, protection)
        self._protection = protection
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

    def show(self, value: Any) -> str:
        """A value for an explanation; where values are personal, its form: "ab-12" is "aa-99"."""
        text = value if isinstance(value, str) else str(value)
        more = "..." if len(text) > _MAX_SHOWN else ""
        if self._personal:
            form = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", text[:_MAX_SHOWN]))
            return f"of the form {form + more!r}"
        return repr(self._protection.text(text, FreeText.PROSE, end=_MAX_SHOWN).text + more)

    def _identifier(self, column: Column, value: Any) -> str | None:
        if isinstance(value, str):
            text = value.strip()
            if self._untyped and (number := _WHOLE_NUMBER.fullmatch(text)):
                text = number[1]
        elif isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
            if not math.isfinite(value) or (
                    isinstance(value, float) and abs(value) >= EXACT_FLOAT):
                raise RejectedError(
                    Reason.BAD_ID, f"{column.name} is a number too large to be exact; "
                    "write such ids as text")
            text = shortest_text(value)
        else:
            raise RejectedError(
                Reason.BAD_ID,
                f"{column.name} should be text or a number, not {_type_name(value)}")
        if _CONTROL.search(text) and _CONTROL.search(text := self.cleaner.text(text)):
            raise RejectedError(
                Reason.BAD_ID, f"{column.name} holds a line break, a tab or another control "
                "character")
        if len(text) > MAX_ID_CHARS:
            raise RejectedError(
                Reason.BAD_ID,
                f"{column.name} has {len(text)} characters; ids have {MAX_ID_CHARS} at the most")
        return self.cleaner.identifier(text, column) if text else None

    def _text(self, column: Column, value: Any) -> str | None:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (int, float, decimal.Decimal)):
            value = shortest_text(value)
        if not isinstance(value, str):
            raise RejectedError(
                Reason.BAD_TEXT, f"{column.name} should be text, not {_type_name(value)}")
        text = self.cleaner.text(value, column.free_text)
        if column.free_text is FreeText.QUERY and is_only_masks(text):
            return None  # Nobody else will search for it.
        return text or None

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
        return self.cleaner.attributes(value, column.free_text or FreeText.PROSE) or None

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


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", str: "text"}
    return names.get(type(value), type(value).__name__)
