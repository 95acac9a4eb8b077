"""The warning about a vocabulary that cannot read the catalogue."""

import pytest
import tensorflow as tf

from model.presets import load_preset
from model.reading import unknown_share, warn_of_unreadable_texts
from model.tokenizer import Tokenizer

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "usb"]


def ragged(*rows):
    return tf.ragged.constant(rows, ragged_rank=1, dtype=tf.int64, row_splits_dtype=tf.int64)


@pytest.mark.parametrize(("rows", "share"), [
    # [CLS] and [SEP] do not count: of usb, unknown, usb, usb one in four is unknown.
    ([[2, 4, 1, 3], [], [2, 4, 4, 3]], 0.25),
    ([[2, 1, 3]], 1.0),
    ([[2, 4, 3]], 0.0),
    ([[], []], 0.0),
])
def test_share_of_unknown_tokens(rows, share):
    assert unknown_share(ragged(*rows), VOCABULARY) == share


@pytest.mark.parametrize(("preset", "title", "warned"), [
    ("minilm", "不粘炒锅32cm 黑色", True), ("tiny_zh", "不粘炒锅32cm 黑色", False),
    ("minilm", "Frying pan, 32 cm", False), ("tiny_zh", "不沾炒鍋 電磁爐專用", True)])
def test_a_preset_of_another_script_is_warned_of(caplog, preset, title, warned):
    preset = load_preset(preset)
    tokens = Tokenizer(preset.vocabulary, preset.lowercase)(tf.constant([title]), 32)
    warn_of_unreadable_texts(tokens, preset)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == warned
    if warned:
        assert f"preset {preset.name} cannot read" in said[0]
        assert "set text.preset to bert_base_multi" in said[0]


def test_a_tenth_of_the_tokens_is_still_fine(caplog):
    preset = load_preset("minilm")
    unknown, known = preset.vocabulary.index("[UNK]"), preset.vocabulary.index("usb")
    warn_of_unreadable_texts(ragged([unknown] + 9 * [known]), preset)
    assert not caplog.records
    warn_of_unreadable_texts(ragged([unknown] + 8 * [known]), preset)
    assert "cannot read 11% of the catalogue's tokens" in caplog.records[0].getMessage()
