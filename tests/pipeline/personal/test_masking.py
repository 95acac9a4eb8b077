import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.governance.personal_forms import HIDINGS, hide
from benchmarks.governance.personal_shop import MAKE, is_left
from pipeline.governance.decisions import apply_findings
from pipeline.governance.rules.texts import find_broken_texts
from pipeline.personal.masking import is_only_masks, mask_text
from pipeline.personal.spans import FreeText, Kind


def test_everything_at_once():
    masked = mask_text(
        "I'm Anna, mail anna@x.org or a.b@y.org, call +49 151 23456789, card 4111 1111 1111 1111")
    assert masked.text == (
        "I'm [name], mail [email] or [email], call [phone], card [card]")
    assert masked.counts == {Kind.NAME: 1, Kind.EMAIL: 2, Kind.PHONE: 1, Kind.CARD: 1}


def test_what_is_masked_is_what_stands_in_the_original():
    assert mask_text("an\u200bna＠x．org\u00a0hi").text == "[email]\u00a0hi"
    assert mask_text("tel ０１５１\u2011２３４５６７８９!").text == "tel [phone]!"


def test_a_clean_text_is_the_same_object_of_no_counts():
    text = "iphone 12 128gb 194252031232"
    assert mask_text(text, FreeText.QUERY) == (text, {})


def test_names_that_touch_are_one():
    assert mask_text("by Anna Maria Schmidt, anna.maria.schmidt@x.org") == (
        "by [name], [email]", {Kind.NAME: 1, Kind.EMAIL: 1})


@pytest.mark.parametrize(("label", "text", "masked"), [
    ("phone", "12345678", "[phone]"), ("mobile_no", "12345678", "[phone]"),
    ("card number", "4222222222222", "[card]"), ("hs_code", "8473305100", "8473305100"),
    ("last_name", "schmidt", "[name]"), ("product_name", "Oak desk", "Oak desk"),
    ("e-mail", "anna@x.org", "[email]")])
def test_the_name_of_a_field_tells_what_is_in_it(label, text, masked):
    assert mask_text(text, label=label).text == masked


def test_a_text_that_is_cut_is_masked_as_a_whole_first():
    text = "mug anna.schmidt@example.com and more"
    for end in range(len(text)):
        masked = mask_text(text, end=end).text
        assert len(masked) <= end
        assert "anna" not in masked
        assert "schm" not in masked
    assert mask_text(text, end=8).text == "mug [ema"
    assert mask_text("mug and more", end=5).text == "mug a"
    # What begins after the cut is not counted.
    assert mask_text("a mug " + "x" * 50 + " anna@x.org", end=10).counts == {}


@pytest.mark.parametrize(("text", "only"), [
    ("[email]", True), ("[phone], [card]!", True), ("[email] mug", False), ("mug", False),
    ("[size]", False), ("", False)])
def test_only_masks(text, only):
    assert is_only_masks(text) == only


@given(st.text(), st.sampled_from(FreeText))
def test_any_text_can_be_masked(text, free_text):
    masked = mask_text(text, free_text)
    assert masked.counts or masked.text == text
    assert len(mask_text(text, free_text, end=5).text) <= 5


@given(
    before=st.text("abc XYZ.,;!?:\n ", max_size=20),
    after=st.text("abc XYZ.,;!?:\n ", max_size=20), free_text=st.sampled_from(FreeText))
def test_around_an_address_nothing_changes(before, after, free_text):
    before, after = f"{before} ", f" {after}"
    masked = mask_text(f"{before}bob+1@mail.example.org{after}", free_text)
    assert masked.counts[Kind.EMAIL] == 1
    assert "[email]" in masked.text
    assert "bob" not in masked.text


@pytest.mark.parametrize(("text", "masked"), [
    ("call +49&nbsp;151&nbsp;23456789 now", "call [phone] now"),
    ("paid with 4111<br>1111<br>1111<br>1111", "paid with [card]"),
    ("<b>4111</b> <b>1111</b> <b>1111</b> <b>1111</b>", "[card]"),
    ("john.doe@example&period;com", "[email]"), ("john.doe&#64;example&#46;com", "[email]"),
    ("john.doe&amp;#64;example.com", "[email]"), ("john.doeâ€‹@example.com", "[email]"),
    ("john.doe@ex\x01ample.com", "[email]"), ("4111\t1111\t1111\t1111", "[card]"),
    ("my&nbsp;name&nbsp;is&nbsp;Anna", "my name is [name]"),
    # Part of it is found as it stands.
    ("a.sch&#109;idt@example.org", "[email]"), ("JOHN&plus;SHOP&commat;X&period;ORG", "[email]")])
def test_what_mending_would_show_is_masked(text, masked):
    assert mask_text(text).text == masked


@pytest.mark.parametrize(("text", "masked"), [
    ("<b>Mug</b> &amp; pot", "<b>Mug</b> &amp; pot"),
    ("<b>anna@x.org</b>  &amp; pot", "<b>[email]</b>  &amp; pot")])
def test_a_text_in_which_markup_hides_nothing_keeps_it(text, masked):
    assert mask_text(text).text == masked


@pytest.mark.parametrize(("text", "masked"), [
    # Seventeen digits in a row are no phone number.
    ("0151 2345678&#49;&#50;&#51;&#52;&#53;&#54;", "[phone]&#49;&#50;&#51;&#52;&#53;&#54;"),
    ("0151 2345678&#49;&#50;&#51;&#52;&#53;&#54; or 0152 3456789&#49;&#50;&#51;&#52;&#53;&#54;,"
     " a@x&period;org", "[phone]123456 or [phone]123456, [email]")])
def test_what_only_markup_keeps_apart_stays_masked(text, masked):
    assert mask_text(text).text == masked


def test_a_text_that_is_cut_is_mended_as_a_whole_first():
    text = "mug <b>anna.schmidt</b>&#64;example&period;com, 4111<br>1111<br>1111<br>1111" + (
        " and more" * 100)
    for end in range(len(text)):
        masked = mask_text(text, end=end).text
        assert len(masked) <= end
        assert not any(part in masked for part in ("anna", "schm", "4111", "1111"))


@pytest.mark.parametrize("hiding", sorted(HIDINGS))
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@given(rng=st.randoms(use_true_random=False), free_text=st.sampled_from(
    (FreeText.PROSE, FreeText.QUERY)))
@settings(max_examples=20, deadline=None)
def test_the_rules_for_texts_bring_nothing_back(make, hiding, rng, free_text):
    secret = make(rng)
    if is_left(mask_text(f"mug {secret.text} ok", free_text).text, secret):
        return  # Not found where nothing hides it.
    row = {"event": "view", "position": 1,
           "review": mask_text(f"mug {hide(secret.text, hiding, rng)} ok", free_text).text}
    applied = apply_findings("events", row, find_broken_texts("events", row))
    for text in (row["review"], applied.row["review"], *(
            json.loads(decision.after) for decision in applied.decisions)):
        assert not is_left(text, secret)
