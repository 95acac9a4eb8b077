"""Ids of merged products go on working where the governed tables are run, or governed again."""

import pytest

from pipeline.governance.aliases import resolve_given
from pipeline.governance.removals import read_aliases
from tests.pipeline.governance.shop import govern, read_data, rows, undo, write_shop
from tests.pipeline.ingest.shops import write_jsonl

VIEW = {"user_id": "z", "event": "view"}


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    write_shop(tmp_path_factory.getbasetemp() / "shop")
    version, _ = govern(
        tmp_path_factory.getbasetemp() / "shop", tmp_path_factory.mktemp("first"))
    return version


def lines(version, table):
    return rows(read_data(version).get(table, []))


def add(version, target, table, *more):
    """The version's tables with rows of a later day, as a folder of tables a file."""
    target.mkdir()
    for name, found in read_data(version).items():
        write_jsonl(
            target / f"{name}.jsonl", [*rows(found), *(more if name == table else ())])


def test_the_governed_tables_name_the_ids_that_were_merged(first):
    assert lines(first, "aliases") == [{"alias": "cable-2", "product_id": "cable"}]


def test_an_event_of_a_merged_product_is_one_of_the_kept_on_a_later_day(first, tmp_path):
    add(first, tmp_path / "day", "events", {**VIEW, "product_id": "cable-2"})
    version, quality = govern(tmp_path / "day", tmp_path / "out")
    assert {**VIEW, "product_id": "cable"} in lines(version, "events")
    assert quality.tables["events"].quarantined == 0
    assert read_aliases(str(version.decisions)) == {"cable-2": "cable"}
    assert lines(version, "aliases") == [{"alias": "cable-2", "product_id": "cable"}]


def test_an_alias_of_what_is_merged_later_is_one_of_what_is_kept_then(first, tmp_path):
    # A third entry of the cable that says more than the kept one, so that it is kept.
    add(first, tmp_path / "day", "events", {**VIEW, "product_id": "cable-2"})
    products = lines(first, "products")
    [cable] = [row for row in products if row["product_id"] == "cable"]
    cable = {**cable, "product_id": "cable-3", "attributes": {"colour": "black", "sold": "loose"}}
    write_jsonl(tmp_path / "day/products.jsonl", [*products, cable])
    version, _ = govern(tmp_path / "day", tmp_path / "out")
    assert read_aliases(str(version.decisions)) == {"cable-2": "cable-3", "cable": "cable-3"}
    assert {**VIEW, "product_id": "cable-3"} in lines(version, "events")
    # With the later merge undone, the earlier one still holds.
    after = undo(version, tmp_path / "undone", lambda d: d.rule == "near_duplicate")[1]
    assert lines(after, "aliases") == [{"alias": "cable-2", "product_id": "cable"}]
    assert {**VIEW, "product_id": "cable"} in lines(after, "events")


def test_an_alias_goes_with_its_product(first, tmp_path):
    add(first, tmp_path / "day", "events", {**VIEW, "product_id": "cable-2"})
    write_jsonl(tmp_path / "day/products.jsonl", [
        row for row in lines(first, "products") if row["product_id"] != "cable"])
    version, quality = govern(tmp_path / "day", tmp_path / "out")
    assert read_aliases(str(version.decisions)) == {}
    assert "aliases" not in read_data(version)
    assert not [row for row in lines(version, "events") if row["user_id"] == "z"]
    assert quality.tables["events"].rules["removed_product"] == 1


def test_undoing_a_merge_drops_its_alias(first, tmp_path):
    after = undo(first, tmp_path / "undone", lambda d: d.rule == "near_duplicate")[1]
    assert "aliases" not in read_data(after)
    products = {row["product_id"]: row for row in lines(after, "products")}
    # The kept one had its brand from the other.
    assert "brand" in products["cable-2"]
    assert "brand" not in products["cable"]


@pytest.mark.parametrize(("pairs", "resolved"), [
    ({"a": "p"}, {"a": "p"}), ({"a": "b", "b": "p"}, {"a": "p", "b": "p"}),
    ({"a": "gone"}, {"a": ""}), ({"p": "q"}, {}), ({"a": "p", "p": "q"}, {"a": "p"}),
    ({"a": "b", "b": "a"}, {"a": "", "b": ""}), ({"a": "a"}, {"a": ""})])
def test_an_alias_stands_for_a_product_that_is_there(pairs, resolved):
    assert resolve_given(pairs, {"p", "q"}) == resolved
