import collections
import random

from pipeline.cjk import count_words
from pipeline.sample.wording import fill, product_row


def test_fill_closes_the_gaps_of_empty_slots():
    assert fill("{a} {b} {c}", {"a": "red", "b": "", "c": "sofa"}) == "red sofa"
    assert fill("{a}{b}{c} {d}", {"a": "红色", "b": "", "c": "沙发", "d": ""}) == "红色沙发"


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
        assert row["attributes"].get(vocabulary.columns.size, "") == (
            kind.sizes[catalogue.size[index]] if kind.sizes else "")


def test_descriptions_are_short_sentences(catalogue, vocabulary):
    rng = random.Random(2)
    rows = [product_row(catalogue, index, rng) for index in range(len(catalogue))]
    texts = [row["description"] for row in rows if "description" in row]
    assert 0.9 < len(texts) / len(rows) < 1
    assert all(5 <= count_words(text) <= 45 for text in texts)
    assert all(text[0] == vocabulary.grammar.sentence_case(text[0]) for text in texts)
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
