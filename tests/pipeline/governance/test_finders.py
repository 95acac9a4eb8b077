import dataclasses

import apache_beam as beam
import tensorflow as tf

from pipeline.governance import finders
from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from pipeline.governance.settings import Governance
from pipeline.ingest.rows import encode_row


def write_rows(folder, rows, shards=1):
    folder.mkdir()
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    for shard in range(shards):
        with tf.io.TFRecordWriter(str(folder / f"data-{shard}.gz"), options) as writer:
            for row in rows[shard::shards]:
                writer.write(encode_row(row))


def test_what_several_finders_find_comes_together_and_each_may_read_again(tmp_path):
    write_rows(tmp_path / "products", [
        {"product_id": str(i), "title": f"Mug {i}"} for i in range(5)], shards=2)

    def titled(catalogue):
        assert len(list(catalogue.read())) == 5
        yield from ((key, [Finding("a", "brand", Action.FILLED, row["title"])])
                    for key, row in catalogue.read() if key == "3")

    def aside(catalogue):
        yield from ((key, [Finding("b", WHOLE_ROW, Action.SET_ASIDE)])
                    for key, _ in catalogue.read() if key in ("3", "4"))

    found = finders.find_all([titled, aside], finders.Catalogue(
        str(tmp_path / "products"), beam.Pipeline, str(tmp_path)))
    assert {key: [(f.rule, f.after) for f in some] for key, some in found.items()} == {
        "3": [("a", "Mug 3"), ("b", None)], "4": [("b", None)]}


def test_nothing_is_looked_for_that_nobody_asked_for():
    assert finders.product_finders(Governance(merge_duplicates=False), "tiny") == []
    assert len(finders.product_finders(Governance(infer=True, judge=True), "tiny")) == 3


def test_a_product_that_is_there_twice_is_merged_and_fills_what_the_other_lacks(tmp_path):
    cable = {"title": "Acme HDMI cable 2 m black AX2040", "price": 9.5,
             "description": "A cable of two metres."}
    write_rows(tmp_path / "products", [
        {**cable, "product_id": "cable", "category": "Cables"},
        {**cable, "product_id": "again", "brand": "Acme"},
        {**cable, "product_id": "longer", "title": "Acme HDMI cable 5 m black AX2050"}], shards=3)
    found = dict(finders.find_duplicates(finders.Catalogue(
        str(tmp_path / "products"), beam.Pipeline, str(tmp_path)), "tiny"))
    [merged], [filled] = found.pop("cable"), found.pop("again")
    assert (merged.action, merged.note, merged.column) == (Action.MERGED, "again", WHOLE_ROW)
    assert filled[:4] == ("near_duplicate", "category", Action.FILLED, "Cables")
    assert not found


def test_shoppers_who_want_both_keep_two_alike_apart(tmp_path):
    cable = {"title": "Acme HDMI cable 2 m black AX2040", "price": 9.5}
    write_rows(tmp_path / "products", [
        {**cable, "product_id": "cable"}, {**cable, "product_id": "again"}])
    write_rows(tmp_path / "events", [
        {"user_id": str(user), "product_id": product, "event": "purchase", "position": user}
        for user in range(3) for product in ("cable", "again")])
    products = finders.Catalogue(str(tmp_path / "products"), beam.Pipeline, str(tmp_path))
    assert dict(finders.find_duplicates(products, "tiny"))
    wanted = dataclasses.replace(products, events=str(tmp_path / "events"))
    assert not dict(finders.find_duplicates(wanted, "tiny"))


def test_a_few_judgments_teach_nothing_about_grades(tmp_path):
    write_rows(tmp_path / "products", [{"product_id": "a", "title": "Mug"}])
    write_rows(tmp_path / "judgments", [
        {"query": "mug", "product_id": "a", "grade": 2.0, "position": 1}])
    assert finders.find_label_errors(
        beam.Pipeline, str(tmp_path / "products"), str(tmp_path / "judgments"),
        str(tmp_path / "found.json"), "tiny") == {}


def test_findings_go_by_a_file(tmp_path, monkeypatch):
    finding = Finding("label_error", WHOLE_ROW, Action.SET_ASIDE, None, 0.5, "graded 2")
    monkeypatch.setattr(
        finders, "find_in_folders",
        lambda pipeline, *_: pipeline | beam.Create([("7", finding), ("3", finding)]))
    assert finders.find_label_errors(
        beam.Pipeline, "", "", str(tmp_path / "found.json"), "tiny") == {
            "3": [finding], "7": [finding]}
