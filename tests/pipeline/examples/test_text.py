import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.examples.records import Product
from pipeline.examples.text import attributes_text, category_text, clean_product, clean_text


@pytest.mark.parametrize(("text", "expected"), [
    ("<p>One</p><p>two &amp; three</p>", "One two & three"),
    ("5 &lt; 6", "5 < 6"),
    ("a < b", "a < b"),
    ("AT&T  \n cable", "AT&T cable"),
    ("&lt;b&gt;Bold&lt;/b&gt;", "Bold"),
    ("x<script>alert('y')</script> z", "x z"),
    ("cut off <b", "cut off <b"),
    ("", ""),
    ("<![CDATA[in a section]]> after", "in a section after"),
    ("<![if IE]>old<![endif]> <![x[y", "old x[y"),
])
def test_clean_text(text, expected):
    assert clean_text(text) == expected


@given(st.text())
def test_clean_text_takes_any_text(text):
    clean = clean_text(text)
    assert clean == " ".join(clean.split())


@given(st.lists(st.sampled_from(
    ["<", ">", "!", "[", "]", "-", "/", "?", "&", "#", ";", "a", '"', "=", " ", "script", "CDATA",
     "DOCTYPE"])).map("".join))
def test_clean_text_takes_any_markup(text):
    clean = clean_text(text)
    assert clean == " ".join(clean.split())


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_clean_text_leaves_plain_text_alone(text):
    assert clean_text(text) == " ".join(text.split())


@pytest.mark.parametrize(("attributes", "expected"), [
    ({"product_colour": "Red", "form__factor": "swivel"}, "form factor swivel, product colour Red"),
    # Words, then yes, then numbers.
    ({"a": 3, "b": True, "c": "wool", "d": 23000.0, "e": False}, "c wool, b, a 3, d 23000"),
    ({"weight": 2.5, "aspect": "16:9", "feet": "yes", "manual": "No"},
     "feet, aspect 16:9, weight 2.5"),
    ({"id": "x", "product_ids": "y", "image": "a.png", "home_url": "z", "image_sensor": "CMOS"},
     "image sensor CMOS"),
    ({"link": "http://x.y", "site": "www.x.y", "see": "at https://x.y", "hash": "0123456789abcdef"},
     ""),
    ({"sizes": ["S", "M", 3], "nested": {"a": "b"}, "none": None, "dash": "-"}, "sizes S M"),
    ({"note": "<b>soft</b> &amp; warm", "long": "word " * 30}, "note soft & warm"),
    ({"big": 10**400, "stock": 7_000_000, "price": 1.5e7, "infinite": float("inf")},
     "price 15000000, stock 7000000"),
    ({"颜色": "黑色", "防水": "是", "有绳": "否", "重量kg": 2.5, "商品编码": "A1", "主图": "a.png"},
     "颜色 黑色, 防水, 重量kg 2.5"),
    ({}, ""),
])
def test_attributes_text(attributes, expected):
    assert attributes_text(json.dumps(attributes)) == expected


def test_attributes_that_the_title_says_are_left_out():
    attributes = json.dumps({"colour": "Red", "made_of": "oak wood", "waterproof": True})
    assert attributes_text(attributes, "RED waterproof oak chair") == "made of oak wood"


def test_attributes_that_a_chinese_title_says_are_left_out():
    attributes = json.dumps({"颜色": "黑色", "材质": "不锈钢", "尺寸": "32cm", "款式": "色大"})
    assert attributes_text(attributes, "苏泊尔炒锅32CM黑色大号") == "材质 不锈钢"


def test_attributes_that_are_no_object():
    assert attributes_text("") == ""
    assert attributes_text("soft &amp; warm") == "soft & warm"
    assert attributes_text("[1, 2]") == ""


def test_at_most_eight_attributes():
    text = attributes_text(json.dumps({f"k{n}": f"word{n}" for n in range(10)}))
    assert text.count(",") == 7


@given(st.dictionaries(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)))
def test_attributes_text_takes_any_object(attributes):
    assert isinstance(attributes_text(json.dumps(attributes)), str)


@pytest.mark.parametrize(("category", "expected"), [
    ("Home &amp; Garden >  Lamps", "Home & Garden Lamps"),
    ("A > B > C > D > E > ", "B C D E"),
    ("", ""),
])
def test_category_text(category, expected):
    assert category_text(category) == expected


def test_clean_product():
    product = clean_product(Product(
        "p1", "Tea &amp; co", "<p>Warm</p>", "Lumo ", "Home & Garden > Lamps", '{"colour": "red"}'))
    assert product == Product(
        "p1", "Tea & co", "Warm", "Lumo", "Home & Garden Lamps", "colour red")
