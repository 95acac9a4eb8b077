import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import apply_findings
from pipeline.governance.rules.texts import (
    find_broken_texts,
    mend_encoding,
    strip_control,
    strip_markup,
    tidy_spaces,
)


@pytest.mark.parametrize(("broken", "whole"), [
    ("CafetiÃ¨re 8 cups", "Cafetière 8 cups"),
    ("IntelÂ® Coreâ„¢ i5", "Intel® Core™ i5"),
    ("42â€³ screen", "42″ screen"),
    ("Ð§Ð°Ð¹Ð½Ð¸Ðº", "Чайник"),
    ("Mug", "Mug"), ("Größe: 20°C – 30°C", "Größe: 20°C – 30°C"), ("电动牙刷", "电动牙刷"),
    ("Women\x89Ûªs gloves", "Women\x89Ûªs gloves"), ("Connectã\x8b¢ lock", "Connectã\x8b¢ lock"),
    ("ç”µåŠ¨ç‰™åˆ·", "电动牙刷"),
    ("São Paulo ÇEVRE", "São Paulo ÇEVRE"), ("naïve café", "naïve café")])
def test_mends_encodings_and_leaves_good_text_alone(broken, whole):
    assert mend_encoding(broken) == whole


@pytest.mark.parametrize(("marked", "plain"), [
    ("<p>Big <b>mug</b></p>", " Big mug "), ("Tom &amp; Jerry", "Tom & Jerry"),
    ("weight < 5 kg > 3 kg", "weight < 5 kg > 3 kg"), ("a<br/>b", "a b"),
    ("&lt;b&gt;mug&lt;/b&gt;", "mug"), ("H<sub>2</sub>O", "H2O"), ("one<BR>two", "one two"),
    ("<li>m<sup>2</sup></li><li>b<!-- c -->ig</li>", " m2  big "),
    ("R&D; AT&T", "R&D; AT&T"), ("<3 tea", "<3 tea"), ("5 &amp;amp; 6", "5 & 6"),
    ("x<script>alert(1)</script>y", "x y"),
    ("19&quot; rack", '19" rack'),
    ("<div class='a'>mug</div>", " mug ")])
def test_strips_markup_and_nothing_that_looks_like_it(marked, plain):
    assert strip_markup(marked) == plain


@pytest.mark.parametrize(("text", "clean"), [
    ("a\u200bb", "ab"), ("a\x07b", "ab"), ("a\tb\nc", "a\tb\nc"), ("\ufeffmug", "mug"),
    ("می\u200cخواهم", "می\u200cخواهم")])
def test_strips_what_nobody_sees(text, clean):
    assert strip_control(text) == clean


@pytest.mark.parametrize(("text", "tidy"), [
    ("  big   mug ", "big mug"), ("a \n\n b", "a\nb"), ("a\u00a0b", "a b")])
def test_tidies_white_space(text, tidy):
    assert tidy_spaces(text) == tidy


def test_finds_them_in_every_column_one_finding_a_rule():
    row = {"product_id": "a", "title": "<p>CafÃ©</p>", "brand": "\u200b", "category": "A > B",
           "attributes": {"colour": "red ", "list": ["x ", {"deep": "<p>y</p>"}], "n": 3}}
    findings = list(find_broken_texts("products", row))
    assert [(f.rule, f.column, f.after) for f in findings] == [
        ("markup", "title", " CafÃ© "), ("mojibake", "title", " Café "),
        ("white_space", "title", "Café"), ("control_characters", "brand", None),
        ("white_space", "attributes.colour", "red"),
        ("markup", "attributes.list", ["x ", {"deep": " y "}]),
        ("white_space", "attributes.list", ["x", {"deep": "y"}])]
    assert apply_findings("products", row, findings).row == {
        "product_id": "a", "title": "Café", "category": "A > B",
        "attributes": {"colour": "red", "list": ["x", {"deep": "y"}], "n": 3}}


def test_a_title_of_nothing_is_left_for_others_to_judge():
    assert list(find_broken_texts("products", {"product_id": "a", "title": "<b></b>"})) == []


# A control character in the middle of mojibake hides it until it is gone.
@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs"))))
def test_a_mended_text_needs_no_more_mending(text):
    row = {"product_id": "a", "title": "t", "description": text}
    once = apply_findings("products", row, find_broken_texts("products", row)).row
    again = apply_findings("products", once, find_broken_texts("products", once)).row
    assert again == once
