import math

import pytest

from pipeline.ingest.cleaning import Cleaner, is_missing
from pipeline.ingest.contract import Reason, RejectedError
from pipeline.ingest.privacy import Protection
from pipeline.personal.spans import FreeText


@pytest.mark.parametrize("value", [None, "", "  \t", math.nan, {}, []])
def test_is_missing(value):
    assert is_missing(value)


@pytest.mark.parametrize("value", ["0", 0, 0.0, False, "nan", {"a": None}])
def test_is_there(value):
    assert not is_missing(value)


def test_text_keeps_everything_but_nuls_and_what_is_too_long():
    cleaner = Cleaner(4, Protection())
    assert cleaner.text(" <b>") == " <b>"
    assert cleaner.text("a\0b") == "ab"
    assert cleaner.text("12345") == "1234"
    assert cleaner.text("\0" * 9 + "é") == "é"
    assert cleaner.repairs == {"nuls_removed": 2, "text_cut": 1}


def test_attributes_without_a_value_are_dropped_and_texts_are_cleaned_at_every_depth():
    cleaner = Cleaner(100, Protection())
    attributes = {1: "a\0", "b": None, "c": {"d": ["e\0", 2.0, None], "f": " "}}
    assert cleaner.attributes(attributes, FreeText.PROSE) == {
        "1": "a", "c": {"d": ["e", 2, None]}}
    assert cleaner.repairs == {"nuls_removed": 2}


def test_attributes_nested_too_deep_are_refused():
    value = "x"
    for _ in range(40):
        value = {"a": value}
    with pytest.raises(RejectedError, match="more than 32 deep") as caught:
        Cleaner(1000, Protection()).attributes(value, FreeText.PROSE)
    assert caught.value.reason is Reason.BAD_ATTRIBUTES


def test_attributes_too_long_lose_their_last_keys():
    cleaner = Cleaner(30, Protection())
    # {"a":"111111111"} is 17 characters, each further pair 16: two make 33.
    attributes = {"c": "3" * 9, "a": "1" * 9, "b": "2" * 9}
    assert cleaner.attributes(attributes, FreeText.CATALOGUE) == {"a": "1" * 9}
    assert cleaner.repairs == {"text_cut": 1}
