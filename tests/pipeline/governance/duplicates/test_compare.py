"""What must not differ, and what is counted where nothing does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.duplicates.compare import agrees, compare
from pipeline.governance.duplicates.reading import Reading, canonical
from tests.pipeline.governance.duplicates.rows import CABLE, like, product


def known(word):
    return word in {"cable", "hdmi", "black", "acme", "plate", "plant", "meter"}


def compared(first, second):
    return compare(Reading(first), Reading(second), known)


@pytest.mark.parametrize("changes", [
    {"title": "ACME HDMI CABLE, 2M, BLACK (AX2040)"},
    {"title": "AX2040 Acme HDMI cable 2 m black"},
    {"title": "Acme HDMI cabel 2 m black AX2040"},
    {"title": "Acme HDMI cbl. 2 metres blk AX2040"},
    {"title": "HDMI cable 2 m black AX2040"},  # the brand stands in its column
    {"title": "Acme HDMI cable 2 m AX2040"},  # so does the colour among the attributes
    {"title": "NEW! Acme HDMI cable 2 m black AX2040 - free shipping"},
    {"price": 9.99},
    {"price": None},
    {"description": None},
    {"description": "Gold plated plugs and a braided sleeve keep the pict"},
    {"attributes": None},
    {"attributes": {"length": 2.0, "colour": "black ", "sku": "another"}},
    {"brand": "ACME Inc."},
])
def test_one_product_worded_twice(changes):
    row = like(CABLE, **changes)
    assert compared(CABLE, row).conflict == ""
    assert compared(row, CABLE).evidence == compared(CABLE, row).evidence


@pytest.mark.parametrize(("changes", "conflict"), [
    ({"title": "Acme HDMI cable 3 m black AX2040"}, "numbers in the title"),
    ({"title": "Acme HDMI cable 2 m black AY2040"}, "title: ax"),
    ({"title": "Acme HDMI cable 2 m black AX2040 2-pack"}, "numbers in the title"),
    ({"title": "Acme HDMI cable 2 m blue AX2040"}, "title: blue"),
    ({"title": "Acme HDMI cable 2 m black AX2040 left"}, "title: left"),
    ({"title": "Acme HDMI cable 2 m black AX2040 crossover"}, "title: crossover"),
    ({"price": 10.95}, "price"),
    ({"brand": "Bestco"}, "brand"),
    ({"attributes": {"length": 3.0}}, "attribute length"),
    ({"attributes": {"shade": "Red"}, "title": "Acme HDMI cable 2 m AX2040"}, "title: black"),
    ({"description": "Gold plated plugs and a braided sleeve keep the picture dim for years"},
     "description: sharp dim"),
])
def test_two_products(changes, conflict):
    row = like(CABLE, **changes)
    found = compared(CABLE, row)
    assert found.evidence is None
    assert conflict in found.conflict
    assert compared(row, CABLE).evidence is None


@pytest.mark.parametrize(("first", "second"), [
    ("T-shirt cotton S", "T-shirt cotton M"),
    ("Boots left", "Boots right"),
    ("Toner cyan", "Toner black"),
    ("Set of plates plate", "Set of plates plant"),  # both are words of the shop
    ("Mirror 24 in. x 36 in.", "Mirror 36 in. x 24 in."),
    ("Adapter plug M to socket F", "Adapter plug F to socket M"),
    ("Umbrella red/white dots", "Umbrella white/red dots"),
    ("Verbatim DVD+R blank", "Verbatim DVD-R blank"),
    ("Photo paper A3 glossy", "Photo paper A3+ glossy"),
    ("红色书桌", "蓝色书桌"),
])
def test_variants_are_other_products(first, second):
    assert compared(product(title=first), product("p2", second)).conflict


def test_colours_must_not_differ_wherever_they_are_said():
    row = product(title="Acme HDMI cable AX", attributes={"colour": "Black"})
    assert compared(row, like(row, attributes={"shade": "Red"})).conflict == "colour: black, red"
    assert not compared(row, like(row, attributes={"shade": "Black"})).conflict


def test_what_is_counted():
    evidence = compared(CABLE, like(
        CABLE, title="Acme HDMI cabel 2 metre AX2040", attributes={"colour": "black", "depth": 1.0})
    ).evidence
    assert evidence._asdict() == {
        "words": 5,  # hdmi, 2, meter, ax, 2040; acme is the brand
        "same_title": False, "coded": True, "other_words": 2,  # cabel, and black is missing
        # gold plated plug braided sleeve keep picture sharp year
        "described": 9,
        "attributes": 1, "lone_attributes": 3, "same_price": True, "usual_price": False,
        "near_price": False, "identified": False}


def test_a_number_that_names_products_is_counted():
    row = like(CABLE, attributes={"EAN": 4006381333931, "colour": "Black"})
    assert compared(row, like(row)).evidence.identified
    assert compared(row, like(row, attributes={"EAN": 4006381333948})).conflict == "attribute EAN"


def test_a_word_that_nothing_explains_needs_the_same_attributes_and_description():
    row = like(CABLE, attributes={**CABLE["attributes"], "weight": 120.0, "shielded": True})
    other = like(row, product_id="p3", title="Acme HDMI cable 2 m black AX2040 sturdy")
    assert compared(row, other).conflict == ""
    assert compared(row, like(other, description=None)).conflict == "title: sturdy"
    assert compared(row, like(other, attributes=CABLE["attributes"])).conflict == "title: sturdy"


@pytest.mark.parametrize(("value", "other", "same"), [
    (2.0, 2.0, True), (39.62, 39.6, True), (39.6, 40.0, False), (1000, 1001, False),
    ("black, red", "Red/Black", True), ("black", "black, red", False), (True, False, False),
    (True, 1.0, True), (["a", "b"], ["b", "a"], True), ("2", 2.0, True),
    ("007", 7, False), (4006381333931, 4006381333948, False)])
def test_values_of_attributes(value, other, same):
    assert agrees(canonical(value), canonical(other)) is same


def test_a_title_of_brand_and_category_says_nothing():
    row = product(title="Acme Home & Garden", brand="Acme", category="Home & Garden")
    assert compared(row, like(row)).conflict == "title: nothing but brand and category"


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_titles_can_be_compared_both_ways(first, second):
    rows = product(title=first), product("p2", second)
    assert bool(compared(*rows).conflict) == bool(compared(*rows[::-1]).conflict)
