"""The TFX skin: channels, artifact properties, and that Transform can read what comes out."""

import json

import pytest
from tfx.components.util import examples_utils, tfxio_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, channel_utils, standard_artifacts

from pipeline.artifacts import Contexts, Popularity, Sequences
from pipeline.config import Examples
from pipeline.examples.component import ExamplesJoin, Executor
from pipeline.examples.sequences import read_sequences
from tests.pipeline.examples.tables import read_contexts, read_split, write_tables

_SETTINGS = Examples(pseudo_queries_per_product=1).model_dump_json()


@pytest.fixture
def tables(tmp_path):
    artifact = standard_artifacts.Examples()
    artifact.uri = str(tmp_path / "tables")
    artifact.span = 3
    artifact.split_names = artifact_utils.encode_split_names(["products", "facts"])
    write_tables(tmp_path / "tables", {
        "products": [{"product_id": f"p{n}", "title": f"Oak shelf number{n}"} for n in range(30)],
        "facts": [{"head": "p1", "relation": "fits", "tail": "p2"}]})
    return artifact


def test_channels(tables):
    component = ExamplesJoin(
        examples=channel_utils.as_channel([tables]), config=_SETTINGS, seed=1)
    assert component.id == "ExamplesJoin"
    assert {name: channel.type for name, channel in component.outputs.items()} == {
        "examples": standard_artifacts.Examples, "contexts": Contexts, "popularity": Popularity,
        "sequences": Sequences}
    assert component.exec_properties == {"config": _SETTINGS, "seed": 1}


def test_executor_writes_splits_that_tfx_reads(tables, tmp_path):
    outputs = {"examples": standard_artifacts.Examples(), "contexts": Contexts(),
               "popularity": Popularity(), "sequences": Sequences()}
    for name, artifact in outputs.items():
        artifact.uri = str(tmp_path / name)
    examples = outputs["examples"]

    Executor().Do(
        {"tables": [tables]}, {name: [artifact] for name, artifact in outputs.items()},
        {"config": _SETTINGS, "seed": 1})

    assert artifact_utils.decode_split_names(examples.split_names) == [
        "train", "eval", "catalogue"]
    assert examples.span == 3
    assert examples_utils.get_payload_format(examples) == example_gen_pb2.FORMAT_TF_EXAMPLE
    for split in ("train", "eval", "catalogue"):
        assert read_split(tmp_path / "examples" / f"Split-{split}")
        assert tfxio_utils.get_split_tfxio([examples], split, ["test"]) is not None
    assert read_contexts(tmp_path / "contexts")
    popularity = (tmp_path / "popularity" / "popularity.json").read_text(encoding="utf-8")
    assert json.loads(popularity) == {}
    assert list(read_sequences(str(tmp_path / "sequences"))) == []
