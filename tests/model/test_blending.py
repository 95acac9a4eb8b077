import numpy as np
import pytest
import tensorflow as tf

from model.blending import blend_with_start


# Paired differences of [0.1, 0.3] to [0.2, 0.4] are 0.1 each, their standard error is 0; those of
# [0.4, 0.1] are [-0.2, 0.3]: mean 0.05, standard error 0.25.
@pytest.mark.parametrize(("values", "share"), [
    ({0.5: [0.4, 0.1], 0.75: [0.2, 0.3], 1.0: [0.2, 0.4]}, 0.5),  # no worse than chance tells
    ({0.5: [0.1, 0.3], 0.75: [0.2, 0.4], 1.0: [0.2, 0.39]}, 0.75),
    ({0.5: [0.0, 0.1], 0.75: [0.1, 0.3], 1.0: [0.2, 0.4]}, 1.0),
    ({0.5: [0.0], 0.75: [0.0], 1.0: [0.0]}, 0.5),
])
def test_the_most_careful_share_that_is_as_good(values, share):
    one, other = tf.Variable([4.0]), tf.Variable([[1.0, 3.0]])

    def measure() -> np.ndarray:
        return np.array(values[round(float(one[0]) / 4.0, 2)])

    start = [np.array([0.0]), np.array([[1.0, 1.0]])]
    assert blend_with_start([one, other], start, measure) == (
        share, pytest.approx(np.mean(values[share])))
    np.testing.assert_allclose(one, [4.0 * share])
    np.testing.assert_allclose(other, [[1.0, 1.0 + 2.0 * share]])
