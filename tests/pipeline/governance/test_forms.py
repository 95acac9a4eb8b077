"""A shop's forms, gathered and applied."""

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to

from pipeline.governance.findings import Action, Finding
from pipeline.governance.forms import (
    RULES,
    GatherForms,
    find_unusual_forms,
    read_forms,
    write_forms,
)


def _row(brand, category, weight, price):
    return {"product_id": "a", "title": f"{brand} lamp", "brand": brand, "category": category,
            "attributes": {"weight": weight, "price": price}}


ROWS = [
    *[_row("Acme", "Home > Lamps", "1,5 kg", "5.00 EUR") for _ in range(3)],
    _row(" ACME  Inc.", "Home|Lamps", "500 g", "€ 4,50"),
    _row("Bolt", "Lamps", "2 kg", "$5"),
    {"product_id": "b", "title": "Plain"}]


def _gather(rows, parts=2):
    combine = GatherForms()
    accumulators = []
    for part in range(parts):
        accumulator = combine.create_accumulator()
        for row in rows[part::parts]:
            accumulator = combine.add_input(accumulator, row)
        accumulators.append(accumulator)
    return combine.extract_output(combine.merge_accumulators(accumulators))


def test_rows_that_do_otherwise_are_repaired():
    forms = _gather(ROWS)
    found = [[finding[:4] for finding in find_unusual_forms(row, forms)] for row in ROWS]
    repaired = Action.REPAIRED
    assert found == [
        [], [], [],
        [("brand_spelling", "brand", repaired, "Acme"),
         ("category_path", "category", repaired, "Home > Lamps"),
         ("unit_form", "attributes.weight", repaired, "0,5 kg"),
         ("currency_form", "attributes.price", repaired, "4.50 EUR")],
        [("category_path", "category", repaired, "Home > Lamps")], []]
    assert {finding.rule for row in ROWS for finding in find_unusual_forms(row, forms)} == {
        rule.name for rule in RULES}


def test_forms_are_written_and_read(tmp_path):
    forms = _gather(ROWS)
    write_forms(forms, str(tmp_path / "forms.json"))
    assert read_forms(str(tmp_path / "forms.json")) == forms


def test_forms_are_gathered_in_beam():
    with beam.Pipeline() as pipeline:
        forms = beam.pvalue.AsSingleton(
            pipeline | "Rows" >> beam.Create(ROWS) | beam.CombineGlobally(GatherForms()))
        found = (
            pipeline | "Row" >> beam.Create([_row("ACME Inc.", "Home > Lamps", "2 kg", 5)])
            | beam.FlatMap(find_unusual_forms, forms))
        assert_that(found, equal_to([
            Finding("brand_spelling", "brand", Action.REPAIRED, "Acme", 0.95)]))


def test_a_shop_without_products_has_no_forms(tmp_path):
    forms = _gather([])
    assert forms.brands == forms.categories == forms.attributes.units == {}
    assert list(find_unusual_forms(ROWS[3], forms)) == [
        Finding("currency_form", "attributes.price", Action.REPAIRED, "4.50 EUR", 1.0)]
