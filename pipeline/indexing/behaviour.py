"""The behaviour tables: item-to-item evidence and popularity, counted from shoppers' sequences.

Counts know only products that somebody wanted. Products whose text and behaviour vectors are near
lend each other theirs: a history product with few events is read through its neighbours, and a
product that nobody has touched yet is recommended where its neighbours would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import scipy.sparse

from model.cold_start import NEIGHBOURS, nearest
from model.fusion import HALF_LIVES
from model.hybrid import KEPT, BehaviourTables
from model.postings import heaviest
from pipeline.examples import sequences as stored

VISIT_DECAY = 0.8
"""Weight of a pair of products wanted one more visit apart."""

BACKWARD = 0.5
"""Weight of a pair against its order: what was wanted before says less of what comes next."""

AGE_HALF_LIFE = 90.0
"""Days after which a pair counts half, where events have times: assortments and seasons change.
On the invoices of a gift shop it is worth a fifth of this arm's nDCG@10
(benchmarks/item_to_item.py)."""

LENT = 0.5
"""Weight of what is lent to a product against its own evidence, where it has much of that."""

LENT_TO_NEW = 1.5
"""The same of a product that has none, which would else stand behind all others for being new: what
its neighbours' evidence averages to is less than the best of it would be."""

_MOST_LENDERS = 50_000
"""Wanted products that are looked at as neighbours, the most frequent."""

_CHUNK = 1_024
"""Products whose neighbours are looked up at once."""

_SPREAD = 64
"""Products whose evidence is spread at once: each reaches up to half a million before most are
dropped."""

_PAIRS = 4_000_000
"""Pairs gathered before they are summed: some 100 MB."""


def count_behaviour(
    sequences: Iterable[stored.Sequence], product_ids: Sequence[str], vectors: np.ndarray,
    wanted: Mapping[str, int],
) -> BehaviourTables:
    """Counts the tables.

    Args:
        sequences: shoppers' wants.
        product_ids: in the order of the rows.
        vectors: of the products, unit length, `[products, dim]`.
        wanted: how often each product was wanted, for a shop whose judgments tell it alone.
    """
    shoppers = list(_numbered(sequences, product_ids))
    size = len(product_ids)
    if not shoppers:
        popularity = np.zeros((size, 1 + len(HALF_LIVES)), np.float32)
        popularity[:, 0] = np.log1p([wanted.get(product, 0) for product in product_ids])
        return BehaviourTables(None, popularity)
    today = max((int(days.max()) for _, _, days in shoppers if len(days)), default=0)
    counts = np.bincount(
        np.concatenate([np.unique(rows) for rows, _, _ in shoppers]), minlength=size)
    lending = lend(vectors, counts)
    pairs = count_pairs(shoppers, size, today)
    scale = scipy.sparse.diags(1.0 / np.sqrt(np.maximum(counts, 1.0)))
    popularity = _popularity(shoppers, size, today)
    # What nobody has wanted is as popular as what is like it lately, but half as popular ever (of
    # logarithms): where nothing else is known, what sells comes before what might.
    borrowed = lending @ popularity / LENT_TO_NEW * [0.5, *[1.0] * len(HALF_LIVES)]
    popularity = np.where(counts[:, np.newaxis] > 0, popularity, borrowed)
    return BehaviourTables(
        spread_evidence((scale @ pairs @ scale).tocsr(), lending), popularity.astype(np.float32))


def count_pairs(
    shoppers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], size: int, today: int,
) -> scipy.sparse.csr_matrix:
    """Weighted counts of products that one shopper wanted, `[products, products]`.

    A pair counts by the visits between its two wants, by its order and age, and less for a shopper
    who wanted many products: a wholesale buyer's pairs are chance.

    Args:
        shoppers: rows of products oldest first, ordinals of visits, and days (empty for none).
        size: how many products there are.
        today: the day from which ages count.
    """
    total = scipy.sparse.csr_matrix((size, size), dtype=np.float32)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    gathered = 0
    for rows, visits, days in shoppers:
        last = _last_of_each(rows)
        rows, visits = rows[last], visits[last]
        apart = visits[np.newaxis, :] - visits[:, np.newaxis]
        weights = VISIT_DECAY ** np.maximum(np.abs(apart) - 1, 0)
        weights = np.where(apart < 0, BACKWARD * weights, weights) / np.sqrt(len(rows))
        if len(days):
            recent = 0.5 ** ((today - days[last]) / AGE_HALF_LIFE)
            weights *= np.maximum(recent[np.newaxis, :], recent[:, np.newaxis])
        np.fill_diagonal(weights, 0.0)
        parts.append((np.repeat(rows, len(rows)), np.tile(rows, len(rows)), weights.ravel()))
        gathered += weights.size
        if gathered > _PAIRS:
            total, parts, gathered = total + _summed(parts, size), [], 0
    return (total + _summed(parts, size)).tocsr()


