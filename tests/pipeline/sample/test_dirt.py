import collections
import datetime
import json
import random

import pytest

from pipeline.sample.dirt import Broken, Dirt, dirt_kinds, soil
from pipeline.sample.vocabulary import LANGUAGES, load_vocabulary

WORDS = {language: load_vocabulary(path) for language, path in LANGUAGES.items()}

PRODUCT = {
    "product_id": "P1", "title": "Oak Stool", "description": "A stool.", "price": 9.5,
    "attributes": {"colour": "Black"}, "created_at": 1_700_000_000}
EVENT = {
    "user_id": 7, "product_id": "P1", "event": "purchase", "timestamp": "2024-03-01T10:00:00Z",
    "query": "stool", "value": 2, "session_id": "7-1", "review": None}
USER = {"user_id": 7, "profile": "I like stools.", "attributes": "country=NL"}
JUDGMENT = {"query": "stool", "product_id": "P1", "grade": 3, "split": "train"}
FACT = {"head": "stool", "relation": "is_a", "tail": "seat"}
ROWS = {"products": PRODUCT, "events": EVENT, "users": USER, "judgments": JUDGMENT, "facts": FACT}


def _kinds(language="en"):
    return dirt_kinds(WORDS[language].dirt, WORDS[language].grammar)


def _spoilt(table, kind, language="en"):
    """The row of a table after one kind of dirt, with the row itself where that is kept."""
    dirt = next(d for d in _kinds(language)[table] if d.name == kind)
    always = Dirt(dirt.name, 1.0, dirt.spoil, dirt.suits, dirt.replaces)
    counts = collections.Counter()
    rows = soil([ROWS[table]], [always], random.Random(1), counts)
    assert counts == {kind: 1}
    assert (rows[0] == ROWS[table]) == (len(rows) == 2)
    return rows[-1]


@pytest.mark.parametrize(("table", "kind", "column", "allowed"), [
    ("products", "missing title", "title", {"", None}),
    ("products", "placeholder", "title", set(WORDS["en"].dirt.placeholders)),
    ("events", "missing user", "user_id", {""}),
    ("events", "wrong case", "event", {"PURCHASE ", "Purchase "}),
    ("users", "missing user", "user_id", {None}),
    ("judgments", "missing query", "query", {"", None}),
    ("facts", "missing tail", "tail", {""}),
])
def test_a_value_that_is_replaced(table, kind, column, allowed):
    row = _spoilt(table, kind)
    assert row[column] in allowed
    others = {name: value for name, value in row.items() if name not in (column, "product_id")}
    assert others.items() <= ROWS[table].items()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("table", "column"), [("products", "created_at"), ("events", "timestamp")])
def test_dates_are_impossible(table, column, language):
    with pytest.raises(ValueError):
        datetime.datetime.fromisoformat(_spoilt(table, "impossible date", language)[column])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("table", "column"), [("products", "price"), ("events", "value"), ("judgments", "grade")])
def test_numbers_are_none(table, column, language):
    with pytest.raises(ValueError):
        float(_spoilt(table, "bad number", language)[column])


@pytest.mark.parametrize("table", ["events", "judgments"])
def test_products_are_unknown(table):
    assert _spoilt(table, "unknown product")["product_id"] in {"P0000000", "GIFTCARD", "POSTAGE"}


def test_drafts_have_an_id_of_their_own():
    assert _spoilt("products", "bad number")["product_id"].startswith("D")


def test_a_second_export_lacks_a_column():
    row = _spoilt("products", "duplicate id")
    assert row["product_id"] == "P1"
    assert row["title"] == "OAK STOOL"
    assert "attributes" not in row
    assert _spoilt("products", "duplicate id", "zh")["title"] == "Ｏａｋ Ｓｔｏｏｌ"


def test_what_is_entered_twice_differs_by_its_id_and_how_it_is_written():
    row = _spoilt("products", "entered twice")
    assert row["product_id"].startswith("D")
    assert row["title"] == "OAK STOOL"


def test_a_return_follows_its_purchase():
    row = _spoilt("events", "return")
    assert row["value"] == -2
    assert "2024-03-03" <= row["timestamp"] <= "2024-03-21"
    assert row["timestamp"].endswith("Z")
    kinds = [d for d in _kinds()["events"] if d.name == "return"]
    view = {**EVENT, "event": "view"}
    assert soil([view] * 99, kinds, random.Random(1), collections.Counter()) == [view] * 99


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_keeps_the_words(language):
    assert "A stool." in _spoilt("products", "markup", language)["description"]
    assert "I like stools." in _spoilt("users", "markup", language)["profile"]


@pytest.mark.parametrize("table", ["products", "events", "judgments", "facts"])
def test_broken_lines_are_marked(table):
    assert isinstance(_spoilt(table, "broken line"), Broken)


@pytest.mark.parametrize("table", sorted(ROWS))
def test_three_rows_in_a_hundred(table):
    counts = collections.Counter()
    rows = [ROWS[table] if table != "events" else {**EVENT, "event": "view"}] * 20_000
    soiled = soil(rows, _kinds()[table], random.Random(2), counts)
    assert 0.02 < counts.total() / len(soiled) < 0.04
    # Whatever is spoilt, the good rows that are not replaced are still there.
    clean = sum(json.dumps(row) == json.dumps(rows[0]) for row in soiled)
    assert clean >= 20_000 - counts["markup"] - counts["wrong case"]
