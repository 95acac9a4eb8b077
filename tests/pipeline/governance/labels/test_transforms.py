import pickle

import apache_beam as beam
import pytest

from pipeline.governance.findings import WHOLE_ROW, Action
from pipeline.governance.labels.transforms import (
    LABEL_ERROR,
    FindLabelErrors,
    LabelSettings,
    find_in_folders,
)
from pipeline.ingest.records import WriteFramedRecords, frame_records
from tests.pipeline.governance.labels.shops import make_shop

WORDS = LabelSettings(preset=None, min_probability=0.5)


def write_findings(found, path):
    return (found | beam.combiners.ToList()
            | beam.Map(lambda findings: path.write_bytes(pickle.dumps(sorted(findings)))))


def find(tables, path, settings=WORDS):
    with beam.Pipeline() as pipeline:
        read = {name: pipeline | name >> beam.Create(rows) for name, rows in tables.items()}
        write_findings(read | FindLabelErrors(settings), path)
    return pickle.loads(path.read_bytes())


@pytest.fixture(scope="module")
def shop():
    return make_shop()


@pytest.fixture(scope="module")
def findings(shop, tmp_path_factory):
    return find(shop[0], tmp_path_factory.mktemp("found") / "findings")


def test_wrong_judgements_are_set_aside(shop, findings):
    _, wrong = shop
    found = {int(position) for position, _ in findings}
    assert len(found & wrong) / len(found) > 0.9
    # A 1 for a 2 is nobody's to tell, and those are a fifth.
    assert len(found & wrong) / len(wrong) > 0.4
    for _, finding in findings:
        assert (finding.rule, finding.column) == (LABEL_ERROR.name, WHOLE_ROW)
        assert finding.action is Action.SET_ASIDE
        assert 0.5 <= finding.confidence <= 1


def test_folders_that_ingest_wrote(shop, findings, tmp_path):
    tables, _ = shop
    with beam.Pipeline() as pipeline:
        for name, rows in tables.items():
            _ = (pipeline | name >> beam.Create([frame_records(rows)])
                 | f"Write {name}" >> WriteFramedRecords(str(tmp_path / name)))
    with beam.Pipeline() as pipeline:
        write_findings(find_in_folders(
            pipeline, str(tmp_path / "products"), str(tmp_path / "judgments"), WORDS),
            tmp_path / "findings")
    assert pickle.loads((tmp_path / "findings").read_bytes()) == findings


def test_too_few_judgements_find_nothing(shop, tmp_path):
    tables, _ = shop
    few = {**tables, "judgments": tables["judgments"][:300]}
    assert find(few, tmp_path / "few") == []
    assert find({**tables, "judgments": []}, tmp_path / "none") == []


def test_an_encoder_is_asked_where_one_is_named(shop, tmp_path):
    tables, _ = shop
    few = {**tables, "judgments": tables["judgments"][:40]}
    assert find(few, tmp_path / "few", LabelSettings(preset="tiny")) == []
