import sys
import unicodedata

import ftfy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mending import (
    may_be_mended,
    mend,
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
    ("<span>red</span><span>mug</span>", " red  mug "), ("R&D; AT&T", "R&D; AT&T"),
    ("<3 tea", "<3 tea"),
    ("5 &amp;amp; 6", "5 & 6"), ("x<script>alert(1)</script>y", "x y"),
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


def test_of_all_characters_only_those_that_nobody_sees_are_stripped():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    stripped = set(every) - set(strip_control(every))
    zero_width = {c for c in stripped if unicodedata.category(c) == "Cf"}
    assert zero_width == set(
        "\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
    assert stripped - zero_width == {
        c for c in every if unicodedata.category(c) in ("Cc", "Cs") and not c.isspace()}


@pytest.mark.parametrize("encoding", [
    "latin-1", "cp1250", "cp1251", "cp1252", "cp437", "mac-roman", "iso8859-2"])
@pytest.mark.parametrize("text", ["Très bien", "naïve café", "voilà", "5 € – 6 €", "«Жук»"])
def test_a_text_read_in_any_wrong_encoding_is_mended_as_ftfy_does(encoding, text):
    broken = text.encode().decode(encoding, "replace")
    if ftfy.fix_encoding(broken) == text:
        assert mend_encoding(broken) == text


@given(st.text())
def test_what_may_not_be_mended_is_mended_but_for_its_ends(text):
    assert may_be_mended(text) or mend(text) == text.strip()


@pytest.mark.parametrize(("text", "mended"), [
    (" <b>CafÃ©&nbsp;&amp;\x07 Tea</b>", "Café & Tea"), ("Mug", "Mug")])
def test_mends_one_after_the_other(text, mended):
    assert mend(text) == mended
