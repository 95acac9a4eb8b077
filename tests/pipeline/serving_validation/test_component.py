from tfx.components.util import model_utils
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from pipeline.artifacts import Contexts
from pipeline.serving_validation.component import ServingValidator, mark
from pipeline.serving_validation.runner import Verdict
from tests.pipeline.evaluation import toy_shop


def _artifact(kind, folder):
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


def test_a_version_that_answers_is_blessed_as_the_pusher_expects(tmp_path):
    products = toy_shop.catalogue()
    toy_shop.save(toy_shop.ToyModel(products), tmp_path / "model" / "Format-Serving")
    toy_shop.write_contexts(toy_shop.search_contexts(), tmp_path / "contexts")
    toy_shop.write_catalogue(products, tmp_path / "examples" / "Split-catalogue")
    examples = _artifact(Examples, tmp_path / "examples")
    examples.split_names = '["catalogue"]'
    blessing = _artifact(InfraBlessing, tmp_path / "blessing")
    ServingValidator.test_call(
        model=_artifact(Model, tmp_path / "model"),
        contexts=_artifact(Contexts, tmp_path / "contexts"), examples=examples, blessing=blessing)
    assert model_utils.is_infra_validated(blessing)
    assert "passed" in (tmp_path / "blessing" / "INFRA_BLESSED").read_text()


def test_a_failure_is_not_blessed_and_says_why(tmp_path):
    blessing = _artifact(InfraBlessing, tmp_path)
    mark(blessing, Verdict(("search, emoji: raised InternalError",), {}, 0.0))
    assert not model_utils.is_infra_validated(blessing)
    assert (tmp_path / "INFRA_NOT_BLESSED").read_text() == (
        "Infra validation failed:\n- search, emoji: raised InternalError")
