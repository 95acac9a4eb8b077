import numpy as np
import pytest
import tensorflow as tf

from model.blending import blend_with_start


@pytest.mark.parametrize(("values", "share"), [
    ({0.5: 0.100, 0.75: 0.101, 1.0: 0.1005}, 0.5),  # 1% short of the best: as good
    ({0.5: 0.090, 0.75: 0.099, 1.0: 0.100}, 0.75),
    ({0.5: 0.010, 0.75: 0.050, 1.0: 0.100}, 1.0),
    ({0.5: 0.0, 0.75: 0.0, 1.0: 0.0}, 0.5),
])
def test_the_most_careful_share_that_is_as_good(values, share):
    one, other = tf.Variable([4.0]), tf.Variable([[1.0, 3.0]])

    def measure() -> float:
        return values[round(float(one[0]) / 4.0, 2)]

    start = [np.array([0.0]), np.array([[1.0, 1.0]])]
    assert blend_with_start([one, other], start, measure) == (share, values[share])
    np.testing.assert_allclose(one, [4.0 * share])
    np.testing.assert_allclose(other, [[1.0, 1.0 + 2.0 * share]])
