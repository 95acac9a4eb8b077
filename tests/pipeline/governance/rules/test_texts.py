from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import apply_findings
from pipeline.governance.rules.texts import find_broken_texts


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
