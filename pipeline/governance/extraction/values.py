"""The values that a shop gives an attribute: where texts mention them, and how it writes them."""

from __future__ import annotations

import abc
import collections
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.governance.extraction.mentions import Span, compact, find_numbers
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.units import is_close, learn_factors

Value = str | int | float
"""Of a brand or an attribute; no truth value."""

MAX_VALUE_CHARS = 80
"""Longer values are prose, which no other product shares."""

_PREFIX = 3
_NUMERIC_SHARE = 0.9
_YES_OR_NO = frozenset(("true", "false", "yes", "no", "y", "n"))
_SIGNIFICANT = 4


class Mention(NamedTuple):
    """A known value in a text.

    Attributes:
        span: where.
        value: as the shop writes it.
    """

    span: Span
    value: Value


class Values(abc.ABC):
    """Known values of one attribute.

    Attributes:
        counts: rows by value, as the shop writes it.
    """

    counts: collections.Counter[Value]

    @abc.abstractmethod
    def spans(self, text: ProductText, value: Value) -> list[Span]:
        """Where a text says the value."""

    @abc.abstractmethod
    def read(self, surface: str) -> Value | None:
        """The value that a stretch of text says, as the shop writes it; None where it says none."""

    @abc.abstractmethod
    def mentions(self, text: ProductText) -> list[Mention]:
        """Known values in a text, in order; of two that overlap the longer one."""

    @abc.abstractmethod
    def key(self, value: Value) -> str:
        """The same for two spellings of a value."""

    @abc.abstractmethod
    def spelling(self, value: Value) -> Value:
        """A known value as the shop mostly writes it; another one as it is."""


class TextValues(Values):
    """Values that are words.

    Args:
        values: of the rows that have one.
    """

    def __init__(self, values: Iterable[Value]) -> None:
        spellings: dict[str, collections.Counter[Value]] = collections.defaultdict(
            collections.Counter)
        for value in values:
            spellings[compact(str(value))][value] += 1
        self._spelling = {
            key: max(counts, key=lambda value: (counts[value], str(value)))
            for key, counts in spellings.items()}
        self.counts = collections.Counter({
            self._spelling[key]: counts.total() for key, counts in spellings.items()})
        self._keys_by_prefix: dict[str, list[str]] = collections.defaultdict(list)
        for key in sorted(self._spelling, key=len, reverse=True):
            self._keys_by_prefix[key[:_PREFIX]].append(key)

    def spans(self, text: ProductText, value: Value) -> list[Span]:
        """Where a text says the value."""
        return list(text.compact.find(compact(str(value))))

    def read(self, surface: str) -> Value | None:
        """The known spelling, of the singular too; what is not known is as the text has it."""
        key = compact(surface)
        for singular in (key, key.removesuffix("s"), key.removesuffix("es")):
            if singular in self._spelling:
                return self._spelling[singular]
        return " ".join(surface.split()) or None

    def mentions(self, text: ProductText) -> list[Mention]:
        """Known values in a text, in order; of two that overlap the longer one."""
        found: list[Mention] = []
        letters, free = text.compact.letters, 0
        for start in text.compact.starts:
            if start < free:
                continue
            for key in self._candidates(letters[start:start + _PREFIX]):
                end = text.compact.match(key, start)
                if end:
                    found.append(Mention(text.compact.span(start, end), self._spelling[key]))
                    free = end
                    break
        return found

    def key(self, value: Value) -> str:
        """The same for two spellings of a value."""
        return compact(str(value))

    def spelling(self, value: Value) -> Value:
        """A known value as the shop mostly writes it; another one as it is."""
        return self._spelling.get(self.key(value), value)

    def _candidates(self, letters: str) -> Iterator[str]:
        """Known keys that begin so, longest first."""
        for length in range(len(letters), 0, -1):
            yield from self._keys_by_prefix.get(letters[:length], ())


