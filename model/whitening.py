"""The start of the towers' text adapter: a catalogue's text vectors, spread over all directions."""

from __future__ import annotations

import logging

import numpy as np
import tensorflow as tf

from model import data
from model.blending import standard_error
from model.encoding import BatchEncoder
from model.features import Kind
from model.fitting import Job
from model.validation import TextMeasure

SAMPLE = 5_000
"""Products whose vectors tell how those of a catalogue lie."""

_FLOOR = 0.01
"""Added to each direction's spread, as a share of the widest: what hardly varies is amplified ten
times at the most."""

_NOTHING = 1e-6
"""Spread, as a share of the widest, that is rounding."""

_log = logging.getLogger("emporium.trainer")


def sample_products(products: int, seed: int) -> np.ndarray:
    """Numbers of the products that are looked at, int64 `[sample]`, ascending."""
    if products <= SAMPLE:
        return np.arange(products)
    return np.sort(np.random.default_rng(seed).choice(products, SAMPLE, replace=False))


def adapter_start(
    job: Job, encode: BatchEncoder, catalogue: tf.RaggedTensor, sample: np.ndarray,
) -> np.ndarray:
    """The map of text vectors that training of contexts starts from, float32 `[dim, dim]`.

    It is `half_whitening` of the catalogue. Where there are people's queries to train the encoder
    on, its own cosines are what is trained: there the map has to be better on those held out by
    more than a standard error, or it is the identity.

    Args:
        job: whose queries train and validate.
        encode: the encoder as it was trained.
        catalogue: product tokens by number, `[products, (tokens)]`.
        sample: text vectors of some products, `[sample, dim]`.
    """
    kernel = half_whitening(sample)
    if not data.count(job.train, (Kind.SEARCH,)):
        _log.info("text: vectors are spread by those of the catalogue")
        return kernel
    identity = np.eye(len(kernel), dtype=np.float32)
    asked = data.context_table(job.evaluation, (Kind.SEARCH,), TextMeasure.EXAMPLES)
    if not len(asked):
        _log.info("text: vectors are not spread: no query is held out that could tell")
        return identity
    measure = TextMeasure(encode, asked, catalogue, job.seed)
    queries, products = measure.vectors()
    plain = measure.of(queries, products)
    spread = measure.of(queries @ kernel, to_unit(products @ kernel))
    gain = spread - plain
    better = float(gain.mean()) > standard_error(gain)
    _log.info(
        "text: vectors %s spread by those of the catalogue: nDCG@10 %.4f as they are, %.4f spread",
        "are" if better else "are not", plain.mean(), spread.mean())
    return kernel if better else identity


def half_whitening(vectors: np.ndarray) -> np.ndarray:
    """The map behind which vectors vary more alike in every direction.

    A pretrained encoder was trained to tell all of language apart. The products of one shop lie
    close together in its space, and the few directions that they share decide their cosines.
    Whitening (Su et al. 2021, "Whitening Sentence Representations for Better Semantics and Faster
    Retrieval"; for recommendation Hou et al. 2022, "Towards Universal Sequence Representation
    Learning for Recommender Systems") undoes that without any training. Here it goes half of the
    way: a direction is divided by the root of its spread. And it is about the origin, so that what
    all products share counts as a direction too, and a text of nothing stays nothing.

    Args:
        vectors: of the products, float `[products, dim]`; rows of zeros are texts of nothing.

    Returns:
        float32 `[dim, dim]`, symmetric; mapped vectors have a mean length of 1. The identity
        where all vectors are zero.
    """
    some = vectors[np.any(vectors != 0.0, axis=1)].astype(np.float64)
    if not len(some):
        return np.eye(vectors.shape[1], dtype=np.float32)
    moments, directions = np.linalg.eigh(some.T @ some / len(some))
    spread = np.sqrt(np.maximum(moments, 0.0) / moments.max())
    # What no product has at all, in a catalogue smaller than the vectors, is left as it is.
    factors = np.where(spread > _NOTHING, (spread + _FLOOR) ** -0.5, 1.0)
    kernel = (directions * factors) @ directions.T
    return (kernel / np.linalg.norm(some @ kernel, axis=1).mean()).astype(np.float32)


def to_unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors at unit length; zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
