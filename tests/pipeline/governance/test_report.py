import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.governance.catalogue import RULES
from pipeline.governance.counts import KEPT, ROWS_IN, Count
from pipeline.governance.decisions import SCHEMA, apply_findings
from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from pipeline.governance.quality import measure_quality
from pipeline.governance.report import find_examples, write_report
from pipeline.ingest.balance import TableBalance
from pipeline.ingest.contract import TABLES
from tests.pipeline.governance.test_quality import BALANCE, COUNTS, PROFILE


def write_log(folder, table, row_findings):
    made = [decision for row, findings in row_findings
            for decision in apply_findings(table, row, findings).decisions]
    pq.write_table(
        pa.Table.from_pylist([d._asdict() for d in made], SCHEMA), folder / f"{table}-0.parquet")
    return made


def test_the_page_shows_what_was_found_and_escapes_it(tmp_path):
    write_log(tmp_path, "products", [
        ({"product_id": "a", "title": "<i>CafÃ©</i>"},
         [Finding("mojibake", "title", Action.REPAIRED, "<i>Café</i>")]),
        ({"product_id": "b", "title": "test"},
         [Finding("placeholder", WHOLE_ROW, Action.SET_ASIDE, confidence=0.9)])])
    write_report(
        measure_quality(BALANCE, COUNTS), BALANCE, PROFILE, str(tmp_path), str(tmp_path), 0.6)
    page = (tmp_path / "governance.html").read_text(encoding="utf-8")
    assert "not good enough" in page
    assert "<del>&lt;i&gt;CafÃ©&lt;/i&gt;</del>" in page
    assert "<ins>&lt;i&gt;Café&lt;/i&gt;</ins>" in page
    assert "<del>test</del>" in page
    assert "products.csv line 7" in page
    assert "it drifted" in page
    assert "2020-W02" in page
    assert "<script" not in page


def test_the_page_names_the_rules_that_found_nothing(tmp_path):
    write_report(
        measure_quality(BALANCE, COUNTS), BALANCE, PROFILE, str(tmp_path), str(tmp_path), 0.6)
    page = (tmp_path / "governance.html").read_text(encoding="utf-8")
    [_, quiet] = page.split("Rules about this table that decided nothing: ")
    named = set(quiet.partition(".</p>")[0].split(", "))
    assert named == {
        rule.name.replace("_", " ") for rule in RULES.values() if "products" in rule.table_names
        } - {"mojibake", "placeholder"}


def test_every_rule_names_its_tables():
    for rule in RULES.values():
        assert rule.table_names
        assert set(rule.table_names) <= set(TABLES)


def test_of_people_no_value_is_shown(tmp_path):
    write_log(tmp_path, "events", [
        ({"user_id": "anna", "product_id": "a", "event": "view", "position": 1, "review": "secret"},
         [Finding("white_space", "review", Action.REPAIRED, "secret too"),
          Finding("duplicate_event", WHOLE_ROW, Action.SET_ASIDE)])])
    write_log(tmp_path, "users", [
        ({"user_id": "anna", "profile": "secret"},
         [Finding("white_space", "profile", Action.REPAIRED, "secret too")])])
    examples = find_examples(str(tmp_path))
    for [example] in examples.values():
        assert (example.before, example.after) == ("", "")
    [of_user] = examples["users", "white_space"]
    assert (of_user.row, of_user.column) == ("", "profile")
    balance = BALANCE | {"users": TableBalance(rows_in=1, kept=1)}
    counts = COUNTS | {
        Count("users", ROWS_IN): 1, Count("users", KEPT): 1,
        Count("users", "repaired", "white_space"): 1}
    write_report(
        measure_quality(balance, counts), balance, PROFILE, str(tmp_path), str(tmp_path), 0.6)
    page = (tmp_path / "governance.html").read_text(encoding="utf-8")
    assert of_user.id in page
    assert "anna" not in page
    assert "anna" not in (tmp_path / "quality.json").read_text(encoding="utf-8")


def test_examples_are_the_surest_and_always_the_same(tmp_path):
    made = write_log(tmp_path, "products", [
        ({"product_id": str(i), "title": "t"},
         [Finding("mojibake", "title", Action.REPAIRED, "u", confidence=i / 20)])
        for i in range(20)])
    [examples] = find_examples(str(tmp_path)).values()
    assert [example.row for example in examples] == ["19", "18", "17", "16", "15"]
    assert examples[0].id == made[19].id
