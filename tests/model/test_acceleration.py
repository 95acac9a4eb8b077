"""Strategies on logical devices, precision by hardware, AutoGraph's rules put back."""

import pytest
import tensorflow as tf

from model import acceleration
from tests.model.devices import run_on


def test_auto_takes_the_cpu_where_nothing_else_is():
    strategy = acceleration.choose_strategy("auto")
    assert strategy.num_replicas_in_sync == 1
    assert "cpu" in strategy.extended.worker_devices[0].lower()


def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(acceleration.StrategyError, match="TensorFlow sees no GPU"):
        acceleration.choose_strategy("gpu")


def test_a_tpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.delenv("TPU_NAME", raising=False)
    with pytest.raises(acceleration.StrategyError, match="TPU_NAME names none; 'auto' takes"):
        acceleration.choose_strategy("tpu")


def test_a_named_precision_is_taken_as_it_is():
    assert acceleration.choose_precision("mixed_float16") == "mixed_float16"
    assert acceleration.choose_precision("auto") in ("float32", "mixed_bfloat16")


def test_autograph_is_left_as_it_was():
    from tensorflow.python.autograph.core import config
    before = config.CONVERSION_RULES
    with acceleration.libraries_not_converted():
        assert before != config.CONVERSION_RULES
    assert before == config.CONVERSION_RULES


def test_two_replicas_see_the_negatives_of_the_global_batch():
    run_on(2, """
        from model import acceleration
        from model.losses import Askers, Candidates, MixedNegativesLoss
        from model.masks import asker_mask, negative_mask
        from model.replicas import gather_replicas
        strategy = acceleration.choose_strategy("mirrored")
        assert strategy.num_replicas_in_sync == 2
        queries = tf.constant([[1., 0.], [0., 1.], [.6, .8], [.8, .6]])
        ids = tf.constant([0, 1, 2, 3], tf.int64)
        none = tf.fill([4, 1], tf.constant(-1, tf.int64))
        # On one device: that is enough to compare sums of gradients.
        scale = tf.Variable(1.0)
        softmax = MixedNegativesLoss(0.5, backward_share=0.25)

        def loss(rows):
            mine, numbers = tf.gather(queries, rows) * scale, tf.gather(ids, rows)
            names, known = gather_replicas(numbers), gather_replicas(tf.gather(none, rows))
            both = gather_replicas(mine)
            return softmax(
                mine, Candidates(both, negative_mask(tf.gather(none, rows), numbers, names)),
                tf.ones_like(rows, tf.float32),
                askers=Askers(both, asker_mask(known, names, numbers))) / 4.0

        with tf.GradientTape() as tape:
            alone = loss(tf.range(4))
        alone_gradient = tape.gradient(alone, scale)

        @tf.function
        def step():
            def replica():
                number = tf.distribute.get_replica_context().replica_id_in_sync_group
                rows = tf.cast(number, tf.int32) * 2 + tf.range(2)
                with tf.GradientTape() as tape:
                    value = loss(rows)
                return value, tape.gradient(value, scale)
            values, gradients = strategy.run(replica)
            return (strategy.reduce("SUM", values, axis=None),
                    strategy.reduce("SUM", gradients, axis=None))

        total, gradient = step()
        tf.debugging.assert_near(total, alone)
        tf.debugging.assert_near(gradient, alone_gradient)
    """)


def test_training_runs_on_two_replicas(tmp_path):
    run_on(2, f"""
        import pathlib
        import sys
        sys.path.insert(0, ".")
        from tests.model import examples, test_trainer
        from model import trainer
        from model.presets import load_preset
        folder = pathlib.Path({str(tmp_path)!r}) / "data"
        examples.write_shop(folder)
        job = test_trainer.job(
            folder, strategy="mirrored", epochs=2, context_epochs=1, chunk_size=6)
        trainer.train(job, load_preset("tiny"))
    """)
    assert tf.io.gfile.exists(str(tmp_path / "data" / "logs" / "contexts"))
