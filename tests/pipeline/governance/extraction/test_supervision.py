"""Which columns can be learned: enough rows have them, and their texts say them."""

import pytest

from pipeline.governance.extraction.supervision import find_columns, known_value, learn_column
from pipeline.governance.extraction.texts import ProductText


def make_rows():
    """Ten mugs: brand and colour are said, country and a flag are not, size is had by four."""
    return [
        {"product_id": str(number), "title": f"Acme mug {'red' if number % 2 else 'blue'}",
         "brand": "Acme", "attributes": {
             "colour": "Red" if number % 2 else "Blue", "country": "China", "washable": True,
             **({"size": "mug"} if number < 4 else {})}}
        for number in range(10)]


def find(rows, **settings):
    return find_columns(rows, [ProductText(row) for row in rows], **{
        "min_rows": 5, "min_said": 0.5, "max_columns": 9, **settings})


def test_columns_that_texts_say_are_found():
    columns = find(make_rows())
    assert [(column.name, column.known, column.said) for column in columns] == [
        ("attributes.colour", 10, 1.0), ("brand", 10, 1.0)]


def test_fewer_rows_may_be_enough():
    assert [column.name for column in find(make_rows(), min_rows=4)] == [
        "attributes.colour", "brand", "attributes.size"]


def test_only_the_most_common_are_kept():
    assert [column.name for column in find(make_rows(), max_columns=1)] == ["attributes.colour"]


def test_a_column_that_texts_say_in_part():
    rows = make_rows()
    rows[0]["title"] = "A mug"
    column = learn_column("attributes.colour", rows, [ProductText(row) for row in rows])
    assert (column.known, column.said) == (10, 0.9)


def test_nothing_to_learn_from():
    assert find([]) == []
    assert find([{"product_id": "1", "title": "Mug"}], min_rows=0) == []


@pytest.mark.parametrize(("column", "value"), [
    ("brand", "Acme"), ("attributes.colour", "Red"), ("attributes.washable", None),
    ("attributes.none", None)])
def test_known_values(column, value):
    assert known_value(make_rows()[1], column) == value
