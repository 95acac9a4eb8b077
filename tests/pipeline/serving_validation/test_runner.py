import tensorflow as tf

from pipeline.serving_validation.runner import validate_servable
from tests.pipeline.evaluation import toy_shop

CONTEXTS = [*toy_shop.search_contexts(), *toy_shop.recommend_contexts()]
KNOWN = toy_shop.catalogue().product_ids


def test_a_good_version_passes(good_model):
    verdict = validate_servable(good_model, CONTEXTS, KNOWN, timeout_seconds=300)
    assert verdict.reasons == ()
    assert verdict.passed
    assert set(verdict.answered) == {
        "search", "serving_default", "recommend", "recommend_events", "similar", "embed_query",
        "embed_product"}
    assert verdict.text().startswith("Infra validation passed")


def test_what_is_wrong_is_said_signature_by_signature(tmp_path):
    model = toy_shop.ToyModel(toy_shop.catalogue())
    folder = toy_shop.save(model, tmp_path, leave_out=("similar",))
    verdict = validate_servable(folder, CONTEXTS, KNOWN[:5], timeout_seconds=300)
    assert not verdict.passed
    assert any(reason.startswith("signature similar: missing") for reason in verdict.reasons)
    assert any("is not in the catalogue" in reason for reason in verdict.reasons)
    # What shoppers wrote is not repeated.
    assert toy_shop.PRIVATE[1] not in verdict.text()


def test_a_version_that_needs_the_code_that_made_it_fails(tmp_path):
    class NeedsPython(toy_shop.ToyModel):
        @tf.function(
            autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="query")])
        def embed_query(self, query):
            return {"embedding": tf.numpy_function(lambda q: q, [query], tf.string)}

    folder = toy_shop.save(NeedsPython(toy_shop.catalogue()), tmp_path)
    verdict = validate_servable(folder, CONTEXTS, KNOWN, timeout_seconds=300)
    assert any(
        reason.startswith("embed_query") and "raised" in reason for reason in verdict.reasons)
    assert not any(reason.startswith("search") for reason in verdict.reasons)


def test_a_broken_folder_fails_with_what_the_process_said(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a model")
    verdict = validate_servable(str(tmp_path), CONTEXTS, None, timeout_seconds=300)
    assert not verdict.passed
    assert "exit status 1" in verdict.reasons[0]
    assert "saved_model" in verdict.reasons[0]


def test_time_is_limited(good_model):
    verdict = validate_servable(good_model, CONTEXTS, None, timeout_seconds=0.01)
    assert verdict.reasons == ("no end within 0.01 s: loading or an answer takes too long",)
