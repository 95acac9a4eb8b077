import json

import numpy as np
import pytest

from benchmarks.governance.labels.__main__ import main
from benchmarks.governance.labels.ranking import ARMS, SHOPS, describe_losses
from benchmarks.governance.labels.shops import flip_grades, read_rows, split_rows, write_shop

ROWS = [
    {"query": f"{case} {n}", "product_id": f"p{n}", "grade": (0.0, 1.0, 1.67, 2.0)[n % 4],
     "split": "validation" if n % 10 == 0 else "train"}
    for n in range(200) for case in ("Lamp", "lamp")]


def test_no_query_is_both_learned_from_and_measured():
    shop, test = split_rows(ROWS)
    assert len(shop) + len(test) == len(ROWS)
    queries = [{row["query"].casefold() for row in rows} for rows in (shop, test)]
    assert not queries[0] & queries[1]
    assert {f"lamp {n}" for n in range(0, 200, 10)} <= queries[1]
    validating = [row for row in shop if row["split"] == "validation"]
    assert 0 < len(validating) < len(shop) / 3
    assert not {r["query"].casefold() for r in validating} & {
        r["query"].casefold() for r in shop if r["split"] == "train"}


def test_a_tenth_of_the_grades_is_mirrored():
    noisy, wrong = flip_grades(ROWS, seed=1)
    assert wrong.sum() == 40
    changes = {
        (before["grade"], after["grade"])
        for before, after, changed in zip(ROWS, noisy, wrong, strict=True) if changed}
    assert changes == {(0.0, 2.0), (1.67, 0.33), (2.0, 0.0)}
    assert [after for after, changed in zip(noisy, wrong, strict=True) if not changed] == [
        before for before, changed in zip(ROWS, wrong, strict=True) if not changed]
    assert flip_grades(ROWS, seed=1)[0] == noisy
    assert flip_grades(ROWS, seed=2)[0] != noisy


def test_a_shop_is_a_task(tmp_path):
    products = tmp_path / "products.jsonl"
    products.write_text(json.dumps({"product_id": "a", "title": "Lamp"}) + "\n")
    test = [{"query": "b", "product_id": "a", "grade": 1.67, "split": "train"},
            {"query": "a", "product_id": "a", "grade": 0.0, "split": "train"}]
    write_shop(tmp_path / "shop", products, ROWS, test)
    write_shop(tmp_path / "shop", products, ROWS, test)  # A second time changes nothing.
    assert read_rows(tmp_path / "shop" / "judgments.jsonl") == ROWS
    assert read_rows(tmp_path / "shop" / "products.jsonl") == read_rows(products)
    holdout = tmp_path / "shop" / "holdout"
    assert (holdout / "queries.tsv").read_text() == "q0\ta\nq1\tb\n"
    assert (holdout / "qrels.txt").read_text() == "q1 0 a 7\nq0 0 a 0\n"
    assert json.loads((holdout / "slices.json").read_text()) == {"all": ["q0", "q1"]}


def test_what_is_left_of_a_loss():
    values = {"clean": 0.5, "noisy": 0.4, "governed": 0.48}
    measured = {
        shop: [{arms: [values[shop]] * 20 for arms in ARMS} for _ in range(2)] for shop in SHOPS}
    lines = describe_losses(measured)
    assert any("clean - noisy     +0.1000 (+0.1000 to +0.1000)" in line for line in lines)
    assert any("governed - noisy  +0.0800" in line and "20% is left" in line for line in lines)


def test_what_is_not_there_is_said(tmp_path, capsys):
    assert main(["--tasks", str(tmp_path), "--work", str(tmp_path / "work")]) == 0
    assert "nothing was measured" in capsys.readouterr().out


def test_an_unknown_part_is_refused(tmp_path):
    with pytest.raises(SystemExit):
        main(["--tasks", str(tmp_path), "everything"])


def test_grades_that_cannot_be_mirrored_are_left():
    _, wrong = flip_grades([{"grade": grade} for grade in (0.0, 1.0, 1.0, 2.0)] * 5, seed=0)
    assert not wrong[np.arange(20) % 4 == 1].any()
