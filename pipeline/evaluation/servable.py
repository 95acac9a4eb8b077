"""Asks a serving SavedModel for its rankings, through the signatures that a server calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tqdm

from model.signatures import BACKTEST
from pipeline.evaluation.data import Catalogue, Context
from pipeline.evaluation.metrics import NOTHING, Ints
from pipeline.serving_validation.probe import load_servable, padded

_CONTEXTS_AT_ONCE = 64


class Servable:
    """A loaded SavedModel with the signatures `search` and `recommend`."""

    def __init__(self, path: str):
        """Loads the SavedModel in folder `path`.

        Raises:
            ValueError: a signature is missing.
        """
        # The loaded object owns the variables: signatures alone would lose them.
        self._loaded: Any = load_servable(path)
        missing = {"search", "recommend"} - set(self._loaded.signatures)
        if missing:
            raise ValueError(
                f"SavedModel {path} should have the signatures search and recommend. Received "
                f"{sorted(self._loaded.signatures)}")

    def rankings(
        self, contexts: Sequence[Context], catalogue: Catalogue, depth: int, label: str
    ) -> Ints:
        """Ranks the catalogue for each context, in batches, with a progress bar.

        A recommend context excludes its own history: what a shopper already has is not what is
        measured.

        Args:
            contexts: of both kinds, in any order.
            catalogue: numbers the products; what it does not know becomes `NOTHING`.
            depth: ranks kept; a signature that returns fewer leaves `NOTHING`.
            label: of the progress bar.

        Returns:
            Product numbers `[contexts, depth]`.
        """
        rankings = np.full((len(contexts), depth), NOTHING, np.int64)
        with tqdm.tqdm(total=len(contexts), desc=label, unit=" contexts", mininterval=2) as bar:
            for kind, ask in (("search", self._search), ("recommend", self._recommend)):
                rows = [row for row, context in enumerate(contexts) if context.kind == kind]
                for start in range(0, len(rows), _CONTEXTS_AT_ONCE):
                    batch = rows[start:start + _CONTEXTS_AT_ONCE]
                    for row, ids in zip(batch, ask([contexts[r] for r in batch]), strict=True):
                        numbers = _numbers(ids, catalogue)[:depth]
                        rankings[row, :len(numbers)] = numbers
                    bar.update(len(batch))
        return rankings

    def _signature(self, *names: str) -> Any:
        """The first of these that there is, in the form that knows nothing of validation."""
        signatures = self._loaded.signatures
        preferred = [BACKTEST + name for name in names] + list(names)
        return next(signatures[name] for name in preferred if name in signatures)

    def _search(self, contexts: Sequence[Context]) -> list[list[bytes]]:
        queries = tf.constant([context.query for context in contexts], tf.string)
        answer = self._signature("search")(query=queries)
        return answer["product_id"].numpy().tolist()

    def _recommend(self, contexts: Sequence[Context]) -> list[list[bytes]]:
        # What is live may be from before there were events.
        signature = self._signature("recommend_events", "recommend")
        specs = signature.structured_input_signature[1]
        histories = [context.history for context in contexts]
        lists: dict[str, list[Any]] = {
            "history": histories, "exclude": histories,
            "history_event": [context.history_event for context in contexts],
            "history_age": [context.history_age for context in contexts]}
        answer = signature(
            **{name: padded(rows, specs[name]) for name, rows in lists.items() if name in specs},
            profile=tf.constant([context.profile for context in contexts], tf.string),
            query=tf.constant([context.query for context in contexts], tf.string))
        return answer["product_id"].numpy().tolist()


def _numbers(ids: Sequence[bytes], catalogue: Catalogue) -> list[int]:
    """Numbers the results of one context; a product counts at its first rank only."""
    distinct = dict.fromkeys(product.decode("utf-8", "replace") for product in ids)
    return [
        catalogue.number_of.get(product, NOTHING) for product in distinct if product != ""
    ]
