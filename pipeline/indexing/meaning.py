"""How alike products are in what their texts mean, untouched by what shoppers did."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from model.lexical import KEPT_ALIKE
from model.whitening import half_whitening, sample_products
from pipeline.config import Index
from pipeline.indexing.search import neighbours


def alike_in_meaning(text_vectors: np.ndarray, settings: Index) -> scipy.sparse.csr_matrix:
    """Cosines of products' half whitened text vectors, the `KEPT_ALIKE` largest of each.

    Training moves the towers toward what is wanted together, and away from what nobody has wanted
    yet. What a text says of a product's likeness stays true, of new products above all.

    Args:
        text_vectors: as the encoder reads them, float `[products, dim]`.
        settings: the section `index`.

    Returns:
        float32 `[products, products]`, none below 0; nothing on the diagonal.
    """
    size = len(text_vectors)
    spread = text_vectors @ half_whitening(text_vectors[sample_products(size, seed=0)])
    spread /= np.maximum(np.linalg.norm(spread, axis=1, keepdims=True), 1e-9)
    cosines, near = neighbours(spread, settings, min(1 + KEPT_ALIKE, size))
    rows, columns = np.repeat(np.arange(size), near.shape[1]), near.ravel()
    kept = (columns >= 0) & (columns < size) & (columns != rows) & (cosines.ravel() > 0.0)
    return scipy.sparse.csr_matrix(
        (cosines.ravel()[kept], (rows[kept], columns[kept])), shape=(size, size),
        dtype=np.float32)