def lend(vectors: np.ndarray, counts: np.ndarray) -> scipy.sparse.csr_matrix:
    """How much each product borrows from which wanted ones, `[products, products]`.

    Args:
        vectors: unit length, `[products, dim]`.
        counts: how many shoppers wanted each product, `[products]`.

    Returns:
        Rows that sum to `LENT`, to `LENT_TO_NEW` for a product that nobody wanted and to something
        between for one that few did; nothing is borrowed from itself.
    """
    lenders = np.argsort(-counts, kind="stable")[:min(_MOST_LENDERS, int((counts > 0).sum()))]
    count = min(NEIGHBOURS, len(lenders) - 1)
    size = len(vectors)
    if count < 1:
        return scipy.sparse.csr_matrix((size, size), dtype=np.float32)
    place = np.full(size, -1)
    place[lenders] = np.arange(len(lenders))
    columns, weights = [], []
    known = vectors[lenders].T
    for start in range(0, size, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, size))
        cosine = vectors[rows] @ known
        own = place[rows] >= 0
        cosine[np.flatnonzero(own), place[rows][own]] = -np.inf
        near, share = nearest(cosine, count)
        lent = LENT + (LENT_TO_NEW - LENT) / (1.0 + counts[rows, np.newaxis])
        weights.append(lent * share)
        columns.append(lenders[near])
    return scipy.sparse.csr_matrix(
        (np.concatenate(weights).ravel().astype(np.float32), np.concatenate(columns).ravel(),
         np.arange(size + 1) * count), shape=(size, size))


def spread_evidence(
    evidence: scipy.sparse.csr_matrix, lending: scipy.sparse.csr_matrix,
) -> scipy.sparse.csr_matrix:
    """Evidence between products and those like them, the `KEPT` largest weights of each row.

    With T = I + lending it is T evidence T': a pair's evidence reaches the neighbours of both.
    """
    identity = scipy.sparse.identity(evidence.shape[0], dtype=np.float32, format="csr")
    spread = (identity + lending).tocsr()
    onward = spread.T.tocsr()
    chunks = []
    for start in range(0, evidence.shape[0], _SPREAD):
        known = heaviest(spread[start:start + _SPREAD] @ evidence, 2 * KEPT)
        chunks.append(heaviest(known @ onward, KEPT))
    return scipy.sparse.vstack(chunks, format="csr")


def _popularity(
    shoppers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], size: int, today: int,
) -> np.ndarray:
    """`log1p` of shoppers who wanted each product, ever and lately, `[products, features]`."""
    counts = np.zeros((size, 1 + len(HALF_LIVES)))
    for rows, _, days in shoppers:
        last = _last_of_each(rows)
        counts[rows[last], 0] += 1.0
        if len(days):
            age = (today - days[last])[:, np.newaxis]
            # Ten times: of what is counted in halves and quarters, differences should show.
            counts[rows[last], 1:] += 10.0 * 0.5 ** (age / np.array(HALF_LIVES))
    return np.log1p(counts)


def _numbered(
    sequences: Iterable[stored.Sequence], product_ids: Sequence[str],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows, visits and days of each shopper's wants, without products that there are not."""
    row_of = {product: row for row, product in enumerate(product_ids)}
    for sequence in sequences:
        rows = np.array([row_of.get(product, -1) for product in sequence.products], np.int64)
        known = rows >= 0
        if known.any():
            days = np.array(sequence.days, np.int64)
            yield (rows[known], np.array(sequence.visits, np.int64)[known],
                   days[known] if len(days) else days)


def _last_of_each(rows: np.ndarray) -> np.ndarray:
    """Places of each product's last occurrence, ascending."""
    _, places = np.unique(rows[::-1], return_index=True)
    return np.sort(len(rows) - 1 - places)


def _summed(
    parts: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], size: int,
) -> scipy.sparse.csr_matrix:
    if not parts:
        return scipy.sparse.csr_matrix((size, size), dtype=np.float32)
    rows, columns, weights = (np.concatenate(values) for values in zip(*parts, strict=True))
    return scipy.sparse.csr_matrix(
        (weights.astype(np.float32), (rows, columns)), shape=(size, size))
