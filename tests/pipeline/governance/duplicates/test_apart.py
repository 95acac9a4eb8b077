import apache_beam as beam
import pytest

from pipeline.governance.duplicates.apart import (
    find_told_apart,
    keep_apart,
    merges,
    read_told_apart,
)
from pipeline.governance.findings import WHOLE_ROW, Action, Finding
from tests.pipeline.governance.test_finders import write_rows


def wants(shoppers, product, event="purchase"):
    return [{"user_id": f"u{n}", "product_id": product, "event": event, "position": n}
            for n in shoppers]


def told_apart(tmp_path, planned, events):
    write_rows(tmp_path / "events", events, shards=3)
    with beam.Pipeline() as pipeline:
        find_told_apart(pipeline, str(tmp_path / "events"), planned, str(tmp_path / "apart"))
    return read_told_apart(str(tmp_path / "apart"))


BIG, SMALL = {"big": "mug"}, {"small": "mug"}


def test_products_that_the_same_shoppers_want_are_two(tmp_path):
    # 30 want the mug; of 20 who want the big one five want both, of the small one's only two.
    events = wants(range(30), "mug") + wants(range(25, 45), "big") + wants(range(28, 33), "small")
    assert told_apart(tmp_path, BIG | SMALL, events + wants(range(9), "pot")) == {"big"}


@pytest.mark.parametrize(("both", "apart"), [(3, set()), (4, {"big"})])
def test_of_many_a_tenth_has_to_want_both(tmp_path, both, apart):
    events = wants(range(100), "mug") + wants(range(100 - both, 140 - both), "big")
    assert told_apart(tmp_path, BIG, events) == apart


def test_who_wants_again_and_again_is_one_shopper(tmp_path):
    events = [event for event in wants([1, 2], "mug") + wants([1, 2], "big") for _ in range(4)]
    assert told_apart(tmp_path, BIG, events) == set()


def test_who_looks_at_both_tells_nothing(tmp_path):
    events = wants(range(9), "mug", "view") + wants(range(9), "big", "cart")
    assert told_apart(tmp_path, BIG, events) == set()


def test_no_events_tell_nothing(tmp_path):
    assert told_apart(tmp_path, BIG, []) == set()


def test_what_is_told_apart_is_not_merged_and_fills_nothing():
    def merged(kept):
        return Finding("near_duplicate", WHOLE_ROW, Action.MERGED, None, 0.9, kept)

    def filled(alias):
        return Finding("near_duplicate", "brand", Action.FILLED, "Acme", 0.9, alias, "cause")

    findings = {
        "big": [merged("mug")], "small": [merged("mug")], "pan": [merged("pot")],
        "mug": [filled("big"), filled("small")], "pot": [filled("pan")]}
    assert merges(findings) == BIG | SMALL | {"pan": "pot"}
    assert keep_apart(findings, {"big", "pan"}) == {
        "small": [merged("mug")], "mug": [filled("small")]}
    assert keep_apart(findings, set()) == findings
