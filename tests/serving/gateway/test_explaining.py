"""Leave-one-out explanations."""

import pytest

from serving.gateway.explaining import effect_of, words_of


@pytest.mark.parametrize(("with_part", "without", "effect"), [
    ((1, .5), (None, None), "decisive"),
    ((1, .5), (4, .1), "helps"),
    ((4, .1), (1, .5), "lowers"),
    ((1, .5), (1, .4), "helps"),
    ((1, .4), (1, .5), "lowers"),
    ((1, .5), (1, .48), "none"),
    ((None, None), (None, None), "none"),
    ((None, None), (3, .2), "lowers"),
])
def test_effects(with_part, without, effect):
    assert effect_of(with_part, without) == effect


def test_words():
    assert words_of("The USB-C cable, for my desk 2m") == {"usb", "cable", "desk", "2m"}
