"""Attribute values with a unit or a currency, written in one form wherever an attribute has them.

The form is the shop's own: the unit that most values of the attribute have, as most of them write
it. "1,5 kg" becomes "1500 g" in a shop of grams, and "1500 GR" too; nothing is changed where the
amount would not be exactly the same. Currencies become codes and are never converted.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from pipeline.governance.currencies import read_money
from pipeline.governance.decisions import ATTRIBUTE
from pipeline.governance.findings import Action, Finding, Rule
from pipeline.governance.quantities import (
    Unit,
    convert,
    decimal_mark,
    find_unit,
    read_number,
    read_quantity,
    write_number,
)
from pipeline.ingest.rows import Row

UNIT_FORM = Rule(
    "unit_form", ("products",),
    "The attribute has its unit in another form than most products of the shop.",
    "Keep number and unit in fields of their own, with one unit an attribute.", severe=False)
CURRENCY_FORM = Rule(
    "currency_form", ("products",), "The attribute has a price with a sign or in a local form.",
    "Export amounts with a decimal point and the currency's code, such as 12.50 EUR.",
    severe=False)

RULES = (UNIT_FORM, CURRENCY_FORM)

MIN_USES = 3
"""Values with the usual unit below which an attribute has no usual form."""

MIN_SHARE = 0.5
"""Share of an attribute's values with a unit that measure the same as the usual one: else the
attribute holds different things."""

MARK_SHARE = 0.8
"""Share of an attribute's decimal marks from which on one tells how "1,500" is meant."""

READ_BY_HABIT = 0.9
"""Confidence, a guess, where other values of the shop tell how "1,500" or "$" is meant; what can be
read in one way only is certain."""

_MAX_CHARS = 40
_T = TypeVar("_T", bound=Any)


class UnitForm(NamedTuple):
    """How an attribute writes a unit, and whether with a space before it."""

    unit: Unit
    spelling: str
    spaced: bool


class AttributeForms(NamedTuple):
    """How a shop writes amounts.

    Attributes:
        units: by attribute, for those that have a usual form.
        decimals: by attribute, what most values have before decimals, "." or ",".
        marks: the same, for attributes in which hardly any value has the other.
        currencies: codes that values name, the most frequent first.
    """

    units: dict[str, UnitForm]
    decimals: dict[str, str]
    marks: dict[str, str]
    currencies: tuple[str, ...]


@dataclasses.dataclass
class UnitUsage:
    """Counts of how attributes write amounts; small, and adding them up may be done in any order.

    Attributes:
        forms: values by (attribute, spelling of the unit, whether a space stands before it).
        marks: values by (attribute, decimal mark).
        currencies: values by code, where the value leaves no doubt about it.
    """

    forms: collections.Counter[tuple[str, str, bool]] = dataclasses.field(
        default_factory=collections.Counter)
    marks: collections.Counter[tuple[str, str]] = dataclasses.field(
        default_factory=collections.Counter)
    currencies: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def add(self, row: Row) -> None:
        """Counts the attributes of a product."""
        for name, value in row.get("attributes", {}).items():
            if not isinstance(value, str) or len(value) > _MAX_CHARS:
                continue
            if quantity := read_quantity(value):
                self.forms[name, quantity.spelling, quantity.spaced] += 1
                number = quantity.number
            elif money := read_money(value):
                if len(money.codes) == 1:
                    self.currencies[money.codes[0]] += 1
                number = money.number
            else:
                continue
            if mark := decimal_mark(number):
                self.marks[name, mark] += 1

    def merge(self, other: UnitUsage) -> None:
        """Adds another's counts."""
        self.forms.update(other.forms)
        self.marks.update(other.marks)
        self.currencies.update(other.currencies)


