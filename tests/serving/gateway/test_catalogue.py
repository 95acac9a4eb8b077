"""Products from rows, and their renewal."""

import asyncio
import json
import os

import pytest

from serving.errors import InputFileError
from serving.gateway.catalogue import parse_category, parse_product, read_catalogue
from serving.gateway.catalogue_store import CatalogueStore


def test_a_full_row():
    product = parse_product({
        "product_id": 12.0, "title": " Desk ", "description": "Of oak.", "brand": "Acme",
        "category": "Home > > Desks ", "price": "19.50", "image": "https://cdn/x.png",
        "attributes": '{"colour": "oak", "sizes": ["S", "M"], "none": null}', "warranty": 2,
        "created_at": 1})
    assert product is not None
    assert (product.product_id, product.title, product.brand) == ("12", "Desk", "Acme")
    assert product.category == ("Home", "Desks")
    assert product.price == 19.5
    assert product.attributes == {"colour": "oak", "sizes": "S, M", "warranty": "2"}


@pytest.mark.parametrize(("attributes", "expected"), [
    ("a=1|b = x=y |c|=d|e=", {"a": "1", "b": "x=y"}), ({"a": 1.0}, {"a": "1"}),
    ([("a", "b")], {"a": "b"}), (r'{"a": "\ud800b"}', {"a": "?b"}), ("{broken", {}), (None, {}),
    (5, {})])
def test_attributes(attributes, expected):
    product = parse_product({"product_id": "1", "title": "x", "attributes": attributes})
    assert product is not None
    assert product.attributes == expected


@pytest.mark.parametrize("price", ["", None, "cheap", float("nan"), -1, "inf", 10**400])
def test_no_price(price):
    product = parse_product({"product_id": "1", "title": "x", "price": price})
    assert product is not None
    assert product.price is None


@pytest.mark.parametrize("row", [{}, {"product_id": "1"}, {"title": "x"},
                                 {"product_id": " ", "title": "x"}])
def test_no_product(row):
    assert parse_product(row) is None


def test_category():
    assert parse_category("A > B>C") == ("A", "B", "C")
    assert parse_category("") == parse_category(" > ") == ()


def test_the_first_of_an_id_is_kept_and_bad_rows_are_told(tmp_path, caplog):
    (tmp_path / "products.csv").write_text("product_id,title\n1,first\n1,second\n,none\n")
    catalogue = read_catalogue(tmp_path)
    assert [product.title for product in catalogue.products.values()] == ["first"]
    assert "1 rows without a product_id or a title" in caplog.text


def test_nothing_but_bad_rows(tmp_path):
    (tmp_path / "products.csv").write_text("id,name\n1,first\n")
    with pytest.raises(InputFileError, match="none of its 1 rows"):
        read_catalogue(tmp_path)


def _write(file, *titles):
    file.write_text("".join(
        json.dumps({"product_id": title, "title": title}) + "\n" for title in titles))


def test_a_change_is_read_and_a_broken_one_is_not(tmp_path):
    file = tmp_path / "products.jsonl"
    _write(file, "a")
    store = CatalogueStore(tmp_path)
    assert not store.reload_if_changed()
    _write(file, "a", "b")
    assert store.reload_if_changed()
    assert list(store.current.products) == ["a", "b"]
    file.write_text("broken\n")
    assert not store.reload_if_changed()
    assert store.failed
    assert list(store.current.products) == ["a", "b"]
    file.unlink()
    assert not store.reload_if_changed()
    _write(file, "c")
    assert store.reload_if_changed()
    assert (list(store.current.products), store.failed) == (["c"], False)


def test_a_file_of_the_same_size_is_told_by_its_time(tmp_path):
    file = tmp_path / "products.jsonl"
    _write(file, "a")
    store = CatalogueStore(tmp_path)
    _write(file, "b")
    os.utime(file, ns=(1, 1))
    assert store.reload_if_changed()


def test_files_that_come_back_as_they_were_are_no_failure(tmp_path):
    file = tmp_path / "products.jsonl"
    _write(file, "a")
    store = CatalogueStore(tmp_path)
    file.rename(tmp_path / "away")
    assert not store.reload_if_changed()
    assert store.failed
    (tmp_path / "away").rename(file)
    assert store.reload_if_changed()
    assert not store.failed


async def test_the_watch_outlives_what_it_cannot_handle(tmp_path, monkeypatch):
    file = tmp_path / "products.jsonl"
    _write(file, "a")
    store = CatalogueStore(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("serving.gateway.catalogue_store.read_catalogue", lambda _: 1 / 0)
        _write(file, "a", "b")
        task = asyncio.create_task(store.watch(0.01))
        while not store.failed:
            await asyncio.sleep(0.01)
    _write(file, "a", "b", "c")
    while store.failed:
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    assert len(store.current) == 3


async def test_the_watch_reads_a_change(tmp_path):
    file = tmp_path / "products.jsonl"
    _write(file, "a")
    store = CatalogueStore(tmp_path)
    task = asyncio.create_task(store.watch(0.01))
    _write(file, "a", "b")
    while len(store.current) == 1:
        await asyncio.sleep(0.01)
    task.cancel()
    assert "b" in store.current.products
