import unicodedata

import hypothesis
import pytest
from hypothesis import strategies

from pipeline.sample.languages import (
    full_width,
    misspell_characters,
    misspell_letters,
    plural,
    sentence_case,
    title_case,
)


@pytest.mark.parametrize(("noun", "expected"), [
    ("frying pan", "frying pans"), ("bread knife", "bread knives"), ("corner shelf",
    "corner shelves"), ("torch", "torches"), ("box", "boxes"), ("biography", "biographies"),
    ("tray", "trays"), ("scissors", "scissors"), ("chef's knife", "chef's knives"),
])
def test_plural(noun, expected):
    assert plural(noun) == expected


def test_capitals_leave_what_has_them_alone():
    assert title_case("over-ear USB-C D-lock") == "Over-ear USB-C D-lock"
    assert sentence_case("oak table. Nice.") == "Oak table. Nice."


@hypothesis.given(strategies.text("abcdefghijklmnopqrstuvwxyz", min_size=5, max_size=15))
def test_an_english_misspelling_is_always_the_same_and_close(word):
    wrong = misspell_letters(word, {})
    assert wrong == misspell_letters(word, {})
    assert wrong != word
    assert wrong[0] == word[0]
    assert abs(len(wrong) - len(word)) <= 1
    assert set(wrong) <= set(word)


@pytest.mark.parametrize("word", ["sofa", "usb-c", "24cm"])
def test_short_words_and_those_with_signs_are_spelt_right(word):
    assert misspell_letters(word, {}) is None


@pytest.mark.parametrize(("word", "wrong"), [
    ("电脑包", {"店脑包", "电脑胞"}), ("鱼缸", {"余缸"}), ("毯子", {None}), ("包", {None})])
def test_a_chinese_character_is_taken_for_one_of_the_same_sound(word, wrong):
    mistaken = {"电": "店", "包": "胞", "鱼": "余"}
    assert misspell_characters(word, mistaken) in wrong


def test_full_width_characters_are_those_that_unicode_folds_back():
    wide = full_width("炒锅 32cm A-1")
    assert wide == "炒锅 ３２ｃｍ Ａ－１"
    assert unicodedata.normalize("NFKC", wide) == "炒锅 32cm A-1"
