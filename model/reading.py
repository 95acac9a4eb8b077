"""Whether an encoder's vocabulary can read a shop's texts at all."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from model.presets import Preset

_log = logging.getLogger("emporium.reading")

MAX_UNKNOWN_SHARE = 0.1
"""Share of unknown tokens above which a preset does not fit the shop's script. A vocabulary that
does leaves a few in a thousand (emoji, rare signs), another script's well over half. A tenth loses
a word of most titles, and what was searched with that word."""


def unknown_share(tokens: tf.RaggedTensor, vocabulary: Sequence[str]) -> float:
    """Share of [UNK] among tokens of texts, special tokens left out.

    Args:
        tokens: ids, int64 `[texts, (tokens)]`.
        vocabulary: word pieces in the order of their ids.

    Returns:
        In [0, 1]; 0 where there is no token.
    """
    around = [vocabulary.index(token) for token in ("[CLS]", "[SEP]")]
    ids = tokens.flat_values.numpy()
    ids = ids[~np.isin(ids, around)]
    return float((ids == vocabulary.index("[UNK]")).mean()) if len(ids) else 0.0


def warn_of_unreadable_texts(catalogue: tf.RaggedTensor, preset: Preset) -> None:
    """Logs a warning where the preset knows too little of what the catalogue says."""
    share = unknown_share(catalogue, preset.vocabulary)
    if share > MAX_UNKNOWN_SHARE:
        _log.warning(
            "text: preset %s cannot read %.0f%% of the catalogue's tokens; set text.preset to "
            "bert_base_multi (any script), bert_base_zh or tiny_zh (Chinese), or a checkpoint of "
            "the shop's language", preset.name, 100 * share)
