"""What the replicas of a strategy know of each other's rows."""

import tensorflow as tf

from model.replicas import gather_replicas
from tests.model.devices import run_on


def test_one_replica_gathers_nothing():
    values = tf.constant([[1.0], [2.0]])
    assert gather_replicas(values) is values


def test_own_rows_come_first_where_replicas_have_unequal_shares():
    printed = run_on(3, """
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
    shares, found = printed.splitlines()
    assert shares == "[[0, 1, 2], [3, 4, 5], [6, 7]]"
    assert found == str([
        [0, 1, 2, 3, 4, 5, 6, 7], [3, 4, 5, 6, 7, 0, 1, 2], [6, 7, 0, 1, 2, 3, 4, 5]])