class NumberValues(Values):
    """Values that are numbers, in one unit.

    Args:
        rows: value and text of the rows that have one.
    """

    def __init__(self, rows: Sequence[tuple[Value, ProductText]]) -> None:
        numbers = [(number, text) for value, text in rows
                   if (number := as_number(value)) is not None]
        self._factors = learn_factors((number, text.numbers) for number, text in numbers)
        forms: dict[float, collections.Counter[Value]] = collections.defaultdict(
            collections.Counter)
        for value, _ in rows:
            number = as_number(value)
            if number is not None:
                forms[number][value] += 1
        self._form = {
            number: max(counts, key=lambda value: (counts[value], str(value)))
            for number, counts in forms.items()}
        self.counts = collections.Counter({
            self._form[number]: counts.total() for number, counts in forms.items()})
        self._sorted = np.array(sorted(self._form))
        self._as_text = sum(isinstance(value, str) for value, _ in rows) > len(rows) / 2
        self._said = self._learn_said(numbers)

    def spans(self, text: ProductText, value: Value) -> list[Span]:
        """Where a text says the value, in whichever unit."""
        number = as_number(value)
        return [] if number is None else [
            mention.span for mention in text.numbers
            if mention.unit in self._factors
            and is_close(mention.number * self._factors[mention.unit], number)]

    def read(self, surface: str) -> Value | None:
        """The value of the first number whose unit is known."""
        for mention in find_numbers(surface):
            if mention.unit in self._factors:
                return self._value(mention.number, mention.unit)
        return None

    def mentions(self, text: ProductText) -> list[Mention]:
        """Numbers in units of the attribute, in order."""
        return [
            Mention(mention.span, self._value(mention.number, mention.unit))
            for mention in text.numbers if mention.unit in self._factors]

    def key(self, value: Value) -> str:
        """The same for two spellings of a value."""
        number = as_number(value)
        return compact(str(value)) if number is None else f"{number:g}"

    def spelling(self, value: Value) -> Value:
        """A known value as the shop mostly writes it; another one as it is."""
        number = as_number(value)
        return value if number is None else self._form.get(number, value)

    def _learn_said(
        self, rows: Sequence[tuple[float, ProductText]],
    ) -> dict[tuple[float, str], float]:
        """The value that rows with a number and unit most often have: 6 ft are 1.83, not 1.8288."""
        said: dict[tuple[float, str], collections.Counter[float]] = collections.defaultdict(
            collections.Counter)
        for value, text in rows:
            for _, number, unit in text.numbers:
                if unit in self._factors and is_close(number * self._factors[unit], value):
                    said[number, unit][value] += 1
        return {key: max(counts, key=lambda value: (counts[value], value))
                for key, counts in said.items()}

    def _value(self, number: float, unit: str) -> Value:
        value = self._said.get((number, unit))
        if value is None:
            value = float(f"{number * self._factors[unit]:.{_SIGNIFICANT}g}")
            nearest = float(self._sorted[np.abs(self._sorted - value).argmin()])
            value = nearest if is_close(value, nearest) else value
        if value in self._form:
            return self._form[value]
        return f"{value:g}" if self._as_text else value


def learn_values(rows: Sequence[tuple[Value, ProductText]]) -> Values:
    """Values of an attribute, as words or as numbers.

    Args:
        rows: value and text of the rows that have one.
    """
    numeric = sum(as_number(value) is not None for value, _ in rows)
    if rows and numeric >= _NUMERIC_SHARE * len(rows):
        return NumberValues(rows)
    return TextValues(value for value, _ in rows)


def as_value(value: object) -> Value | None:
    """What can be read from a text: neither a truth value, nor a list, nor prose."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str) and (
            len(value) > MAX_VALUE_CHARS or not value.strip() or value.casefold() in _YES_OR_NO):
        return None
    return value


def as_number(value: Value) -> float | None:
    """The number that a value is; None for words."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if math.isfinite(value) else None
