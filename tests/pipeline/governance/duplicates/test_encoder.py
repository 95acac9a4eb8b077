"""Which presets confirm, and what they know."""

import numpy as np
import pytest

from pipeline.governance.duplicates.encoder import load_encoder


@pytest.mark.parametrize("name", ["tiny", "no/such/folder"])
def test_what_is_not_trained_or_not_there_confirms_nothing(name):
    assert load_encoder(name) is None


def test_a_trained_preset_knows_words_and_texts():
    encoder = load_encoder("minilm")
    assert {"sliding", "gliding", "light"} <= encoder.words
    assert not {"slidding", "glidng"} & encoder.words
    one, other, far = encoder.encode(["oak desk", "desk of oak", "toner cartridge"])
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-5)
    assert one @ other > 0.8 > one @ far
