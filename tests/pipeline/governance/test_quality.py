import collections
import json

import pytest

from pipeline.governance.counts import FLAGGED, KEPT, ROWS_IN, Count, read_counts, write_counts
from pipeline.governance.profile import ERROR, WARNING, Anomaly, ColumnProfile, Profile
from pipeline.governance.quality import (
    check_quality,
    describe_quality,
    measure_quality,
    quality_json,
)
from pipeline.ingest.balance import Example, TableBalance
from pipeline.ingest.contract import DatasetError

BALANCE = {
    "products": TableBalance(
        rows_in=10, kept=8, merged=1, reasons=collections.Counter({"bad_id": 1}),
        examples={"bad_id": Example("products.csv", 7, "product_id has 600 characters")}),
    "events": TableBalance(rows_in=4, kept=4),
}
COUNTS = {
    Count("products", ROWS_IN): 8, Count("products", KEPT): 5, Count("products", FLAGGED): 4,
    Count("products", "set_aside", "placeholder"): 2, Count("products", "merged", "alias"): 1,
    Count("products", "repaired", "mojibake"): 3,
    Count("events", ROWS_IN, week="2020-W01"): 2, Count("events", KEPT, week="2020-W01"): 2,
    Count("events", ROWS_IN, week="2020-W02"): 2, Count("events", KEPT, week="2020-W02"): 2,
    Count("events", FLAGGED, week="2020-W02"): 1,
}
PROFILE = Profile(
    {"products": [ColumnProfile("price", 0.5, None, 1.0, 2.0, 3.0)]},
    [Anomaly("events", "event", WARNING, "it drifted")])


def test_scores_by_table_and_by_week():
    quality = measure_quality(BALANCE, COUNTS)
    # 1 of 10 unusable, 4 flagged.
    assert quality.tables["products"].score == pytest.approx(0.5)
    assert quality.tables["products"].removed == {"set_aside": 2, "merged": 1}
    assert quality.tables["products"].rules == {"mojibake": 3, "placeholder": 2, "alias": 1}
    assert quality.tables["events"].score == pytest.approx(0.75)
    assert quality.weeks == {"2020-W01": 1.0, "2020-W02": 0.5}
    assert describe_quality(quality).startswith(
        "products: quality 0.500; 5 rows kept, 2 set aside, 1 merged")


@pytest.mark.parametrize("lost", [Count("products", KEPT), Count("products", ROWS_IN)])
def test_a_lost_row_is_never_overlooked(lost):
    with pytest.raises(RuntimeError, match="balance"):
        measure_quality(BALANCE, {**COUNTS, lost: COUNTS[lost] - 1})


def test_a_table_that_is_too_bad_stops_a_run():
    quality = measure_quality(BALANCE, COUNTS)
    check_quality(quality_json(quality, PROFILE, 0.5))
    tree = json.loads(json.dumps(quality_json(quality, PROFILE, 0.6)))
    assert tree["gate"] == {"min_quality": 0.6, "passed": False}
    with pytest.raises(DatasetError, match=r"products: .* 0.50, below the 0.6 .*mojibake 3"):
        check_quality(tree)


def test_a_table_that_is_not_what_a_person_expects_stops_a_run():
    quality = measure_quality(BALANCE, COUNTS)
    profile = Profile({}, [Anomaly("products", "price", ERROR, "there is a new column")])
    tree = quality_json(quality, profile, 0.5)
    assert not tree["gate"]["passed"]
    with pytest.raises(DatasetError, match=r"products.price: there is a new column.*edit the"):
        check_quality(tree)


def test_a_catalogue_of_which_nothing_is_left_stops_a_run():
    counts = {Count("products", ROWS_IN): 1, Count("products", "set_aside", "placeholder"): 1}
    tree = quality_json(
        measure_quality({"products": TableBalance(rows_in=1, kept=1)}, counts), PROFILE, 0.0)
    assert not tree["gate"]["passed"]
    with pytest.raises(DatasetError, match="no row is left"):
        check_quality(tree)


def test_the_rules_that_decided_explain_themselves():
    tree = quality_json(measure_quality(BALANCE, COUNTS), PROFILE, 0.5)
    assert set(tree["rules"]) == {"placeholder", "mojibake", "alias"}
    assert "encoding" in tree["rules"]["mojibake"]["reason"]


def test_counts_go_by_a_file(tmp_path):
    write_counts(COUNTS, str(tmp_path / "counts"))
    assert read_counts(str(tmp_path / "counts")) == COUNTS
