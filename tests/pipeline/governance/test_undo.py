"""Decisions taken back, on tables and a log that are written by hand."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from pipeline.governance.counts import FLAGGED, KEPT, Count
from pipeline.governance.decisions import SCHEMA, apply_findings
from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from pipeline.governance.shoppers import judge_shopper
from pipeline.governance.undo import undo_decisions
from pipeline.ingest.rows import decode_row, encode_row

ASIDE = Finding("no_charge", WHOLE_ROW, Action.SET_ASIDE)
OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP")


def event(user, position, **values):
    return {"user_id": user, "product_id": "p", "event": "view", "position": position, **values}


def write(folder, files, table="events"):
    """Writes files of (row, findings); returns the decisions that were made."""
    made = []
    (folder / "tables" / table).mkdir(parents=True)
    (folder / "decisions").mkdir(exist_ok=True)
    for number, rows in enumerate(files):
        path = folder / f"tables/{table}/data-{number}.gz"
        with tf.io.TFRecordWriter(str(path), OPTIONS) as writer:
            for row, findings in rows:
                applied = apply_findings(table, row, findings)
                made += applied.decisions
                if applied.row is not None:
                    writer.write(encode_row(applied.row))
    pq.write_table(pa.Table.from_pylist([d._asdict() for d in made], SCHEMA),
                   folder / f"decisions/{table}-0.parquet")
    return made


def undo(folder, selects):
    target = folder / "after"
    undone = undo_decisions(
        folder / "tables", folder / "decisions", selects, target / "tables", target / "decisions")
    left = pq.read_table(target / "decisions/events-0.parquet").to_pylist()
    return undone, [
        [decode_row(record) for record in
         tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()]
        for path in sorted((target / "tables/events").iterdir())], left


def test_rows_come_back_to_their_place_among_those_of_their_shopper(tmp_path):
    write(tmp_path, [
        [(event("a", 1), [ASIDE]), (event("a", 3), []), (event("a", 5), [ASIDE]),
         (event("a", 7), []), (event("a", 9), [ASIDE]), (event("b", 2), []),
         (event("b", 4), [ASIDE])],
        [(event("c", 6), [ASIDE]), (event("d", 8), [ASIDE]), (event("d", 10), [])]])
    undone, files, left = undo(tmp_path, lambda _: True)
    assert [[(row["user_id"], row["position"]) for row in rows] for rows in files] == [
        [("a", 1), ("a", 3), ("a", 5), ("a", 7), ("a", 9), ("b", 2), ("b", 4)],
        [("d", 8), ("d", 10), ("c", 6)]]
    assert (undone.asked, undone.followed, undone.restored) == (6, 0, 6)
    assert left == []


def test_decisions_about_equal_rows_are_taken_back_together(tmp_path):
    query = Finding("white_space", "query", Action.REPAIRED, "mug")
    made = write(tmp_path, [[
        (event("a", 1, query=" mug"), [query, ASIDE]),
        (event("a", 2, query=" mug"), [query, ASIDE]),
        (event("b", 3, query=" mug"), [query])]])
    assert made[0].id == made[2].id != made[4].id
    undone, _, left = undo(tmp_path, lambda decision: decision.id == made[0].id)
    assert (undone.asked, undone.restored) == (2, 0)
    # Each is still set aside as itself, now with the query that it had.
    assert [(line["row"], '"query":" mug"' in line["before"], f'"position":{line["row"]}' in
             line["before"]) for line in left if line["rule"] == "no_charge"] == [
        ("1", True, True), ("2", True, True)]


def test_counts_change_by_what_was_taken_back(tmp_path):
    # The last row keeps a severe decision and stays flagged; white space is not severe.
    write(tmp_path, [[
        (event("a", 1, timestamp=1577872801), [ASIDE]),
        (event("a", 2, query=" mug"), [Finding("white_space", "query", Action.REPAIRED, "mug")]),
        (event("a", 3, review="Ã©"), [
            Finding("mojibake", "review", Action.REPAIRED, "é"),
            Finding("no_charge", WHOLE_ROW, Action.NOTED)])]])
    undone, _, _ = undo(tmp_path, lambda decision: decision.action != "noted")
    assert {count: number for count, number in undone.change.items() if number} == {
        Count("events", KEPT, week="2020-W01"): 1, Count("events", FLAGGED, week="2020-W01"): -1,
        Count("events", "set_aside", "no_charge"): -1, Count("events", "repaired", "mojibake"): -1,
        Count("events", "repaired", "white_space"): -1}


def bought(position, value):
    return event("a", position, event="purchase", value=value, timestamp=position)


@pytest.mark.parametrize(("taken_back", "values", "returned"), [
    # 5 bought, 2 and then 1 of them returned: the second return stands on the first.
    (2, [5.0, -2.0, -1.0], None), (3, [5.0, -1.0], 2.0)])
def test_without_a_return_its_purchase_says_nothing_of_it(tmp_path, taken_back, values, returned):
    events = [bought(1, 5.0), bought(2, -2.0), bought(3, -1.0)]
    findings = judge_shopper(events, ShopFacts(clock_step=1))
    made = write(tmp_path, [[(row, findings.get(i, ())) for i, row in enumerate(events)]])
    [chosen] = [d.id for d in made if d.row == str(taken_back) and d.action == "matched"]
    _, [rows], _ = undo(tmp_path, lambda decision: decision.id == chosen)
    assert [row["value"] for row in rows] == values
    assert rows[0].get("attributes", {}).get("returned") == returned
