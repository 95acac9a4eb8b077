import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.contract import MAX_ID_CHARS, TABLES, Column, Kind, Reason, RejectedError
from pipeline.ingest.privacy import Protection
from pipeline.ingest.values import ValueParser
from tests.pipeline.ingest.shops import NOW

ID = Column("product_id", Kind.ID)
TEXT = Column("title", Kind.TEXT)
PRICE = Column("price", Kind.NUMBER, minimum=0)
TIME = Column("timestamp", Kind.TIME)
EVENT = next(column for column in TABLES["events"].columns if column.name == "event")
ATTRIBUTES = Column("attributes", Kind.ATTRIBUTES)


def parser(*, untyped=False, personal=False, max_text_chars=100):
    return ValueParser(
        max_text_chars, NOW, untyped=untyped, personal=personal, protection=Protection())


def rejection(column, value, **options):
    with pytest.raises(RejectedError) as caught:
        parser(**options).parse(column, value)
    return caught.value.reason, str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [
    ("007", "007"), ("1.0", "1.0"), (1.0, "1"), (17850, "17850"), (" a b ", "a b"), ("a\0b", "ab")])
def test_ids_where_numbers_are_told_from_text(value, expected):
    assert parser().parse(ID, value) == expected


@pytest.mark.parametrize(("value", "expected"), [
    ("1.0", "1"), ("17850.00", "17850"), ("0.0", "0"), ("-3.0", "-3"), ("007", "007"),
    ("007.0", "007.0"), ("1.5", "1.5"), ("1.50", "1.50"), ("1e3", "1e3"), ("v1.0", "v1.0")])
def test_ids_where_everything_is_text(value, expected):
    assert parser(untyped=True).parse(ID, value) == expected


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_number_is_the_same_id_in_every_format(number):
    expected = str(number)
    assert parser().parse(ID, number) == expected
    assert parser().parse(ID, float(number)) == expected
    assert parser(untyped=True).parse(ID, expected) == expected
    assert parser(untyped=True).parse(ID, f"{expected}.0") == expected


@pytest.mark.parametrize("value", [True, {"a": 1}, ["a"], 1e300, math.inf, "a\nb", "a\tb"])
def test_refuses_ids(value):
    assert rejection(ID, value)[0] is Reason.BAD_ID


def test_refuses_a_long_id():
    assert parser().parse(ID, "x" * MAX_ID_CHARS) == "x" * MAX_ID_CHARS
    reason, explanation = rejection(ID, "x" * (MAX_ID_CHARS + 1))
    assert (reason, explanation) == (
        Reason.BAD_ID, "product_id has 513 characters; ids have 512 at the most")


def test_an_id_of_nothing_but_nuls_is_none():
    assert parser().parse(ID, "\0\0") is None


def test_text_is_cleaned_and_none_where_nothing_is_left():
    values = parser()
    assert values.parse(TEXT, " <b>\0") == " <b>"
    assert values.parse(TEXT, "\0") is None
    assert values.cleaner.repairs == {"nuls_removed": 2}


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (2.0, "2"), (True, "true")])
def test_scalars_become_text(value, text):
    assert parser().parse(TEXT, value) == text


@pytest.mark.parametrize("value", [["a"], {"en": "a"}])
def test_refuses_what_is_no_text(value):
    reason, explanation = rejection(TEXT, value)
    assert reason is Reason.BAD_TEXT
    assert "title should be text, not a" in explanation


@pytest.mark.parametrize(("value", "expected"), [(0, 0.0), ("2.5", 2.5), (math.nan, None)])
def test_reads_numbers(value, expected):
    assert parser().parse(PRICE, value) == expected


@pytest.mark.parametrize("value", [-0.01, "-1", "n/a", math.inf, "Infinity", 1e39, True, {}])
def test_refuses_numbers(value):
    assert rejection(PRICE, value)[0] is Reason.BAD_NUMBER


@pytest.mark.parametrize("value", [0, "1970-01-01", NOW + 365 * 86_400])
def test_possible_dates(value):
    assert isinstance(parser().parse(TIME, value), int)


def test_a_moment_before_the_next_second_is_in_this_one():
    assert parser().parse(TIME, "1970-01-01T00:00:01.999Z") == 1


@pytest.mark.parametrize(("value", "explanation"), [
    (-1, "timestamp is before 1970: it is '-1'"),
    ("1969-12-31T23:59:59Z", "timestamp is before 1970: it is '1969-12-31T23:59:59Z'"),
    (NOW + 367 * 86_400, "timestamp is more than a year from now: it is '1731708800.0'"),
    (1_600_000_000_000, "timestamp looks like milliseconds; seconds are expected: it is "
     "'1600000000000'"),
    ("31.12.2020", "timestamp should be an ISO-8601 date or seconds since 1970, it is "
     "'31.12.2020'"),
])
def test_refuses_dates(value, explanation):
    assert rejection(TIME, value) == (Reason.IMPOSSIBLE_DATE, explanation)


def test_choices_in_any_case():
    assert parser().parse(EVENT, " Purchase ") == "purchase"
    assert rejection(EVENT, "bought")[0] is Reason.BAD_CHOICE
    assert rejection(EVENT, 1)[0] is Reason.BAD_CHOICE


def test_explanations_show_the_form_of_a_personal_value_only():
    _, explanation = rejection(EVENT, "Ann-42@x.org", personal=True)
    assert explanation.endswith("it is of the form 'aaa-99@a.aaa'")


def test_explanations_show_no_personal_data_of_other_tables():
    _, explanation = rejection(PRICE, "ask anna.schmidt@example.org for the price")
    assert explanation == "price should be a number, it is 'ask [email] for the pri...'"


@pytest.mark.parametrize(("value", "expected"), [
    ('{"b": 1.0, "a": "x"}', {"b": 1, "a": "x"}),
    ("colour=red|size = XL ", {"colour": "red", "size": "XL"}),
    ("formula=a=b", {"formula": "a=b"}),
    ("colour=red|colour=blue|", {"colour": "red, blue"}),
    ({"a": None, "b": "", "c": math.nan, "d": 0}, {"d": 0}),
    ({"a": {"b": [1.0, None, {"c": "x\0"}]}}, {"a": {"b": [1, None, {"c": "x"}]}}),
    ([("a", "1"), ("b", 2)], {"a": "1", "b": 2}),
    ({"n": 2**70, "raw": b"x"}, {"n": str(2**70), "raw": "x"}),
    ({}, None), ("|", None),
])
def test_attributes(value, expected):
    assert parser().parse(ATTRIBUTES, value) == expected


@pytest.mark.parametrize("value", ['{"a": 1', "red", "a=1|red", "=red", 5, ["a"], True])
def test_refuses_attributes(value):
    assert rejection(ATTRIBUTES, value)[0] is Reason.BAD_ATTRIBUTES
