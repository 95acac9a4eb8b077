import phonenumbers
import pytest

from pipeline.personal.phones import find_phones
from pipeline.personal.regions import DEFAULT_REGIONS
from pipeline.personal.spans import FreeText

PROSE, QUERY, CATALOGUE = FreeText


def found(text, free_text=PROSE, regions=DEFAULT_REGIONS):
    return [text[span.start:span.end] for span in find_phones(text, free_text, regions)]


def test_the_default_regions_are_countries():
    assert set(DEFAULT_REGIONS) <= phonenumbers.SUPPORTED_REGIONS


@pytest.mark.parametrize("text", [
    "+49 151 23456789", "+49 (0) 151 23456789", "+44 (0)20 7946 0958", "+1-512-555-0100",
    "(+34) 612 34 56 78", "+4915123456789", "0049 151 23456789", "011 44 20 7946 0958",
    "001-555-123-4567", "(555) 123-4567", "(415)555-2671", "415-555-2671", "415.555.2671",
    "415 555 2671", "1-800-555-0199", "1 (403) 555-0100", "07700 900123", "(020) 7946 0018",
    "0161-496-0123", "030/1234567", "0151 2345 6789", "0170/2345678", "01 5125229",
    "06 12 34 56 78", "06.12.34.56.78", "612 34 56 78", "347 123 4567", "06-12345678",
    "070-174 06 35", "079 123 45 67", "0412 345 678", "98765 43210", "138 1234 5678",
    "090-1234-5678", "(11) 91234-5678", "8 (912) 345-67-89", "44 7911 123456",
    "4155552671", "13812345678", "169-3244-5767", "(37) 9 8121-3309"])
@pytest.mark.parametrize("free_text", [PROSE, QUERY])
def test_numbers(text, free_text):
    assert found(f"red mug {text}, 2 in. wide", free_text) == [text]


@pytest.mark.parametrize("text", [
    "iphone 12 128gb 194252031232", "3 1/2 in. x 10 ft", "dewalt 18v dcd777c2", "size 41 42 43 44",
    "EAN 4006381333931", "schlage 0 43156 88993 0", "8 4616809045 9", "1 06 09585 16894 4",
    "12.05.2021 14:30",
    "2021-05-12 10:30", "05/06/2021 10", "192.168.100.200", "10/100/1000", "1920 x 1080",
    "1998-2005", "1000-327-851", "4500/4500 7655/7665", "lumen 1000 2000 3000", "1 000 000 000",
    "$1234567890", "ABC-415-555-2671", "415-555-2671-A", "model 4155552671", "order no. 4155552671",
    "#4155552671", "isbn 0306406152", "0-306-40615-2", "978-0-306-40615-7", "0.5 100 2000 300",
    "50-100-150-200-250", "9503.00.99.90", "2 2.2 2.4 2.7 3 3.3", "1.4155552671", "x4155552671y"])
@pytest.mark.parametrize("free_text", FreeText)
def test_no_numbers(text, free_text):
    assert found(text, free_text) == []


@pytest.mark.parametrize("text", ["9876543210", "651675962", "679-4248757"])
def test_numbers_that_articles_have_as_well_are_so_in_prose_only(text):
    assert found(text) == [text]
    assert found(text, QUERY) == []


@pytest.mark.parametrize("text", ["0306406152", "00361234"])
def test_articles_that_are_searched_for_are_no_numbers_in_queries(text):
    assert found(text, QUERY) == []


@pytest.mark.parametrize(("text", "number"), [
    ("call me at 555-1234", "555-1234"), ("Tel.: 12 34 56 78", "12 34 56 78"),
    ("my number is 12345678", "12345678"), ("tel0151 2345678", "0151 2345678"),
    ("Rufnummer 4711 0815", "4711 0815"), ("手机 1234567", "1234567"),
    ("phone number: 8765432", "8765432")])
@pytest.mark.parametrize("free_text", [PROSE, QUERY])
def test_with_a_word_before_it_any_form_is_a_number(text, number, free_text):
    assert found(text, free_text) == [number]


def test_words_that_are_goods_say_nothing_in_a_query():
    assert found("fax 12345678", PROSE) == ["12345678"]
    assert found("cell phone 12345678", QUERY) == []


@pytest.mark.parametrize(("text", "number"), [
    ("+1-970-377-1111 ex. 2 or", "+1-970-377-1111 ex. 2"),
    ("555-123-4567x1234", "555-123-4567x1234"), ("030 1234567, ext. 12", "030 1234567, ext. 12")])
def test_the_extension_is_of_the_number(text, number):
    assert found(text) == [number]


def test_neighbours_are_not_of_the_number():
    assert found("12 0151 23456789 1/2") == ["0151 23456789"]
    assert found("0151 23456789 / 030 1234567") == ["0151 23456789", "030 1234567"]
    assert found("617 647 9881 1/2 in.") == ["617 647 9881"]


def test_in_a_catalogue_numbers_need_a_word_before_them():
    assert found("(888) 522-6742", CATALOGUE) == []
    assert found("please call (888) 522-6742 for more", CATALOGUE) == ["(888) 522-6742"]
    assert found("call 1234567", CATALOGUE) == []


def test_numbers_are_known_at_home_in_the_regions_only():
    assert found("612 34 56 78", regions=("US",)) == []
    assert found("415 555 2671", regions=("ES",)) == []
    assert found("+34 612 34 56 78", regions=()) == ["+34 612 34 56 78"]
