import json
import pathlib
import shutil

import pytest
from tfx.components.util import model_utils
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation

from pipeline.artifacts import Contexts, Popularity
from pipeline.config import load_config
from pipeline.evaluation.component import RetrievalEvaluator
from tests.pipeline.evaluation import toy_shop


def _artifact(kind, folder):
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


@pytest.fixture
def shop(tmp_path) -> pathlib.Path:
    """The inputs of the component, laid out as TFX does."""
    contexts = [*toy_shop.search_contexts(), *toy_shop.recommend_contexts()]
    toy_shop.write_contexts(contexts, tmp_path / "contexts")
    toy_shop.write_catalogue(toy_shop.catalogue(), tmp_path / "examples" / "Split-catalogue")
    (tmp_path / "popularity").mkdir()
    (tmp_path / "popularity" / "popularity.json").write_text(json.dumps(toy_shop.popularity()))
    return tmp_path


def _run(shop: pathlib.Path, model_dir: str, name: str) -> ModelBlessing:
    shutil.copytree(model_dir, shop / name / "model" / "Format-Serving")
    examples = _artifact(Examples, shop / "examples")
    examples.split_names = '["train", "eval", "catalogue"]'
    blessing = _artifact(ModelBlessing, shop / name / "blessing")
    RetrievalEvaluator.test_call(
        model=_artifact(Model, shop / name / "model"),
        contexts=_artifact(Contexts, shop / "contexts"),
        popularity=_artifact(Popularity, shop / "popularity"), examples=examples,
        evaluation=_artifact(ModelEvaluation, shop / name / "evaluation"), blessing=blessing,
        config=load_config(None, ["gate.bootstrap_samples=100"]).model_dump_json(),
        live_dir=str(shop / "serving"), tensorboard_dir=str(shop / "tensorboard"))
    return blessing


def test_a_good_model_is_blessed_with_a_report(shop, good_model):
    blessing = _run(shop, good_model, "good")
    assert model_utils.is_model_blessed(blessing)
    assert (shop / "good" / "blessing" / "BLESSED").read_text().startswith("Blessed.")
    metrics = json.loads((shop / "good" / "evaluation" / "metrics.json").read_text())
    assert metrics["decision"]["blessed"] is True
    assert "<!doctype html>" in (shop / "good" / "evaluation" / "report.html").read_text()
    assert list((shop / "tensorboard" / "evaluation" / "candidate").glob("*tfevents*"))


def test_a_bad_model_is_not_blessed_and_says_why_in_numbers(shop, bad_model):
    blessing = _run(shop, bad_model, "bad")
    assert not model_utils.is_model_blessed(blessing)
    reason = (shop / "bad" / "blessing" / "NOT_BLESSED").read_text()
    assert "beats popularity (search): nDCG@10" in reason
    assert blessing.get_string_custom_property("blessing_message") == reason
