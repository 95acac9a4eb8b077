"""The encoder that confirms what the words say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from model.acceleration import libraries_not_converted
from model.encoding import BatchEncoder
from model.presets import PresetError, load_preset
from model.text_encoder import TextEncoder
from model.tokenizer import Tokenizer

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Maps texts to vectors of unit length, `[texts, dim]`."""

_MAX_TOKENS = 64

_log = logging.getLogger("emporium.governance")


def load_encoder(name: str) -> Encode | None:
    """The encoder of a preset.

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
    tokenizer = Tokenizer(preset.vocabulary, preset.lowercase)
    with libraries_not_converted():
        encoder = BatchEncoder(TextEncoder(preset))

    def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        with libraries_not_converted():
            return encoder(tokenizer(tf.constant(list(texts), tf.string), _MAX_TOKENS))

    return encode
