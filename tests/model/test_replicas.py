"""What the replicas of a strategy know of each other's rows."""

import os
import subprocess
import sys
import textwrap

import tensorflow as tf

from model.replicas import gather_replicas


def test_one_replica_gathers_nothing():
    values = tf.constant([[1.0], [2.0]])
    assert gather_replicas(values) is values


def test_own_rows_come_first_where_replicas_have_unequal_shares():
    # Logical devices are set before TensorFlow starts: hence a process of its own.
    script = textwrap.dedent("""
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * 3)
        from model import acceleration
        from model.replicas import gather_replicas
        strategy = acceleration.choose_strategy("mirrored")
        [rows] = strategy.experimental_distribute_dataset(tf.data.Dataset.range(8).batch(8))

        @tf.function
        def gathered():
            return strategy.run(gather_replicas, [rows])

        print([v.numpy().tolist() for v in strategy.experimental_local_results(rows)])
        print([v.numpy().tolist() for v in strategy.experimental_local_results(gathered())])
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "TF_USE_LEGACY_KERAS": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    shares, found = done.stdout.splitlines()
    assert shares == "[[0, 1, 2], [3, 4, 5], [6, 7]]"
    assert found == str([
        [0, 1, 2, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7, 0, 1, 2], [6, 7, 0, 1, 2, 3, 4, 5]])