def choose_forms(usage: UnitUsage) -> AttributeForms:
    """The usual form of each attribute; of two as frequent, the first by the alphabet."""
    units: dict[str, collections.Counter[Unit]] = collections.defaultdict(collections.Counter)
    written: dict[tuple[str, Unit], dict[tuple[str, bool], int]] = collections.defaultdict(dict)
    for (name, spelling, spaced), count in usage.forms.items():
        unit = find_unit(spelling)
        assert unit is not None
        units[name][unit] += count
        written[name, unit][spelling, spaced] = count
    forms = {}
    for name, counts in units.items():
        dimensions: collections.Counter[str] = collections.Counter()
        for unit, count in counts.items():
            dimensions[unit.dimension] += count
        dimension = _most_frequent(dimensions)
        unit = _most_frequent({
            one: count for one, count in counts.items() if one.dimension == dimension})
        if counts[unit] >= MIN_USES and dimensions[dimension] >= MIN_SHARE * counts.total():
            forms[name] = UnitForm(unit, *_most_frequent(written[name, unit]))
    decimals, marks = {}, {}
    for name in {name for name, _ in usage.marks}:
        point, comma = usage.marks[name, "."], usage.marks[name, ","]
        decimals[name] = "." if point >= comma else ","
        if max(point, comma) >= MARK_SHARE * (point + comma):
            marks[name] = decimals[name]
    return AttributeForms(forms, decimals, marks, tuple(
        sorted(usage.currencies, key=lambda code: (-usage.currencies[code], code))))


def find_unit_forms(row: Row, forms: AttributeForms) -> Iterator[Finding]:
    """Repairs of a product's attributes that have a unit in another form than the usual one."""
    for name, value in row.get("attributes", {}).items():
        form = forms.units.get(name)
        if form is None or not isinstance(value, str) or len(value) > _MAX_CHARS:
            continue
        quantity = read_quantity(value)
        if quantity is None or quantity.unit.dimension != form.unit.dimension:
            continue
        mark = forms.marks.get(name, "")
        number = read_number(quantity.number, mark)
        converted = None if number is None else convert(number, quantity.unit, form.unit)
        if converted is None:
            continue
        written = write_number(converted, forms.decimals.get(name, "."))
        plural = _is_plural(quantity.spelling, form.spelling)
        spelling = quantity.spelling if plural else form.spelling
        after = f"{written}{' ' * form.spaced}{spelling}"
        # What nobody could read again is not written.
        if after != value and read_number(written, mark) == converted:
            yield _repaired(UNIT_FORM, name, after, read_number(quantity.number) is not None)


def find_currency_forms(row: Row, forms: AttributeForms) -> Iterator[Finding]:
    """Repairs of a product's attributes that are prices: "€ 12,50" becomes "12.50 EUR"."""
    for name, value in row.get("attributes", {}).items():
        if not isinstance(value, str) or len(value) > _MAX_CHARS:
            continue
        money = read_money(value)
        if money is None:
            continue
        certain = read_number(money.number) is not None and len(money.codes) == 1
        codes = money.codes if len(money.codes) == 1 else [
            code for code in forms.currencies if code in money.codes]
        mark = forms.marks.get(name, "")
        number = read_number(money.number, mark)
        if number is None or not codes:
            continue
        written = write_number(number)
        after = f"{written} {codes[0]}"
        if after != value and read_number(written, mark) == number:
            yield _repaired(CURRENCY_FORM, name, after, certain)


def _is_plural(one: str, other: str) -> bool:
    """Whether one word is the plural of the other: both "1 year" and "2 years" are right."""
    return any(word + ending == more for word, more in ((one, other), (other, one))
               for ending in ("s", "es"))


def _repaired(rule: Rule, name: str, after: str, certain: bool) -> Finding:
    return Finding(
        rule.name, ATTRIBUTE + name, Action.REPAIRED, after, 1.0 if certain else READ_BY_HABIT)


def _most_frequent(counts: Mapping[_T, int]) -> _T:
    """The key with the largest count, of equal ones the first."""
    return min(counts, key=lambda key: (-counts[key], key))
