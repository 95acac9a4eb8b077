"""How a shop writes brands, categories and amounts, and repairs of rows that do otherwise."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import apache_beam as beam
import orjson
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.findings import Finding, Rule
from pipeline.governance.graph.brands import (
    BRAND_SPELLING,
    BrandUse,
    Spelling,
    brand_use,
    find_brand_spelling,
    resolve_brands,
)
from pipeline.governance.quantities import find_unit
from pipeline.governance.rules import units
from pipeline.governance.rules.categories import (
    CATEGORY_PATH,
    CategoryPath,
    category_of,
    find_category_path,
    resolve_categories,
)
from pipeline.governance.rules.units import AttributeForms, UnitForm, UnitUsage, choose_forms
from pipeline.ingest.rows import Row

RULES: tuple[Rule, ...] = (BRAND_SPELLING, CATEGORY_PATH, *units.RULES)


class ShopForms(NamedTuple):
    """The forms of a shop; as large as the spellings that are not usual.

    Attributes:
        brands: by the spelling that is not the brand's usual one.
        categories: by the category that is not written as usual.
        attributes: how attributes write amounts.
    """

    brands: Mapping[str, Spelling]
    categories: Mapping[str, CategoryPath]
    attributes: AttributeForms


@dataclasses.dataclass
class _Usage:
    brands: collections.Counter[BrandUse] = dataclasses.field(
        default_factory=collections.Counter)
    categories: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    units: UnitUsage = dataclasses.field(default_factory=UnitUsage)


class GatherForms(beam.CombineFn):
    """Rows of the products -> `ShopForms`."""

    def create_accumulator(self) -> _Usage:
        """Counts of nothing."""
        return _Usage()

    def add_input(self, usage: _Usage, row: Row) -> _Usage:
        """Counts a product."""
        if use := brand_use(row):
            usage.brands[use] += 1
        if category := category_of(row):
            usage.categories[category] += 1
        usage.units.add(row)
        return usage

    def merge_accumulators(self, parts: Iterable[_Usage]) -> _Usage:
        """Adds counts up."""
        total = _Usage()
        for part in parts:
            total.brands.update(part.brands)
            total.categories.update(part.categories)
            total.units.merge(part.units)
        return total

    def extract_output(self, usage: _Usage) -> ShopForms:
        """The forms that the counts tell."""
        return ShopForms(
            resolve_brands(usage.brands), resolve_categories(usage.categories),
            choose_forms(usage.units))


def find_unusual_forms(row: Row, forms: ShopForms) -> Iterator[Finding]:
    """Repairs of a product's brand, category and attributes."""
    yield from find_brand_spelling(row, forms.brands)
    yield from find_category_path(row, forms.categories)
    yield from units.find_unit_forms(row, forms.attributes)
    yield from units.find_currency_forms(row, forms.attributes)


def write_forms(forms: ShopForms, path: str) -> None:
    """Writes forms as JSON, to a path or a URI."""
    attributes = forms.attributes
    tree = {
        "brands": {spelling: tuple(right) for spelling, right in forms.brands.items()},
        "categories": {category: tuple(found) for category, found in forms.categories.items()},
        "units": {name: (form.unit.symbol, form.spelling, form.spaced)
                  for name, form in attributes.units.items()},
        "decimals": attributes.decimals, "marks": attributes.marks,
        "currencies": attributes.currencies}
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS))


def read_forms(path: str) -> ShopForms:
    """Reads what `write_forms` wrote."""
    with FileSystems.open(path, "application/json") as stream:
        tree = orjson.loads(stream.read())
    forms = {}
    for name, (symbol, spelling, spaced) in tree["units"].items():
        unit = find_unit(symbol)
        assert unit is not None
        forms[name] = UnitForm(unit, spelling, spaced)
    return ShopForms(
        {spelling: Spelling(*right) for spelling, right in tree["brands"].items()},
        {category: CategoryPath(*found) for category, found in tree["categories"].items()},
        AttributeForms(forms, tree["decimals"], tree["marks"], tuple(tree["currencies"])))
