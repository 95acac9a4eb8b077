"""Numbers and dates as shops write them: as float and seconds, and numbers as text."""

from __future__ import annotations

import calendar
import datetime
import decimal
import math
import re
from typing import Any

from dateutil import parser as dateutil_parser

EXACT_FLOAT = 2**53
"""From here on a float is not every whole number."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = frozenset(("nan", "inf", "infinity"))


def shortest_text(number: int | float | decimal.Decimal) -> str:
    """A number's shortest text: 1.0 is "1", 0.5 is "0.5"."""
    if isinstance(number, decimal.Decimal):
        return format(number.normalize(), "f")
    if isinstance(number, float) and number.is_integer() and abs(number) < EXACT_FLOAT:
        return str(int(number))
    return str(number)


def as_float(value: Any) -> float | None:
    """A number of any type or its text; None where it is neither."""
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text) and text.lower().lstrip("+-") not in _NOT_FINITE:
            return None
        return float(text)
    if isinstance(value, (int, float, decimal.Decimal)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return None


def as_seconds(value: Any) -> float | None:
    """Seconds since the epoch, NaN for no value, or None where there is no reading it."""
    if isinstance(value, str):
        text = value.strip()
        if (number := as_float(text)) is not None and not _is_basic_date(text):
            return number
        return _iso_seconds(text)
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=value.tzinfo or datetime.timezone.utc).timestamp()
    if isinstance(value, datetime.date):
        return float(calendar.timegm(value.timetuple()))
    return as_float(value)


def _iso_seconds(text: str) -> float | None:
    try:  # Quick, but knows neither Z nor the basic forms of ISO-8601 before Python 3.11.
        moment = datetime.datetime.fromisoformat(
            text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        try:
            moment = dateutil_parser.isoparse(text)
        except (ValueError, OverflowError):
            return None
    try:
        return moment.replace(tzinfo=moment.tzinfo or datetime.timezone.utc).timestamp()
    except OverflowError:
        return None


def _is_basic_date(text: str) -> bool:
    """Whether eight digits are a date, YYYYMMDD: as seconds they would be a day of 1970."""
    if len(text) != 8 or not text.isdecimal():
        return False
    try:
        datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return text >= "1970"
