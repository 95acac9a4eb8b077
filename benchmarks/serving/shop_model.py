"""A servable of a given size through the project's own export, and queries for it.

Its weights are random: what is measured is what a call costs, not what it answers. The products'
vectors lie in clusters and their titles follow a shop's frequencies of words, so that index and
postings do the work that they do in a shop.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from benchmarks.index_size import catalogue
from model import exporting, trainer
from model.fusion import prior_weights
from model.hybrid import Behaviour, Hybrid
from model.lexical import Field, LexicalIndex
from model.presets import load_preset
from model.product_ids import ProductIds
from model.settings import Text, Training
from model.signatures import Servable
from model.text_encoder import TextEncoder
from pipeline.config import Index
from pipeline.examples.sequences import Sequence as Wants
from pipeline.indexing import servable
from pipeline.indexing.behaviour import count_behaviour
from pipeline.indexing.search import build_index

PRESETS = {"2x128": "tiny", "6x384": "minilm"}
"""Layers and width of the query tower, and the preset that has them."""

_SHOPPERS = 5_000
_WANTS_EACH = 8
_WORDS = 8_000
_WARMUP_REQUESTS = 20


def export_version(folder: pathlib.Path, shape: str, products: int, index: Index) -> pathlib.Path:
    """Writes FOLDER/1, a version as `emporium run` pushes it, where it is not there yet.

    Args:
        folder: of the versions.
        shape: one of `PRESETS`.
        products: size of the catalogue.
        index: kind of index, arms and K.
    """
    version = folder / "1"
    if version.exists():
        return version
    generator = np.random.default_rng(0)
    ids = [f"p{number}" for number in range(products)]
    titles = texts(generator, products, 4, 9)
    preset = load_preset(PRESETS[shape])
    encoder = TextEncoder(preset)
    vectors = catalogue(products, generator, encoder.dimension)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as scratch:
        towers = str(pathlib.Path(scratch, "towers"))
        model = trainer._context_model(
            Training(), np.zeros((products, encoder.dimension), "f4"), np.zeros(products, bool),
            np.zeros(products, "f4"))
        exporting.export_towers(encoder, model, preset, Text(preset=preset.name), towers)
        built = build_index(vectors, index, vectors[:300])
        hybrid = Hybrid(
            tf.Variable(vectors, trainable=False), built.search, built.state,
            LexicalIndex([Field(titles, 1.0)], products) if "lexical" in index.arms else None,
            index.arms, prior_weights(index.arms), index.top_k)
        module = Servable(
            tf.saved_model.load(towers), ProductIds(ids, {}, pathlib.Path(scratch, "ids.txt")),
            hybrid, _behaviour(generator, ids, vectors), None)
        saved = pathlib.Path(scratch, "servable")
        servable.save_servable(module, built, str(saved))
        servable.write_description(str(saved), module, built, {})
        servable.write_warmup(str(saved), titles[:64], ids[:64], _WARMUP_REQUESTS)
        saved.rename(version)
    return version


def texts(generator: np.random.Generator, count: int, shortest: int, longest: int) -> list[str]:
    """Texts of so many words, of which few are frequent."""
    words = [word for word in load_preset("tiny").vocabulary if word.isalpha() and len(word) > 3]
    words = words[:_WORDS]
    shares = 1 / np.arange(10, len(words) + 10)
    drawn = generator.choice(len(words), (count, longest), p=shares / shares.sum())
    lengths = generator.integers(shortest, longest + 1, count)
    return [" ".join(words[word] for word in row[:length])
            for row, length in zip(drawn, lengths, strict=True)]


def queries(count: int) -> list[str]:
    """Different queries of one to four words: none of them is in a cache."""
    generator = np.random.default_rng(1)
    found: dict[str, None] = {}
    while len(found) < count:
        found.update(dict.fromkeys(texts(generator, count, 1, 4)))
    return list(found)[:count]


def _behaviour(
    generator: np.random.Generator, ids: Sequence[str], vectors: np.ndarray,
) -> Behaviour:
    chosen = generator.zipf(1.3, (_SHOPPERS, _WANTS_EACH)) % len(ids)
    visits = tuple(range(_WANTS_EACH))
    wants = [Wants(tuple(ids[row] for row in rows), visits, visits, 0) for rows in chosen]
    return Behaviour(count_behaviour(wants, ids, vectors, {}))
