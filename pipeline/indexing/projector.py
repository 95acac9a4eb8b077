"""The catalogue's vectors with titles, for TensorBoard's embedding projector."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.plugins import projector

_FILES = "projector"

_MAX_PRODUCTS = 5_000
"""What a browser shows smoothly."""


def write_projector(
    folder: str, vectors: np.ndarray, titles: Sequence[str], product_ids: Sequence[str],
    categories: Sequence[str],
) -> None:
    """Writes vectors and titles into `folder/projector`, the configuration into `folder`.

    TensorBoard looks for the configuration in the folder that it is given and in those with curves.

    Args:
        folder: of all logs, which TensorBoard is given.
        vectors: `[products, dim]`.
        titles: of the same products.
        product_ids: of the same products.
        categories: of the same products.
    """
    step = max(1, -(-len(vectors) // _MAX_PRODUCTS))
    rows = range(0, len(vectors), step)
    files = os.path.join(folder, _FILES)
    tf.io.gfile.makedirs(files)
    _write_lines(files, "vectors.tsv", ("\t".join(f"{x:.5f}" for x in vectors[r]) for r in rows))
    _write_lines(files, "products.tsv", [
        "title\tproduct_id\tcategory",
        *("\t".join(_cell(column[r]) for column in (titles, product_ids, categories))
          for r in rows)])
    config = projector.ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = "products"
    embedding.tensor_path = f"{_FILES}/vectors.tsv"
    embedding.metadata_path = f"{_FILES}/products.tsv"
    with tf.io.gfile.GFile(os.path.join(folder, "projector_config.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(config))


def _cell(text: str) -> str:
    return " ".join(text.split())


def _write_lines(folder: str, name: str, lines: Iterable[str]) -> None:
    with tf.io.gfile.GFile(os.path.join(folder, name), "w") as file:
        for line in lines:
            file.write(f"{line}\n")
