import collections
import random

import pytest

from pipeline.sample.wording import fill, plural, product_row, sentence_case, title_case


@pytest.mark.parametrize(("noun", "expected"), [
    ("frying pan", "frying pans"), ("bread knife", "bread knives"), ("corner shelf",
    "corner shelves"), ("torch", "torches"), ("box", "boxes"), ("biography", "biographies"),
    ("tray", "trays"), ("scissors", "scissors"), ("chef's knife", "chef's knives"),
])
def test_plural(noun, expected):
    assert plural(noun) == expected


def test_fill_closes_the_gaps_of_empty_slots():
    assert fill("{a} {b} {c}", {"a": "red", "b": "", "c": "sofa"}) == "red sofa"


def test_capitals_leave_what_has_them_alone():
    assert title_case("over-ear USB-C D-lock") == "Over-ear USB-C D-lock"
    assert sentence_case("oak table. Nice.") == "Oak table. Nice."


def test_a_row_words_what_the_product_is(catalogue, vocabulary):
    rng = random.Random(1)
    for index in range(len(catalogue)):
        row = product_row(catalogue, index, rng)
        kind = vocabulary.types[catalogue.kind[index]]
        assert row["product_id"] == catalogue.product_id(index)
        assert kind.names[0].lower() in row["title"].lower()
        department, family, _ = row["category"].split(" > ")
        assert department == vocabulary.departments[kind.department].name
        assert family == vocabulary.families[kind.family].name
        assert row["attributes"].get("size", "") == (
            kind.sizes[catalogue.size[index]] if kind.sizes else "")


def test_descriptions_are_short_sentences(catalogue):
    rng = random.Random(2)
    rows = [product_row(catalogue, index, rng) for index in range(len(catalogue))]
    texts = [row["description"] for row in rows if "description" in row]
    assert 0.9 < len(texts) / len(rows) < 1
    assert all(5 <= len(text.split()) <= 45 for text in texts)
    assert all(text[0].isupper() or text[0].isdigit() for text in texts)
    # No boilerplate: hardly any description is there twice.
    assert collections.Counter(texts).most_common(1)[0][1] <= 3


def test_house_styles_are_mostly_left_unsaid(catalogue, vocabulary):
    rng = random.Random(3)
    told = collections.Counter()
    for index in range(len(catalogue)):
        style = catalogue.style[index]
        house = style == catalogue.brand_style[catalogue.brand[index]]
        text = product_row(catalogue, index, rng).get("description", "")
        told[bool(house), any(hint in text for hint in vocabulary.styles[style].hints)] += 1
    assert told[True, True] / (told[True, True] + told[True, False]) < 0.45
    assert told[False, True] / (told[False, True] + told[False, False]) > 0.6
