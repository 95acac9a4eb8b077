import json

from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.decisions import (
    SCHEMA,
    Decision,
    apply_findings,
    decision_id,
    get_value,
    row_key,
    to_json,
)
from pipeline.governance.findings import WHOLE_ROW, Action, Finding

MUG = {"product_id": "a", "title": "Mug", "brand": "Acme", "attributes": {"colour": "red"}}


def test_changes_values_and_says_what_they_were():
    applied = apply_findings("products", MUG, [
        Finding("whitespace", "title", Action.REPAIRED, "Big mug"),
        Finding("wrong_brand", "brand", Action.CLEARED, None, 0.9),
        Finding("attribute", "attributes.size", Action.FILLED, "L", 0.8, "from the title")])
    assert applied.row == {
        "product_id": "a", "title": "Big mug", "attributes": {"colour": "red", "size": "L"}}
    assert [(d.column, d.before, d.after, d.action, d.step) for d in applied.decisions] == [
        ("title", '"Mug"', '"Big mug"', "repaired", 0), ("brand", '"Acme"', None, "cleared", 1),
        ("attributes.size", None, '"L"', "filled", 2)]
    assert MUG["title"] == "Mug"
    assert len({decision.id for decision in applied.decisions}) == 3


def test_what_changes_nothing_is_no_decision():
    applied = apply_findings("products", MUG, [Finding("r", "title", Action.REPAIRED, "Mug")])
    assert applied.decisions == []
    assert applied.row is MUG


def test_a_removed_row_is_kept_whole_in_the_log_and_nothing_follows():
    applied = apply_findings("products", MUG, [
        Finding("r", "title", Action.REPAIRED, "M"),
        Finding("test_row", WHOLE_ROW, Action.SET_ASIDE),
        Finding("r", "title", Action.REPAIRED, "never")], first_step=3)
    assert applied.row is None
    assert [d.step for d in applied.decisions] == [3, 4]
    assert json.loads(applied.decisions[1].before) == {**MUG, "title": "M"}


def test_an_attribute_that_was_the_only_one_takes_the_column_with_it():
    applied = apply_findings("products", MUG, [
        Finding("r", "attributes.colour", Action.CLEARED)])
    assert "attributes" not in applied.row


def test_a_decision_that_a_person_released_is_not_made_again():
    finding = Finding("test_row", WHOLE_ROW, Action.SET_ASIDE)
    [decision] = apply_findings("products", MUG, [finding]).decisions
    applied = apply_findings("products", MUG, [finding], released={decision.id})
    assert applied == (MUG, [])


def test_a_note_about_a_person_shows_no_value():
    row = {"user_id": "u", "product_id": "a", "event": "view", "position": 7, "review": "mine"}
    [decision] = apply_findings("events", row, [Finding("r", "review", Action.NOTED)]).decisions
    assert (decision.row, decision.before, decision.after) == ("7", None, None)
    [decision] = apply_findings("products", MUG, [Finding("r", "title", Action.NOTED)]).decisions
    assert decision.before == decision.after == '"Mug"'


VIEW = {"user_id": "u", "product_id": "a", "event": "view", "timestamp": 5, "position": 7,
        "query": " mug"}


def test_a_decision_has_the_same_id_wherever_its_row_stands():
    for finding in (Finding("test_row", WHOLE_ROW, Action.SET_ASIDE),
                    Finding("white_space", "query", Action.REPAIRED, "mug")):
        moved = decision_id("events", {**VIEW, "position": 8}, finding)
        assert moved == decision_id("events", VIEW, finding)
        assert moved != decision_id("events", {**VIEW, "user_id": "v"}, finding)
        [decision] = apply_findings("events", VIEW, [finding]).decisions
        assert (decision.id, decision.row) == (moved, "7")


def test_a_value_has_the_same_decision_after_others_of_its_row_were_repaired():
    finding = Finding("white_space", "query", Action.REPAIRED, "mug")
    assert decision_id("events", {**VIEW, "review": "good", "value": 1.0}, finding) == (
        decision_id("events", VIEW, finding))


def test_what_follows_from_a_released_decision_is_not_done_either():
    finding = Finding("alias", "brand", Action.REPAIRED, "Ajax", because="one two")
    assert apply_findings("products", MUG, [finding], released={"two"}) == (MUG, [])
    assert len(apply_findings("products", MUG, [finding], released={"three"}).decisions) == 1


def test_rows_are_named_by_their_id_or_their_place():
    assert row_key("products", MUG) == "a"
    assert row_key("judgments", {"query": "q", "product_id": "a", "position": 12}) == "12"


def test_the_log_has_the_columns_of_a_decision():
    assert tuple(SCHEMA.names) == Decision._fields


VALUES = st.none() | st.text(max_size=5) | st.integers(-5, 5) | st.booleans()


@given(st.lists(st.tuples(st.sampled_from(["title", "attributes.colour", "attributes.x"]), VALUES)))
def test_decisions_taken_back_from_the_last_give_the_row_that_was(changes):
    findings = [Finding("r", column, Action.REPAIRED, value) for column, value in changes]
    applied = apply_findings("products", MUG, findings)
    row = json.loads(json.dumps(applied.row))
    for decision in reversed(applied.decisions):
        assert to_json(get_value(row, decision.column)) == decision.after
        back = Finding("r", decision.column, Action.REPAIRED, json.loads(decision.before or "null"))
        row = apply_findings("products", row, [back]).row
    assert row == MUG
