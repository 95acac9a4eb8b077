import collections

import pytest

from pipeline.governance.catalogue import RULES
from pipeline.governance.findings import Action
from pipeline.governance.log import read_log
from pipeline.governance.undo import UndoError, undo_decisions
from tests.pipeline.governance.shop import govern, read_data, rows, undo, write_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    write_shop(data)
    return data


@pytest.fixture(scope="module")
def governed(shop, tmp_path_factory):
    return govern(shop, tmp_path_factory.mktemp("governed"))


def decisions(version):
    return [line for part in read_log(str(version.decisions)) for line in part.to_pylist()]


def test_repairs_texts_and_sets_aside_what_is_no_product_with_what_names_it(governed):
    data = read_data(governed[0])
    products = {row["product_id"]: row for row in rows(data["products"])}
    assert products["cafe"] == {
        "product_id": "cafe", "title": "Café mug big", "price": 5.95,
        "attributes": {"colour": "red"}}
    assert products["pot"]["title"] == "Tea pot"
    assert not {"post", "q", "cable-2"} & set(products)
    assert products["cable"]["brand"] == "Acme"
    assert rows(data["events"]) == [
        {"user_id": "u", "product_id": "cafe", "event": "purchase", "value": 3.0,
         "timestamp": 1577872801, "attributes": {"returned": 2.0}},
        {"user_id": "w", "product_id": "cable", "event": "view"},
        {"user_id": "v", "product_id": "m5", "event": "view", "timestamp": 1577872802,
         "query": "café"}]
    assert rows(data["judgments"]) == [
        {"query": "hdmi", "product_id": "cable", "grade": 1.0},
        {"query": "mug & pot", "product_id": "pot", "grade": 2.0}]
    # A fact may name what is no product.
    assert rows(data["facts"]) == [{"head": "cafe", "relation": "fits", "tail": "post"}]
    assert rows(data["users"]) == [{"user_id": "u", "profile": "likes tea"}]


def test_every_row_is_accounted_for(governed):
    tables = governed[1].tables
    assert {name: (t.rows, t.kept, dict(t.removed), t.quarantined) for name, t in tables.items()} \
        == {"products": (36, 33, {"set_aside": 2, "merged": 1}, 0),
            "events": (7, 3, {"set_aside": 2, "matched": 1}, 1),
            "users": (1, 1, {}, 0), "judgments": (3, 2, {"set_aside": 1}, 0),
            "facts": (1, 1, {}, 0)}
    # Of 7 events one is of no product, one follows postage, one was told twice.
    assert tables["events"].score == pytest.approx(1 - 4 / 7)
    # A bad encoding, two that are no products, two that are one; no product counts twice.
    assert tables["products"].score == pytest.approx(1 - 5 / 36)
    assert governed[1].weeks == {"2020-W01": pytest.approx(1 - 3 / 5)}


def test_the_log_tells_each_decision_by_a_rule_that_there_is(governed):
    made = decisions(governed[0])
    assert {line["rule"] for line in made} <= set(RULES)
    # Two equal events had the same query mended, and share the decision's id.
    assert len({line["id"] for line in made}) == len(made) - 1
    assert not (governed[0].root / "work").exists()
    [product] = [line for line in made if line["row"] == "post"]
    followers = [line for line in made if line["because"] == product["id"]]
    assert sorted(line["table"] for line in followers) == ["events", "judgments"]


def test_undoing_every_rule_gives_the_very_bytes_that_were_ingested(governed, shop, tmp_path):
    untouched, _ = govern(shop, tmp_path / "untouched", rules_off=tuple(RULES))
    undone, after = undo(governed[0], tmp_path / "undone", lambda _: True)
    assert read_data(after) == read_data(untouched)
    assert decisions(after) == []
    assert undone.restored == sum(
        Action(line["action"]).removes_row for line in decisions(governed[0]))


def test_undoing_a_rule_takes_back_what_follows_from_it_and_nothing_else(governed, tmp_path):
    undone, after = undo(governed[0], tmp_path, lambda d: d.rule == "non_product")
    assert undone[:3] == (1, 2, 3)
    before, now = read_data(governed[0]), read_data(after)
    back = {table: rows(set(now[table]) - set(before[table])) for table in now}
    assert back == {
        "products": [{"product_id": "post", "title": "Postage", "price": 3.0}],
        "events": [{"user_id": "u", "product_id": "post", "event": "purchase", "value": 1.0,
                    "timestamp": 1577872801}],
        "judgments": [{"query": "delivery", "product_id": "post", "grade": 1.0}],
        "users": [], "facts": [], "aliases": []}
    assert all(set(before[table]) <= set(now[table]) for table in now)


def test_undoing_a_repair_takes_back_later_ones_of_the_same_value(governed, tmp_path):
    undone, after = undo(governed[0], tmp_path, lambda d: d.rule == "mojibake")
    titles = [row["title"] for row in rows(read_data(after)["products"])]
    assert "CafÃ© mug  big" in titles
    assert "Tea pot" in titles  # Another value: its white space stays tidy.
    # Two events had the query mended; one of them is still set aside, with the query as it was.
    [aside] = [line for line in decisions(after) if line["rule"] == "duplicate_event"]
    assert "cafÃ©" in aside["before"]
    assert (undone.asked, undone.followed, undone.restored) == (3, 1, 0)
    # And when that is undone as well, the row is whole again.
    _, last = undo(after, tmp_path / "again", lambda d: d.rule == "duplicate_event")
    assert [row.get("query") for row in rows(read_data(last)["events"])].count("cafÃ©") == 2


def test_undoing_what_nobody_decided_is_an_error_and_writes_nothing(governed, tmp_path):
    with pytest.raises(UndoError, match="no decision"):
        undo_decisions(
            governed[0].tables, governed[0].decisions, lambda _: False, tmp_path / "t",
            tmp_path / "d")
    assert not list(tmp_path.iterdir())


def test_a_released_decision_is_not_made_again(governed, shop, tmp_path):
    [aside] = [line for line in decisions(governed[0]) if line["row"] == "post"]
    version, quality = govern(shop, tmp_path / "out", released=(aside["id"],))
    assert quality.tables["products"].kept == 34
    assert "removed_product" not in collections.Counter(
        line["rule"] for line in decisions(version))


def test_a_released_decision_is_not_made_again_over_the_governed_tables(governed, tmp_path):
    # The event told twice, of v; it comes back to another line of another file.
    [twice] = [line for line in decisions(governed[0]) if line["rule"] == "duplicate_event"]
    undone, after = undo(governed[0], tmp_path / "after", lambda d: d.id == twice["id"])
    assert undone.restored == 1
    version, _ = govern(after.data, tmp_path / "out", released=(twice["id"],))
    views = [row for row in rows(read_data(version)["events"]) if row["user_id"] == "v"]
    assert len(views) == 2
    assert not [line for line in decisions(version) if line["table"] == "events"]


def test_a_second_run_decides_the_same(governed, shop, tmp_path):
    version, quality = govern(shop, tmp_path / "out")
    assert quality == governed[1]
    assert sorted(map(str, decisions(version))) == sorted(map(str, decisions(governed[0])))
    assert read_data(version) == read_data(governed[0])
