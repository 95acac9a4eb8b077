"""What products lack is found in their texts, told as findings, and is what others have."""

import dataclasses
import random

import pytest

from pipeline.governance.decisions import apply_findings
from pipeline.governance.extraction import (
    RULES,
    ExtractionSettings,
    fill_missing,
    find,
    learn_extractor,
    sample_rows,
)
from pipeline.governance.findings import Action

SETTINGS = ExtractionSettings(
    preset="tiny", layers=1, epochs=1, rows_per_column=64, min_rows=100, max_tokens=16)
BRANDS = ("Acme", "Globex", "Initech", "Umbrella")
COLOURS = ("Red", "Blue", "Green")


def make_products(count, seed=1):
    """Mugs have a colour, which is said, and pens have none; brands come first or last."""
    generator = random.Random(seed)
    products = []
    for number in range(count):
        brand, colour = generator.choice(BRANDS), generator.choice(COLOURS)
        words = [f"{colour.lower()} mug" if number % 2 else "pen", f"no {number}"]
        words.insert(generator.choice((0, 2)), brand)
        products.append({
            "product_id": f"p{number}", "title": " ".join(words), "brand": brand,
            **({"attributes": {"colour": colour, "safe": True}} if number % 2 else {})})
    return products


def without(product, *columns):
    """A product that lacks columns; of attributes all."""
    return {name: value for name, value in product.items() if name not in columns}


@pytest.fixture(scope="module")
def extractor():
    return learn_extractor(make_products(400), SETTINGS)


def test_columns_that_are_said_are_read_well(extractor):
    qualities = {quality.column: quality for quality in extractor.qualities}
    assert list(qualities) == ["brand", "attributes.colour"]
    for quality in qualities.values():
        assert quality.said == 1.0
        assert quality.precision >= 0.9
        assert quality.recall >= 0.9
        assert quality.threshold >= SETTINGS.min_confidence


def test_findings_fill_what_is_missing_and_nothing_else(extractor):
    products = make_products(60, seed=2)
    lacking = [without(product, "brand", "attributes") for product in products]
    found = dict(find(extractor, [(row["product_id"], row) for row in lacking]))
    right = mugs = 0
    for row, product in zip(lacking, products, strict=True):
        findings = found.get(row["product_id"], [])
        assert {finding.action for finding in findings} <= {Action.FILLED}
        filled = apply_findings("products", row, findings).row
        right += filled.get("brand") == product["brand"]
        if "attributes" in product:
            mugs += filled.get("attributes") == {"colour": product["attributes"]["colour"]}
        else:
            assert "attributes" not in filled  # A pen has no colour.
    assert right >= 57
    assert mugs >= 27


def test_what_is_there_is_left_alone(extractor):
    products = make_products(20, seed=3)
    assert list(find(extractor, [(row["product_id"], row) for row in products])) == []
    assert list(find(extractor, [])) == []


def test_findings_are_told_by_their_rules(extractor):
    [mug] = [row for row in make_products(2, seed=4) if "attributes" in row]
    [(key, findings)] = find(extractor, [("k", without(mug, "brand", "attributes"))])
    assert key == "k"
    assert {(finding.rule, finding.column) for finding in findings} == {
        ("inferred_brand", "brand"), ("inferred_attribute", "attributes.colour")}
    assert {finding.rule for finding in findings} == {rule.name for rule in RULES}
    assert all(0.5 <= finding.confidence < 1 for finding in findings)


def test_a_column_that_is_not_read_well_enough_is_not_filled():
    """Colours that texts say, but every second time wrongly."""
    products = make_products(400)
    generator = random.Random(9)
    for product in products:
        if "attributes" in product and generator.random() < 0.5:
            product["attributes"]["colour"] = "Plaid"
    extractor = learn_extractor(
        products, dataclasses.replace(SETTINGS, rows_per_column=0), ["attributes.colour"])
    [quality] = extractor.qualities
    assert quality.threshold is None
    lacking = [without(product, "attributes") for product in products]
    assert not any(extractor(lacking))
    assert any(extractor.choose(lacking))


def test_products_are_read_twice_and_filled():
    products = [
        without(product, "brand") if number % 10 == 0 else product
        for number, product in enumerate(make_products(300))]
    found = dict(fill_missing(
        lambda: ((row["product_id"], row) for row in products),
        dataclasses.replace(SETTINGS, sample_rows=250, max_columns=1, rows_per_column=0)))
    assert {finding.column for findings in found.values() for finding in findings} == {"brand"}
    assert set(found) <= {f"p{number}" for number in range(0, 300, 10)}
    assert len(found) >= 27


def test_a_shop_without_anything_to_learn_from_fills_nothing():
    products = [without(product, "brand", "attributes") for product in make_products(300)]
    assert learn_extractor(products, SETTINGS) is None
    assert list(fill_missing(lambda: ((row["title"], row) for row in products), SETTINGS)) == []
    assert learn_extractor([], SETTINGS) is None
    assert learn_extractor(make_products(20), SETTINGS, ["brand"]) is None


def test_a_sample_does_not_depend_on_the_order():
    rows = [(row["product_id"], row) for row in make_products(100)]
    settings = dataclasses.replace(SETTINGS, sample_rows=10)
    sample = sample_rows(rows, settings)
    assert len(sample) == 10
    assert sample_rows(reversed(rows), settings) == sample
    assert sample_rows(rows, dataclasses.replace(settings, seed=1)) != sample
    assert len(sample_rows(rows[:5], settings)) == 5


@pytest.mark.parametrize(("name", "value"), [("precision", 1.0), ("min_rows", 10)])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} should be .* Received: {value}"):
        ExtractionSettings(**{name: value})
