"""Reads BERT checkpoints in Hugging Face's layout into KerasNLP's BertBackbone."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterator

import keras_nlp
import numpy as np
import safetensors.numpy
import tf_keras as keras

SIZES = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
}
"""BertBackbone's names of the sizes, and those of `config.json`."""


_UNREAD = "pooler."
"""Weights that no text vector is made of; checkpoints of masked language models lack them."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or does not fit; the message names what is wrong in it."""


def read_sizes(folder: pathlib.Path) -> dict[str, int]:
    """BertBackbone's size arguments from a checkpoint's `config.json`.

    Raises:
        CheckpointError: not a BERT with exact GELU, or a size is missing.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"checkpoint {path}: cannot be read: {error}") from error
    for key, expected in (("model_type", "bert"), ("hidden_act", "gelu")):
        if config.get(key) != expected:
            raise CheckpointError(
                f"checkpoint {path}: {key} should be {expected!r}. Received: {config.get(key)!r}")
    missing = [key for key in SIZES.values() if key not in config]
    if missing:
        raise CheckpointError(f"checkpoint {path}: expected {', '.join(missing)}, found none")
    return {name: config[key] for name, key in SIZES.items()}


def check_weights(folder: pathlib.Path) -> None:
    """Opens `model.safetensors` and reads its index, but no tensor.

    Raises:
        CheckpointError: the file cannot be read, or is cut off.
    """
    path = folder / "model.safetensors"
    with _readable(path), safetensors.safe_open(path, framework="numpy"):
        pass


def load_weights(backbone: keras_nlp.models.BertBackbone, folder: pathlib.Path) -> None:
    """Assigns every weight of `backbone` from `model.safetensors`.

    Raises:
        CheckpointError: the file cannot be read, or a tensor is missing or has another shape.
    """
    path = folder / "model.safetensors"
    with _readable(path):
        tensors = safetensors.numpy.load_file(path)
    tensors = {_current_name(name): value for name, value in tensors.items()}
    for variable, name, transposed in _mapping(backbone):
        if name not in tensors and name.startswith(_UNREAD):
            continue
        if name not in tensors:
            raise CheckpointError(f"checkpoint {path}: tensor {name!r} is missing")
        value = tensors[name].astype(np.float32)
        value = value.T if transposed else value
        if value.size != np.prod(variable.shape):
            raise CheckpointError(
                f"checkpoint {path}: tensor {name!r} should have the shape {variable.shape}. "
                f"Received: {value.shape}")
        # Attention kernels are (hidden, heads, head size) here and flat there.
        variable.assign(value.reshape(variable.shape))


def _current_name(name: str) -> str:
    """A tensor's name as bare encoders have it today.

    Checkpoints with heads, as bert-base-chinese, put the encoder's attribute before every name,
    and those that were converted from TensorFlow call a norm's parameters gamma and beta.
    """
    name = name.removeprefix("bert.")
    for old, new in (("gamma", "weight"), ("beta", "bias")):
        if name.endswith(f".LayerNorm.{old}"):
            return name.removesuffix(old) + new
    return name


@contextlib.contextmanager
def _readable(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(
            f"checkpoint {path}: cannot be read as safetensors: {error}; copy it again, whole"
        ) from error


def _mapping(
    backbone: keras_nlp.models.BertBackbone,
) -> Iterator[tuple[keras.backend.Variable, str, bool]]:
    """Pairs of a variable and a tensor's name, and whether the tensor is transposed."""
    yield backbone.token_embedding.embeddings, "embeddings.word_embeddings.weight", False
    yield (backbone.position_embedding.position_embeddings,
           "embeddings.position_embeddings.weight", False)
    yield backbone.segment_embedding.embeddings, "embeddings.token_type_embeddings.weight", False
    yield from _norm(backbone.embeddings_layer_norm, "embeddings.LayerNorm")
    for number, layer in enumerate(backbone.transformer_layers):
        prefix = f"encoder.layer.{number}"
        attention = layer._self_attention_layer
        for dense, part in ((attention._query_dense, "query"), (attention._key_dense, "key"),
                            (attention._value_dense, "value")):
            yield from _dense(dense, f"{prefix}.attention.self.{part}")
        yield from _dense(attention._output_dense, f"{prefix}.attention.output.dense")
        yield from _norm(layer._self_attention_layer_norm, f"{prefix}.attention.output.LayerNorm")
        yield from _dense(layer._feedforward_intermediate_dense, f"{prefix}.intermediate.dense")
        yield from _dense(layer._feedforward_output_dense, f"{prefix}.output.dense")
        yield from _norm(layer._feedforward_layer_norm, f"{prefix}.output.LayerNorm")
    yield from _dense(backbone.pooled_dense, "pooler.dense")


def _dense(layer: keras.layers.Layer, name: str) -> Iterator[tuple]:
    yield layer.kernel, f"{name}.weight", True
    yield layer.bias, f"{name}.bias", False


def _norm(layer: keras.layers.Layer, name: str) -> Iterator[tuple]:
    yield layer.gamma, f"{name}.weight", False
    yield layer.beta, f"{name}.bias", False
