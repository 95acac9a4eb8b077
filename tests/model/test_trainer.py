"""Training end to end on a small shop: it learns, it repeats itself, it says what it does."""

import re
import shutil
import types

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from model import batches, data, features, text_training, trainer
from model.encoding import BatchEncoder
from model.features import Kind
from model.presets import load_preset
from model.settings import Text, Training
from model.sizing import plan_text
from model.text_encoder import TextEncoder
from tests.model import examples


def job(folder, **training):
    settings = {
        "batch_size": 16, "epochs": 6, "learning_rate": 1e-3, "context_batch_size": 16,
        "context_epochs": 4, "validate_steps": 20, "precision": "float32", "strategy": "cpu"}
    return trainer.Job(
        train=[str(folder / "Split-train" / "*")], evaluation=[str(folder / "Split-eval" / "*")],
        catalogue=[str(folder / "Split-catalogue" / "*")], products=examples.PRODUCTS,
        text=Text(preset="tiny"), training=Training(**{**settings, **training}), seed=1,
        logs=str(folder / "logs"))


def text_model(settings, encoder, fixed_shapes=False):
    """The text phase's model of a job."""
    catalogue = data.catalogue_tokens(settings.catalogue, settings.products)
    pairs = data.text_pairs(settings.train, 1_000)
    rows = settings.training.batch_size
    extra = text_training.extra_products(settings, pairs, catalogue, rows, fixed_shapes)
    return text_training.text_model(settings, encoder, extra, pairs, rows)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop") / "data"
    examples.write_shop(folder)
    return folder


def best(caplog, label):
    line = next(r.getMessage() for r in caplog.records if f"{label}: best" in r.getMessage())
    return float(line.split("nDCG@10 ")[1].split()[0])


def test_both_phases_learn_the_topics_and_export(shop, tmp_path, caplog):
    caplog.set_level("INFO", logger="emporium")
    settings = job(shop, validate_steps=None)
    trainer.run_fn(types.SimpleNamespace(
        train_files=settings.train, eval_files=settings.evaluation, transform_graph_path=str(shop),
        serving_model_dir=str(tmp_path / "towers"),
        custom_config={
            "text": settings.text.model_dump_json(),
            "training": settings.training.model_dump_json(), "seed": 1,
            "tensorboard_dir": str(tmp_path / "logs")}))
    # 200 pairs are 12 batches a pass, half of which is raised to ten; 200 searches and as many
    # histories are 25, and two passes are 50, as is half of all four.
    said = [record.getMessage() for record in caplog.records]
    assert "text: 200 pairs, batches of 16, validated every 10 steps" in said
    assert any(re.match(r"text: hard negatives for \d\d+ of 200 pairs", line) for line in said)
    assert "contexts: 400 contexts, batches of 16, validated every 50 steps" in said
    # Ten products share a topic: the answer among ten equals has nDCG@10 of 0.45 on average,
    # one of forty at random 0.11. Histories leave seven of the ten: 0.53.
    assert best(caplog, "text") > 0.35
    assert best(caplog, "contexts") > 0.40
    towers = tf.saved_model.load(str(tmp_path / "towers"))
    vectors = towers.embed_query(tf.constant(["usb cable", ""]))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1.0, 0.0], atol=1e-5)
    [training] = (tmp_path / "logs").iterdir()
    assert {p.name for p in training.iterdir()} == {"text", "contexts"}


def test_the_same_seed_gives_the_same_model(shop):
    def weights():
        encoder, model = trainer.train(
            job(shop, epochs=1, context_epochs=1), load_preset("tiny"))
        assert model.optimizer.use_ema
        assert model.contexts.history_encoder.longest == 3  # products of a history of this shop
        return [*encoder.get_weights(), *model.get_weights()]

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_shop_without_histories_searches_by_text_alone(tmp_path, caplog):
    caplog.set_level("INFO", logger="emporium")
    examples.write_shop(tmp_path / "data", histories=0)
    _, model = trainer.train(job(tmp_path / "data", epochs=1), load_preset("tiny"))
    # The encoder was trained to tell these topics by its own cosines.
    assert any("vectors are not spread" in record.getMessage() for record in caplog.records)
    np.testing.assert_array_equal(model.products.adapter.kernel, np.eye(128))


def test_a_pretrained_encoder_stays_where_nothing_validates_it(tmp_path, caplog):
    caplog.set_level("INFO", logger="emporium")
    examples.write_shop(tmp_path / "data", searches=0, histories=20)
    settings = job(tmp_path / "data", context_epochs=1)
    preset = load_preset("minilm")
    encoder, _ = trainer.train(settings, preset)
    for trained, original in zip(
            encoder.get_weights(), TextEncoder(preset).get_weights(), strict=True):
        np.testing.assert_array_equal(trained, original)
    assert any("encoder stays as it is" in r.getMessage() for r in caplog.records)


def test_a_pretrained_encoder_stays_where_nothing_validates_its_pairs(tmp_path, caplog):
    caplog.set_level("INFO", logger="emporium")
    examples.write_shop(tmp_path / "data", histories=0, validated=False)
    trainer.train(job(tmp_path / "data"), load_preset("minilm"))
    assert any(
        r.getMessage().startswith("text: 200 pairs, but none are held out") for r in caplog.records)


def test_what_is_mined_is_what_a_step_draws_from(shop):
    settings = job(shop)
    catalogue = data.catalogue_tokens(settings.catalogue, settings.products)
    pairs = data.text_pairs(settings.train, 1_000)
    extra = text_training.extra_products(settings, pairs, catalogue, 16)
    encode = BatchEncoder(TextEncoder(load_preset("tiny")))
    plan = plan_text(settings.training, len(pairs), asked=True)
    [miner] = text_training._miners(settings, encode, pairs, catalogue, extra, plan, False)
    miner.mine()
    assert (extra.mined.numpy() >= 0).any()
    without = job(shop, mine_every=0)
    assert text_training._miners(without, encode, pairs, catalogue, extra, plan, False) == []


