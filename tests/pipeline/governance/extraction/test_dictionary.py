"""The dictionary reads the longest known value of a title."""

import pytest

from pipeline.governance.extraction.dictionary import look_up
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.values import TextValues

BRANDS = TextValues(["HP", "Epson", "Hewlett Packard"])


@pytest.mark.parametrize(("title", "brand"), [
    ("epson ink for HP", "Epson"),  # Longer than HP.
    ("HP ink by hewlett-packard", "Hewlett Packard"),
    ("Ink for hp", "HP"),
    ("Ink", None),
    ("", None),
])
def test_the_longest_value_wins(title, brand):
    assert look_up(BRANDS, ProductText({"title": title})) == brand


def test_a_description_is_not_looked_at():
    assert look_up(BRANDS, ProductText({"title": "Ink", "description": "by HP"})) is None
