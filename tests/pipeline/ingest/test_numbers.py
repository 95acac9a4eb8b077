import datetime
import decimal
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.numbers import as_float, as_seconds, shortest_text


@pytest.mark.parametrize(("value", "text"), [
    (1.0, "1"), (1, "1"), (0.5, "0.5"), (-2.0, "-2"), (1e15, "1000000000000000"),
    (decimal.Decimal("1.500"), "1.5"), (decimal.Decimal("100"), "100"),
])
def test_shortest_text(value, text):
    assert shortest_text(value) == text


@pytest.mark.parametrize(("value", "expected"), [
    (3, 3.0), (2.5, 2.5), ("7", 7.0), (" -1.5e2 ", -150.0), (".5", 0.5), ("3.", 3.0),
    (decimal.Decimal("1.25"), 1.25), ("Infinity", math.inf), ("-inf", -math.inf),
    (10**400, math.inf),
])
def test_reads_numbers(value, expected):
    assert as_float(value) == expected


@pytest.mark.parametrize("value", ["nan", "NaN", math.nan])
def test_nan_is_a_number_without_value(value):
    assert math.isnan(as_float(value))


@pytest.mark.parametrize(
    "value", ["", "n/a", "1_000", "1,5", "12 EUR", "0x10", "٣", "1e", True, None, [], {}, b"1"])
def test_refuses_what_is_no_number(value):
    assert as_float(value) is None


# 2010-12-01T08:26:00Z is 14,944 days (14610 to 2010-01-01, and 334) and 30,360 s after the epoch.
SECONDS = 14_944 * 86_400 + 30_360


@pytest.mark.parametrize("value", [
    SECONDS, float(SECONDS), str(SECONDS), "2010-12-01T08:26:00", "2010-12-01 08:26:00",
    "2010-12-01T08:26:00Z", "2010-12-01T08:26Z", "2010-12-01T10:26:00+02:00",
    "2010-12-01T10:26:00+0200", "20101201T082600Z", "2010-W48-3T08:26:00", " 2010-12-01T08:26:00 ",
    "2010-12-01T08:26:00.000000Z", datetime.datetime(2010, 12, 1, 8, 26),
    datetime.datetime(2010, 12, 1, 10, 26, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    decimal.Decimal(SECONDS),
])
def test_reads_the_same_moment_however_written(value):
    assert as_seconds(value) == SECONDS


@pytest.mark.parametrize("value", [
    "2010-12-01", "20101201", datetime.date(2010, 12, 1)])
def test_a_date_is_its_midnight(value):
    assert as_seconds(value) == 14_944 * 86_400


def test_eight_digits_that_are_no_date_are_seconds():
    assert as_seconds("20101301") == 20_101_301
    assert as_seconds(20101201) == 20_101_201  # A number is seconds, always.


@pytest.mark.parametrize("value", [
    "2010-13-01", "2010-02-30", "01.12.2010", "yesterday", "12/1/2010 8:26", True, [], {}])
def test_refuses_what_is_no_date(value):
    assert as_seconds(value) is None


@given(st.datetimes(
    min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(2100, 1, 1),
    timezones=st.timezones() | st.just(datetime.timezone.utc)))
def test_iso_text_of_any_zone_comes_back(moment):
    assert as_seconds(moment.isoformat()) == pytest.approx(moment.timestamp(), abs=1e-3)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    assert isinstance(as_seconds(text), (float, type(None)))
