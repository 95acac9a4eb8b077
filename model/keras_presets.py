"""Reads BERT presets in KerasNLP's layout, whichever Keras saved them.

KerasNLP's own loader takes neither precision nor dropout, and under Keras 2 it stops at what a
recent Keras 3 saved: a tokenizer's dtype is an object there, attention's parts have other names.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import h5py
import keras_nlp
import numpy as np
import tf_keras as keras

from model.checkpoints import SIZES, CheckpointError

_ATTENTION = ("query_dense", "key_dense", "value_dense", "output_dense")


def read_tokenizer(name: str) -> tuple[tuple[str, ...], bool]:
    """Vocabulary of a preset, and whether it is said to lower-case.

    Args:
        name: folder, name or address that KerasNLP knows; fetched unless it is a folder.

    Raises:
        OSError, ValueError: a file is missing, cannot be fetched or read.
    """
    text = _file(name, "assets/tokenizer/vocabulary.txt").read_text(encoding="utf-8")
    lowercase = bool(_read_config(name, "tokenizer.json").get("lowercase", False))
    return tuple(text.rstrip("\n").split("\n")), lowercase


def read_sizes(name: str) -> dict[str, int]:
    """BertBackbone's size arguments from a preset's `config.json`.

    Raises:
        CheckpointError: a size is missing, as with another architecture.
    """
    config = _read_config(name, "config.json")
    missing = [size for size in SIZES if size not in config]
    if missing:
        raise CheckpointError(
            f"preset {name}: config.json should be of a BertBackbone; it lacks "
            f"{', '.join(missing)}")
    return {size: config[size] for size in SIZES}


def load_weights(backbone: keras_nlp.models.BertBackbone, name: str) -> None:
    """Assigns every weight of `backbone` from the preset's `model.weights.h5`.

    Raises:
        CheckpointError: the file cannot be read, or a weight is missing or has another shape.
    """
    path = _file(name, "model.weights.h5")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise CheckpointError(
            f"preset {path}: cannot be read as HDF5: {error}; copy it again, whole") from error
    with file:
        for layer, groups in _mapping(backbone):
            found = [group for group in groups if group in file]
            stored = [np.array(value) for _, value in sorted(
                file[found[0]].items(), key=lambda item: int(item[0]))] if found else []
            shapes = [tuple(weight.shape) for weight in layer.weights]
            if [value.shape for value in stored] != shapes:
                raise CheckpointError(
                    f"preset {path}: {groups[0]} should hold the shapes {shapes}. Received: "
                    f"{[value.shape for value in stored]}")
            layer.set_weights(stored)


def _file(name: str, file: str) -> pathlib.Path:
    if pathlib.Path(name).is_dir():
        return pathlib.Path(name, file)
    # There is no public way to fetch a preset without loading it.
    from keras_nlp.src.utils import preset_utils

    return pathlib.Path(preset_utils.get_file(name, file))


def _read_config(name: str, file: str) -> dict[str, Any]:
    return json.loads(_file(name, file).read_text(encoding="utf-8")).get("config", {})


def _mapping(
    backbone: keras_nlp.models.BertBackbone,
) -> Iterator[tuple[keras.layers.Layer, list[str]]]:
    """Pairs of a layer with weights and the groups of the file that may hold them."""
    yield backbone.token_embedding, ["layers/reversible_embedding/vars"]
    yield backbone.position_embedding, ["layers/position_embedding/vars"]
    yield backbone.segment_embedding, ["layers/embedding/vars"]
    yield backbone.embeddings_layer_norm, ["layers/layer_normalization/vars"]
    yield backbone.pooled_dense, ["layers/dense/vars"]
    for number, layer in enumerate(backbone.transformer_layers):
        group = "layers/transformer_encoder" + (f"_{number}" if number else "")
        for part in ("_self_attention_layer_norm", "_feedforward_layer_norm",
                     "_feedforward_intermediate_dense", "_feedforward_output_dense"):
            yield getattr(layer, part), [f"{group}/{part}/vars"]
        for part in _ATTENTION:
            yield getattr(layer._self_attention_layer, f"_{part}"), [
                f"{group}/_self_attention_layer/{prefix}{part}/vars" for prefix in ("_", "")]