def test_an_encoder_that_nothing_ever_taught_is_told_of(tmp_path, caplog):
    examples.write_shop(tmp_path / "data", searches=0, histories=20)
    trainer.train(job(tmp_path / "data", context_epochs=1), load_preset("tiny"))
    [warning] = [r for r in caplog.records if "has learned nothing" in r.getMessage()]
    assert warning.levelname == "WARNING"


def test_training_says_that_the_preset_cannot_read_the_catalogue(tmp_path, caplog):
    examples.write_shop(tmp_path / "data", searches=0, histories=0)
    shutil.rmtree(tmp_path / "data" / "Split-catalogue")
    unknown = load_preset("tiny").vocabulary.index("[UNK]")
    examples.write(tmp_path / "data" / "Split-catalogue", [
        examples.example(kind=2, product=p, product_tokens=[101, unknown, 2000, 102])
        for p in range(examples.PRODUCTS)])
    trainer.train(job(tmp_path / "data"), load_preset("tiny"))
    assert any(
        "preset tiny cannot read 50% of" in record.getMessage() for record in caplog.records)


def test_without_validation_the_last_text_weights_stay_and_contexts_add_nothing(tmp_path, caplog):
    caplog.set_level("INFO", logger="emporium")
    examples.write_shop(tmp_path / "data", validated=False)
    preset = load_preset("tiny")
    encoder, model = trainer.train(job(tmp_path / "data", epochs=1), preset)
    said = [record.getMessage() for record in caplog.records]
    assert "text: nothing to validate on; the last weights are kept" in said
    assert any("too few histories to hold any out" in line for line in said)
    keras.utils.set_random_seed(1)
    untrained = TextEncoder(preset)
    assert not np.allclose(encoder.get_weights()[0], untrained.get_weights()[0])
    np.testing.assert_array_equal(model.products.adapter.kernel, np.eye(128))


@pytest.mark.parametrize("chunks", [{}, {"chunk_size": 6}])
def test_float16_steps_are_scaled(shop, chunks):
    preset = load_preset("tiny")
    model = text_model(job(shop, **chunks), TextEncoder(preset, "mixed_float16"))
    optimizer = keras.mixed_precision.LossScaleOptimizer(
        keras.optimizers.SGD(1e-2), dynamic=False, initial_scale=1024)
    model.compile(optimizer=optimizer)
    exact = text_model(job(shop), TextEncoder(preset))
    exact.compile(optimizer=keras.optimizers.SGD(1e-2))
    exact.encoder.set_weights(model.encoder.get_weights())
    [batch] = batches.text_batches(job(shop).train, 16, limit=100, seed=1).take(1)
    before = model.encoder.get_weights()
    for each in (model, exact):
        each.train_step(batch)
    # The step is that of float32, within float16's eleven bits: the scale has been taken out.
    moved = [a - b for a, b in zip(model.encoder.get_weights(), before, strict=True)]
    wanted = [a - b for a, b in zip(exact.encoder.get_weights(), before, strict=True)]
    length = np.sqrt(sum((w**2).sum() for w in wanted))
    error = np.sqrt(sum(((m - w)**2).sum() for m, w in zip(moved, wanted, strict=True)))
    assert length > 0
    assert error < 0.1 * length


def test_a_step_in_chunks_is_that_of_one_pass(shop):
    encoder = TextEncoder(load_preset("tiny"))
    [batch] = batches.text_batches(job(shop).train, 16, limit=100, seed=1).take(1)
    assert (batch[features.NEGATIVES].numpy() >= 0).any()
    whole, chunked = (
        text_model(job(shop, **chunks), encoder).gradients(batch, tf.identity)
        for chunks in ({}, {"chunk_size": 6}))
    np.testing.assert_allclose(chunked[0], whole[0], rtol=1e-5)
    for found, right in zip(chunked[1], whole[1], strict=True):
        np.testing.assert_allclose(
            found, tf.convert_to_tensor(right), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("max_negatives", [100, 10])
def test_steps_of_fixed_shapes_compile_for_accelerators_and_lose_alike(shop, max_negatives):
    encoder = TextEncoder(load_preset("tiny"))
    text = text_model(job(shop), encoder, fixed_shapes=True)
    [pairs] = batches.text_batches(job(shop).train, 16, 100, 1, fixed_query_tokens=24).take(1)
    table = data.context_table(job(shop).train, (Kind.SEARCH, Kind.RECOMMEND), 200)
    vectors = np.random.default_rng(0).normal(size=(examples.PRODUCTS, 128)).astype("f4")
    contexts = trainer._context_model(
        Training(max_negatives=max_negatives, residual_dropout=0), vectors,
        data.mentions(table, examples.PRODUCTS) > 0, data.wanted_share(table, examples.PRODUCTS))
    texts = np.zeros((int(table.texts.nrows()), 128), "f4")
    [rows] = batches.context_batches(table, texts, 16, 1, 1, fixed_shapes=True)
    for model, batch in ((text, pairs), (contexts, rows)):
        def gradients(batch, model=model):
            with tf.GradientTape() as tape:
                loss = model.compute_loss(batch)
            return loss, tape.gradient(loss, model.trainable_variables)

        loss, found = tf.function(gradients, jit_compile=True, autograph=False)(batch)
        assert all(np.isfinite(tf.convert_to_tensor(g)).all() for g in found if g is not None)
        if model is text or max_negatives == 100:  # else the sample differs from call to call
            np.testing.assert_allclose(loss, model.compute_loss(batch), rtol=1e-3)
