"""Evidence from the words of a text alone: are they the shop's, and in an order that it uses."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from pipeline.governance.judge.measures import Measures, only_where
from pipeline.governance.judge.texts import Texts
from pipeline.governance.judge.trigrams import Logs, TrigramModel

ORDER_WORDS = 24
"""Words of a description whose order is tried otherwise, the first: of a long one a part tells."""

SHUFFLES, MOVES = 10, 24
"""Orders that are tried: all words shuffled, and a single word moved elsewhere."""


class Fluency:
    """A trigram model of titles and one of all texts.

    Args:
        texts: what is learned from.
    """

    def __init__(self, texts: Texts) -> None:
        self._titles = TrigramModel(texts.title)
        self._all = TrigramModel([*texts.title, *texts.description])

    def measure(self, texts: Texts) -> Measures:
        """How likely titles and descriptions are, and descriptions in other orders."""
        described = np.array([bool(text) for text in texts.description], bool)
        return {
            **_likelihoods("title", self._titles.logs(texts.title)),
            "title unknown": self._unknown(texts.title),
            **only_where(described, {
                **_likelihoods("description", self._all.logs(texts.description)),
                "description unknown": self._unknown(texts.description)}),
            **self._order(texts),
            **_shared_order(texts)}

    def _unknown(self, texts: list[list[str]]) -> np.ndarray:
        """Share of tokens that the shop hardly has."""
        return np.array([
            np.mean([not self._all.knows(token) for token in text]) if text else 0.0
            for text in texts])

    def _order(self, texts: Texts) -> Measures:
        """What other orders of a description's words would be worth.

        A text in its own order is likelier than the same words shuffled, and hardly ever gains by
        moving one of them.
        """
        names = ("order gain", "order z", "best move", "better moves")
        found = np.full((len(names), len(texts)), np.nan)
        orders: list[list[int]] = []
        places: list[int] = []
        for place, words in enumerate(texts.words):
            ids = [self._all.ids(word) for word in words[:ORDER_WORDS]]
            if len(ids) < 3:
                continue
            places.append(place)
            for order in rearrangements(len(ids)):
                orders.append([token for word in order for token in ids[word]])
        if places:
            totals = self._all.logs_of_ids(orders).totals.reshape(len(places), -1)
            own, shuffled, moved = totals[:, 0], totals[:, 1:1 + SHUFFLES], totals[:, 1 + SHUFFLES:]
            gain = own - shuffled.mean(1)
            counts = np.array([min(len(texts.words[place]), ORDER_WORDS) for place in places])
            found[:, places] = (
                gain / counts, gain / np.maximum(shuffled.std(1), 1.0),
                moved.max(1) - own, (moved > own[:, np.newaxis]).mean(1))
        return dict(zip(names, found, strict=True))


@functools.lru_cache(maxsize=ORDER_WORDS)
def rearrangements(count: int) -> tuple[tuple[int, ...], ...]:
    """Orders of so many words, always the same: as it is, `SHUFFLES` shuffled, `MOVES` moved."""
    rng = np.random.default_rng(count)
    as_it_is = list(range(count))
    orders = [tuple(as_it_is)]
    orders += [tuple(rng.permutation(count).tolist()) for _ in range(SHUFFLES)]
    for _ in range(MOVES):
        source, offset = int(rng.integers(count)), int(rng.integers(1, count))
        order = [word for word in as_it_is if word != source]
        order.insert((source + offset) % count, source)
        orders.append(tuple(order))
    return tuple(orders)


def _likelihoods(column: str, logs: Logs) -> Measures:
    lengths = np.diff(logs.offsets)
    words = np.maximum(lengths - 1, 1)
    starts = logs.offsets[:-1]
    total = logs.totals - logs.ends
    alone = np.add.reduceat(logs.alone, starts) - logs.alone[logs.offsets[1:] - 1]
    return {
        f"{column} log": total / words,
        f"{column} log alone": alone / words,
        f"{column} gain": (total - alone) / words,
        f"{column} least": np.minimum.reduceat(logs.words, starts),
        f"{column} start": logs.words[starts],
        f"{column} end": logs.ends,
        f"{column} tokens": (lengths - 1).astype(np.float64)}


def _shared_order(texts: Texts) -> Measures:
    """Whether a description has words that its title has in the same order."""
    neighbours, shared, order = [], [], []
    for title, description, attributes in zip(
            texts.title, texts.description, texts.attributes, strict=True):
        known = {*itertools.pairwise(title), *itertools.pairwise(attributes)}
        neighbours.append(sum(pair in known for pair in itertools.pairwise(description)))
        place = {token: number for number, token in enumerate(title)}
        both = [place[token] for token in dict.fromkeys(description) if token in place]
        ahead = [first < second for i, first in enumerate(both) for second in both[i + 1:]]
        shared.append(len(both))
        order.append((sum(ahead) - len(ahead) / 2) / max(1.0, len(ahead)**0.5))
    return {
        "shared neighbours": np.array(neighbours, np.float64),
        "shared words": np.array(shared, np.float64), "shared order": np.array(order, np.float64)}
