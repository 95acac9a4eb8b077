"""What a trained encoder knows of words, and of what texts mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from model.acceleration import libraries_not_converted
from model.encoding import BatchEncoder
from model.presets import Preset, PresetError, load_preset
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer
from pipeline.governance.duplicates.words import read_words

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Maps texts to vectors of unit length, `[texts, dim]`."""

_MAX_TOKENS = 64

_log = logging.getLogger("emporium.governance")


class Encoder(NamedTuple):
    """What confirms near duplicates.

    Attributes:
        encode: vectors of texts.
        words: that it knows, in the form of `words.read_words`.
    """

    encode: Encode
    words: frozenset[str]


def load_encoder(name: str) -> Encoder | None:
    """The encoder of a preset; its weights are read when it first encodes.

    Args:
        name: as `model.presets.load_preset` takes it.

    Returns:
        None where the preset cannot be loaded, or is not trained: words alone decide then.
    """
    try:
        preset = load_preset(name)
    except PresetError as error:
        _log.warning("near duplicates are judged by words alone: %s", error)
        return None
    if not preset.pretrained:
        return None
    # Pieces that continue a word begin with signs, and are not whole words.
    whole = (piece for piece in preset.vocabulary if piece[:1].isalpha())
    words = frozenset(word for piece in whole for word in read_words(piece).tokens)
    built = cache(lambda: _build(preset))
    return Encoder(lambda texts: built()(texts), words)


def _build(preset: Preset) -> Encode:
    tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
    with libraries_not_converted():
        encoder = BatchEncoder(TextEncoder(preset))

    def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        with libraries_not_converted():
            return encoder(tokenizer(tf.constant(list(texts), tf.string), _MAX_TOKENS))

    return encode
