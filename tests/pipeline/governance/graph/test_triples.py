"""What rows say as triples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.graph.triples import (
    SCHEMA,
    Triple,
    brand_triple,
    category_triples,
    fact_triple,
    product_triples,
    product_values,
    slug,
    to_table,
)


def test_a_product_has_a_brand_a_category_and_values():
    row = {"product_id": "P:1", "title": "Lamp", "brand": "Hewlett-Packard Inc.",
           "category": "Home >  Lamps", "attributes": {"Net Weight": "1,5 kg", "colours": ["Red"]}}
    assert list(product_triples(row)) == [
        Triple("product:P:1", "has_brand", "brand:hewlettpackard", 1.0, "products.brand"),
        Triple("product:P:1", "in_category", "category:home > lamps", 1.0, "products.category"),
        Triple("product:P:1", "has_net_weight", "value:net_weight=1500 g", 1.0,
               "products.attributes"),
        Triple("product:P:1", "has_colours", "value:colours=red", 1.0, "products.attributes")]
    assert list(product_triples({"product_id": "a", "title": "x"})) == []


@pytest.mark.parametrize(("value", "normal"), [
    ("1500 g", "1500 g"), ("1.5kg", "1500 g"), ("0,5 m", "500 mm"), ("1,500 g", "1,500 g"),
    ("  Dark\tRED ", "dark red"), (8.0, "8"), ("8.0", "8"), ("8,50", "8.5"), (8, "8"),
    (True, "yes"), (False, "no"), ("２ｍ", "2000 mm"), ("32 GB", "32 GB")])
def test_values_have_a_normal_form(value, normal):
    assert list(product_values({"attributes": {"a": value}})) == [("has_a", f"value:a={normal}")]


@pytest.mark.parametrize("value", ["x" * 81, "--", {"nested": 1}, [], [["deep"]]])
def test_what_is_no_value_is_left_out(value):
    assert list(product_values({"attributes": {"a": value}})) == []


def test_values_that_are_one_are_one():
    values = product_values({"attributes": {"Size": ["1 m", "100 cm", "2 m"], "size": "1000 mm"}})
    assert list(values) == [("has_size", "value:size=1000 mm"), ("has_size", "value:size=2000 mm")]


@pytest.mark.parametrize(("name", "expected"), [
    ("Max. Load (kg)", "max_load_kg"), ("颜色", "颜色"), ("__a__", "a"), ("!", "")])
def test_names_become_parts_of_identifiers(name, expected):
    assert slug(name) == expected


def test_categories_lie_in_those_above():
    assert list(category_triples("Home > Light > Lamps")) == [
        Triple("category:home > light > lamps", "subcategory_of", "category:home > light", 1.0,
               "products.category"),
        Triple("category:home > light", "subcategory_of", "category:home", 1.0,
               "products.category")]
    assert list(category_triples("Home")) == []


def test_a_brand_has_its_spelling_as_label():
    assert brand_triple("StarTech.com") == Triple(
        "brand:startech", "label", "text:StarTech.com", 1.0, "products.brand")


def test_facts_name_products_brands_and_anything_else():
    def fact(head, relation, tail):
        return fact_triple(
            {"head": head, "relation": relation, "tail": tail}, {"P1", "acme"}, {"acme", "oak"})

    assert fact("P1", "Made by", "ACME Inc.") == Triple(
        "product:P1", "made_by", "brand:acme", 1.0, "facts")
    assert fact("Desk  Lamp", "is_a", "acme") == Triple(
        "entity:desk lamp", "is_a", "product:acme", 1.0, "facts")
    assert fact("P1", "?", "acme") is None


def test_triples_are_columns():
    table = to_table([brand_triple("Acme")])
    assert table.schema == SCHEMA
    assert table.to_pylist() == [{
        "head": "brand:acme", "head_kind": "brand", "relation": "label", "tail": "text:Acme",
        "tail_kind": "text", "weight": 1.0, "source": "products.brand"}]
    assert to_table([]).num_rows == 0


_VALUES = st.recursive(
    st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(max_size=2), inner, max_size=2), max_leaves=4)


@given(st.dictionaries(st.text(max_size=4), _VALUES, max_size=4))
def test_any_attributes_become_nodes_that_are_stable(attributes):
    for relation, value in product_values({"attributes": attributes}):
        name, _, text = value.removeprefix("value:").partition("=")
        assert relation == f"has_{name}"
        assert text
        assert list(product_values({"attributes": {name: text}})) == [(relation, value)]
