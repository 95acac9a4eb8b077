"""Shoppers' wants in order, without the shoppers: what item-to-item evidence is counted from.

A line of `sequences-*.jsonl.gz` is `{"products", "visits", "days", "held_out"}`: product ids
oldest first, the ordinal of the visit in which each was wanted, the day of each since the epoch
(empty where events have only an order), and how many of the last ones lie beyond the boundary
between training and validation. No line says whose it is.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import tensorflow as tf

from pipeline.examples.histories import Shopper

FILES = "sequences"

MAX_WANTS = 500
"""Latest wants of a shopper that are kept: pairs grow with their square, and what was wanted five
hundred products ago says little of what is wanted now."""

_DAY = 24 * 3600


class Sequence(NamedTuple):
    """One shopper's wants; see the module."""

    products: tuple[str, ...]
    visits: tuple[int, ...]
    days: tuple[int, ...]
    held_out: int


def shopper_sequence(shopper: Shopper) -> Sequence | None:
    """The sequence of a shopper, or None of one who wanted nothing.

    A product wanted several times in a visit counts once, where it was wanted first.
    """
    held_out = {(want.session, want.product_id) for want in shopper.held_out()}
    held_out -= {(want.session, want.product_id) for want in shopper.training()}
    products, visits, days, session, visit = [], [], [], None, -1
    seen: set[tuple[str, str]] = set()
    for want in shopper.wants:
        if want.session != session:
            session, visit = want.session, visit + 1
        if (want.session, want.product_id) in seen:
            continue
        seen.add((want.session, want.product_id))
        products.append(want.product_id)
        visits.append(visit)
        days.append(want.rank // _DAY)
    if not products:
        return None
    return Sequence(
        tuple(products[-MAX_WANTS:]), tuple(visits[-MAX_WANTS:]),
        tuple(days[-MAX_WANTS:]) if shopper.timed else (), min(len(held_out), MAX_WANTS))


def render_sequence(sequence: Sequence) -> str:
    """The JSON line of a sequence."""
    return json.dumps(sequence._asdict(), ensure_ascii=False)


def parse_sequence(line: str) -> Sequence:
    """The sequence of a JSON line."""
    row = json.loads(line)
    return Sequence(
        tuple(row["products"]), tuple(row["visits"]), tuple(row["days"]), row["held_out"])


def read_sequences(folder: str) -> Iterator[Sequence]:
    """The sequences of an artifact's folder."""
    for path in sorted(tf.io.gfile.glob(os.path.join(folder, f"{FILES}-*.jsonl.gz"))):
        with tf.io.gfile.GFile(path, "rb") as packed, gzip.open(
                packed, "rt", encoding="utf-8") as lines:
            yield from map(parse_sequence, lines)


def without_held_out(sequences: Iterable[Sequence]) -> Iterator[Sequence]:
    """The sequences as they were at the boundary; those that began later are left out."""
    for sequence in sequences:
        kept = len(sequence.products) - sequence.held_out
        if kept > 0:
            yield Sequence(
                sequence.products[:kept], sequence.visits[:kept], sequence.days[:kept], 0)
