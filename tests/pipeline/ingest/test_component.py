"""ShopExampleGen, and what validates its examples, as TFX runs them."""

import shutil

import pytest
from tfx.components import ExampleValidator, StatisticsGen
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from pipeline.config import ConfigError, Ingest, user_key_fingerprint
from pipeline.ingest.balance import read_balance
from pipeline.ingest.component import ShopExampleGen
from pipeline.ingest.contract import DatasetError
from pipeline.ingest.discovery import discover_tables
from pipeline.ingest.gate import AnomalyGate
from pipeline.schema_import import CuratedSchema
from tests.pipeline.ingest.shops import PRODUCTS, read_examples, write_jsonl

EVENTS = [{"user_id": "u", "product_id": "p1", "event": "view", "timestamp": "2020-01-01"}]


def run(data, out, validate=False, user_key=None, **settings):
    """Runs ingest, and the validation of each table; returns the folder of ingest's outputs."""
    tables = discover_tables(str(data))
    ingest = ShopExampleGen(
        input_base=str(data), tables=tables, config=Ingest(**settings).model_dump_json(),
        user_key=user_key_fingerprint() if user_key is None else user_key)
    components = [ingest]
    if validate:
        statistics = StatisticsGen(examples=ingest.outputs["examples"])
        components.append(statistics)
        for table in tables:
            schema = CuratedSchema(schema_name=table).with_id(f"Schema-{table}")
            validator = ExampleValidator(
                statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"],
                exclude_splits=[other for other in tables if other != table],
            ).with_id(f"Validator-{table}")
            gate = AnomalyGate(
                anomalies=validator.outputs["anomalies"], table=table).with_id(f"Gate-{table}")
            components += [schema, validator, gate]
    LocalDagRunner().run(Pipeline(
        pipeline_name="test", pipeline_root=str(out), components=components, enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(out / "metadata.sqlite")),
        beam_pipeline_args=["--direct_num_workers=1"]))
    return out / "ShopExampleGen"


def executions(outputs):
    return len(list((outputs / "examples").iterdir()))


@pytest.fixture
def shop(tmp_path):
    write_jsonl(tmp_path / "shop/products.jsonl", PRODUCTS)
    write_jsonl(tmp_path / "shop/events.jsonl", EVENTS)
    return tmp_path / "shop"


def test_a_run_is_cached_until_something_changes(shop, tmp_path):
    outputs = run(shop, tmp_path / "out")
    [first] = (outputs / "examples").iterdir()
    assert read_examples(first / "Split-events") == [{
        "event": "view", "position": 1, "product_id": "p1", "timestamp": 1_577_836_800,
        "user_id": "u"}]
    [quarantine] = (outputs / "quarantine").iterdir()
    assert read_balance(str(quarantine))["events"].kept == 1
    assert list(quarantine.glob("quarantine-*.jsonl.gz"))

    run(shop, tmp_path / "out")
    assert executions(outputs) == 1
    shutil.copytree(shop, tmp_path / "copy")
    shutil.rmtree(shop)
    (tmp_path / "copy").rename(shop)  # The same rows, exported anew.
    run(shop, tmp_path / "out")
    assert executions(outputs) == 1
    run(shop, tmp_path / "out", max_text_chars=100)
    assert executions(outputs) == 2


def test_another_key_is_another_run_and_the_key_is_nowhere(shop, tmp_path, monkeypatch):
    ids = set()
    for key in ("1:first secret of ids", "1:other secret of ids", "1:first secret of ids"):
        monkeypatch.setenv("EMPORIUM_USER_KEY", key)
        outputs = run(shop, tmp_path / "out")
        for examples in (outputs / "examples").iterdir():
            [event] = read_examples(examples / "Split-events")
            ids.add(event["user_id"])
    assert executions(outputs) == len(ids) == 2
    assert all(user_id.startswith("k1-") for user_id in ids)
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret of ids" not in path.read_bytes()
    with pytest.raises(ConfigError, match="EMPORIUM_USER_KEY is another here"):
        run(shop, tmp_path / "out", user_key="")


def test_the_span_of_the_data_is_the_span_of_the_examples(shop, tmp_path):
    for day in ("day-7", "day-12"):
        shutil.copytree(shop, tmp_path / "spans" / day)
    run(f"{tmp_path}/spans/day-{{SPAN}}", tmp_path / "out")
    connection = metadata.sqlite_metadata_connection_config(str(tmp_path / "out/metadata.sqlite"))
    with metadata.Metadata(connection) as store:
        [examples] = store.store.get_artifacts_by_type("Examples")
    assert examples.custom_properties["span"].int_value == 12


def test_data_that_cannot_be_used_stops_the_run_and_mended_it_runs(shop, tmp_path):
    write_jsonl(shop / "events.jsonl", [{**EVENTS[0], "event": "look"}])
    with pytest.raises(DatasetError, match=r"^events: 1 of 1 rows \(100%\) cannot be used"):
        run(shop, tmp_path / "out")
    (shop / "events.jsonl").unlink()
    write_jsonl(shop / "products.jsonl", [{**row, "title": "Mug"} for row in PRODUCTS])
    with pytest.raises(DatasetError, match=r"^products: .* Column title: .* found only 1\."):
        run(shop, tmp_path / "out", validate=True)
