"""Broken data by the command: a message to act on, no traceback, inputs untouched."""

from __future__ import annotations

import gzip
import json
import pathlib
import shutil

import pytest

from pipeline.cli import main
from tests.e2e.conftest import SHORT, run_shop

pytestmark = pytest.mark.e2e

_CATALOGUE = "product_id,title\nP1,Oak desk\nP2,Brass lamp\n"


def _empty(folder: pathlib.Path) -> None:
    pass


def _no_product_id(folder: pathlib.Path) -> None:
    (folder / "products.csv").write_text("sku,title\nP1,Oak desk\n")


def _truncated_gzip(folder: pathlib.Path) -> None:
    (folder / "products.csv").write_text(_CATALOGUE)
    whole = gzip.compress(b"user_id,product_id,event\n" + b"u1,P1,click\n" * 1000)
    (folder / "events.csv.gz").write_bytes(whole[: len(whole) // 2])


def _wrong_columns_everywhere(folder: pathlib.Path) -> None:
    (folder / "products.csv").write_text("product_id,title\nP1,Oak desk,40\nP2,Brass lamp,9\n")


def _not_utf8(folder: pathlib.Path) -> None:
    (folder / "products.csv").write_bytes("product_id,title\nP1,Möbel\n".encode("utf-16"))


def _no_titles(folder: pathlib.Path) -> None:
    (folder / "products.csv").write_text("product_id,title\nP1,\nP2,\n")


@pytest.mark.parametrize(("make", "said"), [
    (_empty, ["products"]),
    (_no_product_id, ["products.csv", "product_id", "sku"]),
    (_truncated_gzip, ["events.csv.gz", "cut off"]),
    (_wrong_columns_everywhere, ["products", "2 of 2 rows", "products.csv line 2"]),
    (_not_utf8, ["products.csv", "UTF-8"]),
    (_no_titles, ["title"]),
])
def test_data_of_no_use_is_a_message_that_names_the_file(make, said, tmp_path, capfd):
    shop = tmp_path / "shop"
    shop.mkdir()
    make(shop)
    before = {path.name: path.read_bytes() for path in shop.iterdir()}
    status = main(["run", str(shop), "--out", str(tmp_path / "out"), "--preset", "tiny"])
    out, err = capfd.readouterr()
    assert status == 2, out + err
    assert err.startswith("emporium: error: ")
    assert all(part in err for part in said), err
    assert "Traceback" not in out + err
    assert not list(tmp_path.glob("out/serving/*"))
    assert {path.name: path.read_bytes() for path in shop.iterdir()} == before


def test_a_shop_of_two_products_is_too_small_to_judge(tmp_path):
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "products.csv").write_text(_CATALOGUE)
    done = run_shop(shop, tmp_path / "out", *SHORT)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "at least 30 of a kind are needed" in done.stdout
    assert not list(tmp_path.glob("out/serving/*"))


def test_rows_of_no_use_are_set_aside_and_the_rest_is_served(shop, tmp_path):
    messy = tmp_path / "shop"
    shutil.copytree(shop, messy)
    [first] = [
        json.loads(line) for line in (messy / "products.jsonl").read_bytes().splitlines()[:1]]
    with (messy / "products.jsonl").open("ab") as products:
        for row in (
            {"product_id": "BIG", "title": "Big", "description": "word " * 2_000_000},
            {"product_id": first["product_id"], "title": "The same id again"},
        ):
            products.write(json.dumps(row).encode() + b"\n")
        products.write(b'{"product_id": "BAD", "title": "caf\xe9"}\n')
        products.write(b'{"product_id": "CUT", "title": \n')
    (messy / "events-extra.csv").write_text(
        "user_id,product_id,event\nU1,NOT-THERE,click\nU1,BIG,click,and,more\n")
    done = run_shop(messy, tmp_path / "out", *SHORT)
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("text_cut", "invalid_utf8", "unparseable", "wrong_columns", "unknown_product"):
        assert said in done.stdout
    assert list((tmp_path / "out" / "serving").iterdir())
