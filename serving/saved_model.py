"""Reads what a SavedModel says of itself, and registers the custom ops that it needs."""

from __future__ import annotations

import importlib
import importlib.metadata
import pathlib

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from serving.errors import VersionError, sentence

_SCANN_OP_PREFIX = "Scann>"


def read_meta_graph(path: pathlib.Path) -> meta_graph_pb2.MetaGraphDef:
    """The graph of a SavedModel that is tagged for serving.

    Args:
        path: the SavedModel's folder.

    Raises:
        VersionError: no readable `saved_model.pb`, or no graph with the tag `serve`.
    """
    file = path / "saved_model.pb"
    try:
        saved_model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except (OSError, DecodeError) as error:
        raise VersionError(f"{file} cannot be read as a SavedModel: {error}; push it again") from (
            error)
    for meta_graph in saved_model.meta_graphs:
        if tf.saved_model.SERVING in meta_graph.meta_info_def.tags:
            return meta_graph
    raise VersionError(
        f"{file} has no graph tagged {tf.saved_model.SERVING!r}; export it with "
        "tf.saved_model.save")


def register_ops(meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
    """Loads the op libraries of a SavedModel: tensorflow-text, and ScaNN when it is used.

    Raises:
        VersionError: a library is missing or was built for another TensorFlow.
    """
    _import_ops("tensorflow_text", "tensorflow-text", "its tokenizer")
    if any(name.startswith(_SCANN_OP_PREFIX) for name in _op_names(meta_graph)):
        _import_ops("scann.scann_ops.py.scann_ops", "scann", "its ScaNN index")


def _op_names(meta_graph: meta_graph_pb2.MetaGraphDef) -> set[str]:
    """The operations of a graph, those of functions that no signature calls among them.

    They are loaded all the same, and the graph's own list leaves them out.
    """
    graph = meta_graph.graph_def
    return {op.name for op in meta_graph.meta_info_def.stripped_op_list.op} | {
        node.op for nodes in (graph.node, *(f.node_def for f in graph.library.function))
        for node in nodes}


def _import_ops(module: str, package: str, part: str) -> None:
    try:
        importlib.import_module(module)
    except (ImportError, tf.errors.OpError) as error:
        raise VersionError(
            f"the SavedModel needs the ops of {package} for {part}, which cannot be loaded beside "
            f"TensorFlow {tf.__version__} ({package} {_installed(package)}): "
            f"{sentence(error)}; install the {package} built for this TensorFlow, or export "
            "with index.kind=brute_force where ScaNN is what is missing") from error


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
