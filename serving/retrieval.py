"""The typed requests and answers of the retrieval signatures, to and from arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Result:
    """A product with its score; higher is better."""

    product_id: str
    score: float


@dataclasses.dataclass(frozen=True)
class Context:
    """What is known of a shopper; any part may be empty.

    Attributes:
        history: product ids, oldest first; unknown ones are ignored.
        profile: free text.
        query: the search that led here.
        exclude: product ids that must not be in the answer.
        events: what was done with each product of the history (view, click, cart, purchase,
            rating), "" for unknown; none at all where nothing is known.
        ages: days since then, negative for unknown; likewise.

    Raises:
        ValueError: there are events or ages, but not one a product.
    """

    history: Sequence[str] = ()
    profile: str = ""
    query: str = ""
    exclude: Sequence[str] = ()
    events: Sequence[str] = ()
    ages: Sequence[float] = ()

    def __post_init__(self) -> None:
        for name, values in (("events", self.events), ("ages", self.ages)):
            if len(values) not in (0, len(self.history)):
                raise ValueError(
                    f"{name} should be as many as the products of the history, "
                    f"{len(self.history)}, or none. Received: {len(values)}")


def text_array(texts: Sequence[str]) -> np.ndarray:
    """Strings as the object array [len(texts)] of UTF-8 bytes that TensorFlow takes."""
    array = np.empty(len(texts), dtype=object)
    # Arguments of a command line may hold bytes that are no text, as lone surrogates.
    array[:] = [text.encode("utf-8", errors="replace") for text in texts]
    return array


def recommend_request(contexts: Sequence[Context]) -> tuple[str, dict[str, np.ndarray]]:
    """The signature that takes all that is known of the contexts, and its inputs."""
    inputs = padded(contexts)
    if not any(len(context.events) or len(context.ages) for context in contexts):
        return "recommend", inputs
    ages = np.full(inputs["history"].shape, -1.0, np.float32)
    for position, context in enumerate(contexts):
        ages[position, :len(context.ages)] = context.ages
    events = np.full(ages.shape, b"", dtype=object)
    for position, context in enumerate(contexts):
        events[position, :len(context.events)] = text_array(context.events)
    return "recommend_events", {**inputs, "history_event": events, "history_age": ages}


def padded(contexts: Sequence[Context]) -> dict[str, np.ndarray]:
    """The inputs of `recommend`; lists are padded with "" to the longest of the batch.

    Returns:
        history [B, H], profile [B], query [B] and exclude [B, X], with H and X at least 1.
    """
    return {
        "history": _padded([context.history for context in contexts]),
        "profile": text_array([context.profile for context in contexts]),
        "query": text_array([context.query for context in contexts]),
        "exclude": _padded([context.exclude for context in contexts]),
    }


def results_of(outputs: Mapping[str, np.ndarray], top_k: int | None = None) -> list[list[Result]]:
    """The results in the outputs of a retrieval signature, without the "" that fill up to K.

    Args:
        outputs: product_id string [B, K] and score float [B, K], best first.
        top_k: results a row at the most; None means all.
    """
    return [
        [Result(product_id.decode("utf-8", errors="replace"), score)
         for product_id, score in zip(ids, scores, strict=True) if product_id][:top_k]
        for ids, scores in zip(
            outputs["product_id"].tolist(), outputs["score"].tolist(), strict=True)]


def _padded(rows: Sequence[Sequence[str]]) -> np.ndarray:
    width = max([1, *(len(row) for row in rows)])
    array = np.full((len(rows), width), b"", dtype=object)
    for position, row in enumerate(rows):
        array[position, :len(row)] = text_array(row)
    return array
