import numpy as np
import pytest

from benchmarks.governance import baselines, judge
from benchmarks.governance.noise import Noisy
from pipeline.governance.duplicates.groups import Group
from pipeline.governance.findings import Action, Finding
from tests.pipeline.governance.judge.shop import products

NAN = pytest.approx(np.nan, nan_ok=True)


def test_precision_and_recall_are_shares_of_products():
    result = judge.Result(
        kinds={"a": "wrong_brand", "b": "wrong_brand", "c": "price_x100"},
        found={"a": "wrong_brand", "c": "price_outlier", "d": "wrong_brand"}, minutes=1.0,
        findings={
            "a": Finding("wrong_brand", "brand", Action.REPAIRED, "Acme", 0.98),
            "d": Finding("wrong_brand", "brand", Action.NOTED, confidence=0.8)},
        repaired={"a": True})
    assert (result.precision(), result.recall()) == pytest.approx((2 / 3, 2 / 3))
    assert (result.precision("wrong_brand"), result.recall("wrong_brand")) == (0.5, 0.5)
    assert result.precision("mojibake") == NAN
    assert result.precision_between(0.97, 1.01) == 1
    assert result.precision_between(0.7, 0.97) == 0
    assert result.repairs("wrong_brand") == 1
    assert result.repairs("wrong_category") == NAN


def test_a_repair_is_right_if_it_gives_back_what_was_there():
    clean = [{"product_id": "a", "brand": "Acme"}, {"product_id": "b", "brand": "Bolt"}]
    repaired = [Finding("wrong_brand", "brand", Action.REPAIRED, "ACME", 0.95)] * 2
    noted = Finding("wrong_brand", "brand", Action.NOTED)
    assert judge.check_repairs(
        {"a": repaired[0], "b": noted}, clean, {}) == {"a": True}
    assert judge.check_repairs(
        {"b": repaired[0], "copy": repaired[1]}, clean, {"copy": "a"}) == {
            "b": False, "copy": True}


def test_columns_can_be_left_out():
    row = {"product_id": "a", "brand": "Acme", "attributes": {"kind": "lamp", "size": 3.0}}
    assert judge.without(row, ["brand", "attributes.kind"]) == {
        "product_id": "a", "attributes": {"size": 3.0}}


def test_a_merged_copy_counts_whichever_of_the_two_is_kept(monkeypatch):
    groups = [Group(kept, (alias,), 0.9) for kept, alias in (
        ("x", "x-copy"), ("y-copy", "y"), ("z", "w"))]
    monkeypatch.setattr(judge, "find_groups", lambda *_: (groups, None))
    noisy = Noisy([], {}, {"x-copy": "x", "y-copy": "y"})
    assert judge.find_copies(noisy).keys() == {"x-copy", "y-copy", "w"}


def test_without_the_task_it_says_so(tmp_path, capsys):
    assert judge.main(["--tasks", str(tmp_path)]) == 0
    assert "skipped" in capsys.readouterr().out


def test_tables_have_a_line_a_figure(capsys):
    result = judge.Result({"a": "mojibake"}, {"a": "mojibake"}, 0.5)
    judge.print_tables({"rules": [result, result._replace(found={})]})
    lines = capsys.readouterr().out.splitlines()
    assert "| recall | 0.500 ± 0.500 |" in lines
    assert "| precision | 1.000 ± 0.000 |" in lines
    assert "| precision at confidence 0.5 to 0.7 | – |" in lines


def test_rules_find_another_brand_a_far_price_and_a_title_that_nothing_supports():
    rows = products(200)
    rows[3]["brand"] = "Crane" if rows[3]["brand"] != "Crane" else "Bolt"
    rows[5]["price"] *= 100
    rows[7]["title"] = "Teddy bear"
    rows[9]["title"] = rows[9]["title"].replace("cable", "cableâ€™s").replace(
        "cartridge", "cartridgeâ€™s").replace("lamp", "lampâ€™s")
    assert baselines.by_rules(rows) == {
        "p3": "wrong_brand", "p5": "price_outlier", "p7": "title_mismatch", "p9": "mojibake"}


def test_cleanlab_finds_labels_that_the_texts_speak_against():
    rows = products(300)
    wrong = {rows[place]["product_id"] for place in range(0, 300, 60)}
    for row in rows:
        if row["product_id"] in wrong:
            row["category"] = "Lighting" if row["category"] != "Lighting" else "Printing"
    found = baselines.by_cleanlab(rows)
    assert wrong <= {key for key, rule in found.items() if rule == "wrong_category"}
    assert len(found) <= 8


def test_cleanlab_is_not_asked_about_a_shop_of_one_brand():
    rows = [{**row, "brand": "Acme", "category": "All"} for row in products(40)]
    assert baselines.by_cleanlab(rows) == {}
