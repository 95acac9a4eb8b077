"""What flows between the transforms: table rows, contexts and examples as named tuples.

Tuples pickle to a fraction of a tf.Example's size, so that is what shuffles carry; a tf.Example
is read at one end and written at the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

SEARCH = "search"
RECOMMEND = "recommend"
CATALOGUE = "catalogue"

TRAIN = "train"
EVAL = "eval"

TUNES = "tunes"
JUDGES = "judges"
BOTH = "both"


class Product(NamedTuple):
    """A catalogue row; `attributes` is JSON as ingested, or readable text once cleaned."""

    product_id: str
    title: str = ""
    description: str = ""
    brand: str = ""
    category: str = ""
    attributes: str = ""


class Event(NamedTuple):
    """An event row without its user; `time` is seconds UTC or None, `position` the row's order."""

    product_id: str
    event: str
    position: int
    time: int | None = None
    query: str = ""
    value: float | None = None
    session: str = ""


class Judgment(NamedTuple):
    """A judged (query, product); `split` is "train", "validation" or "" where not given."""

    query: str
    product_id: str
    grade: float
    split: str = ""


class Draft(NamedTuple):
    """A training example before the product's text and probability are joined.

    Attributes:
        split: "train" or "eval".
        kind: "search", "recommend" or "catalogue".
        product_id: the positive product.
        positives: every known positive of the context, `product_id` among them.
        weight: in (0, 1].
        query: text, "" if none.
        profile: text, "" if none.
        history: product ids, oldest first.
        history_event: what was done with each of them, "" for unknown.
        history_age: days from then to when the product was wanted, -1 for unknown.
        titled: False when the query is the product's title, which the product then must not show.
        negatives: other products that raters judged for the same query, and too low for a
            positive, with their grades as shares of the largest, in [0, 1).
    """

    split: str
    kind: str
    product_id: str
    positives: tuple[str, ...]
    weight: float
    query: str = ""
    profile: str = ""
    history: tuple[str, ...] = ()
    history_event: tuple[str, ...] = ()
    history_age: tuple[float, ...] = ()
    titled: bool = True
    negatives: tuple[tuple[str, float], ...] = ()

    @property
    def family(self) -> str:
        """Examples of a family compete for the same softmax: recommend, or everything textual."""
        return RECOMMEND if self.kind == RECOMMEND else SEARCH


class Context(NamedTuple):
    """A validation context and its answers.

    Attributes:
        kind: "search" or "recommend"; says which signature answers it.
        source: kind of the examples made of it: "search", "recommend" or "catalogue".
        order: uniform hash in [0, 1) by which contexts are chosen.
        gains: product id -> gain, over 0.
        positives: (product id, weight) that become examples of the eval split.
        history, history_event, history_age: as in `Draft`.
        role: whether it tells when training stops and what arms weigh ("tunes"), whether it is
            what the gate looks at ("judges"), or both.
    """

    kind: str
    source: str
    order: float
    gains: dict[str, float]
    positives: tuple[tuple[str, float], ...]
    slices: tuple[str, ...] = ()
    query: str = ""
    profile: str = ""
    history: tuple[str, ...] = ()
    history_event: tuple[str, ...] = ()
    history_age: tuple[float, ...] = ()
    role: str = BOTH


def read_product(serialized: bytes) -> Product:
    """A row of the products table."""
    example = tf.train.Example.FromString(serialized)
    return Product(*(_text(example, name) for name in Product._fields))


def read_event(serialized: bytes) -> tuple[str, Event]:
    """A row of the events table, keyed by user."""
    example = tf.train.Example.FromString(serialized)
    return _text(example, "user_id"), Event(
        product_id=_text(example, "product_id"),
        event=_text(example, "event"),
        position=int(_number(example, "position") or 0),
        time=_integer(example, "timestamp"),
        query=_query(example),
        value=_number(example, "value"),
        session=_text(example, "session_id"),
    )


def read_profile(serialized: bytes) -> tuple[str, str]:
    """A row of the users table: user id -> profile text."""
    example = tf.train.Example.FromString(serialized)
    return _text(example, "user_id"), _text(example, "profile")


def read_judgment(serialized: bytes) -> Judgment:
    """A row of the judgments table."""
    example = tf.train.Example.FromString(serialized)
    return Judgment(
        query=_query(example),
        product_id=_text(example, "product_id"),
        grade=_number(example, "grade") or 0.0,
        split=_text(example, "split"),
    )


def write_example(draft: Draft, product: Product, sampling_probability: float) -> bytes:
    """The serialized training example of a draft, every feature of the contract present.

    Raises:
        ValueError: the history's events or ages are not one a product.
    """
    lengths = {
        name: len(getattr(draft, name)) for name in ("history", "history_event", "history_age")}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"A draft's history should have an event and an age a product. Received: {lengths}")
    example = tf.train.Example(features=tf.train.Features(feature={
        "kind": _bytes([draft.kind]),
        "query": _bytes([draft.query]),
        "profile": _bytes([draft.profile]),
        "history": _bytes(draft.history),
        "history_event": _bytes(draft.history_event),
        "history_age": _floats(draft.history_age),
        "product_id": _bytes([product.product_id]),
        "title": _bytes([product.title if draft.titled else ""]),
        "description": _bytes([product.description]),
        "brand": _bytes([product.brand]),
        "category": _bytes([product.category]),
        "attributes": _bytes([product.attributes]),
        "positives": _bytes(draft.positives),
        "negatives": _bytes([product_id for product_id, _ in draft.negatives]),
        "negative_grades": _floats([grade for _, grade in draft.negatives]),
        "weight": _floats([draft.weight]),
        "sampling_probability": _floats([sampling_probability]),
    }))
    return example.SerializeToString(deterministic=True)


def _text(example: tf.train.Example, name: str) -> str:
    features = example.features.feature
    if name not in features:  # Reading a missing key would add it to the map.
        return ""
    values = features[name].bytes_list.value
    return values[0].decode("utf-8", errors="replace") if values else ""


def _query(example: tf.train.Example) -> str:
    return " ".join(_text(example, "query").split())


def _integer(example: tf.train.Example, name: str) -> int | None:
    number = _number(example, name)
    return None if number is None else int(number)


def _number(example: tf.train.Example, name: str) -> float | None:
    features = example.features.feature
    if name not in features:
        return None
    values = features[name].int64_list.value or features[name].float_list.value
    return values[0] if values else None


def _bytes(texts: Sequence[str]) -> tf.train.Feature:
    return tf.train.Feature(
        bytes_list=tf.train.BytesList(value=[text.encode("utf-8") for text in texts]))


def _floats(numbers: Sequence[float]) -> tf.train.Feature:
    return tf.train.Feature(float_list=tf.train.FloatList(value=numbers))
