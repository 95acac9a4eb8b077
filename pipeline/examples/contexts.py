"""Which validation contexts are kept, what for, and how a line of `contexts.jsonl.gz` reads.

A line is `{"context_id", "kind", "source", "role", "query", "profile", "history",
"history_event", "history_age", "relevant", "slices"}`. The id is a hash of the other fields: it
names a line in a report without naming a shopper.

Half of the contexts of a kind tune: they say when training stops and what each arm weighs. The
other half judges: the gate would be too kind on contexts that something was chosen by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam

from pipeline.examples.records import JUDGES, TUNES, Context

MIN_DIVIDED = 200
"""Contexts of a kind below which all do both: a hundred are few to judge by, fewer are none."""


class ChooseContexts(beam.PTransform):
    """Keeps the `limit` contexts of each kind that come first by hash, and divides their roles."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def expand(self, contexts: beam.PCollection[Context]) -> beam.PCollection[Context]:
        """The chosen contexts, in no order."""
        return (
            contexts
            | "KeyByKind" >> beam.Map(lambda context: (context.kind, context))
            | "FirstByHash" >> beam.combiners.Top.PerKey(
                self._limit, key=lambda context: context.order, reverse=True)
            | "DivideRoles" >> beam.FlatMap(lambda chosen: divide_roles(chosen[1]))
        )


def divide_roles(contexts: Sequence[Context]) -> Iterator[Context]:
    """Lets the contexts of one kind tune and judge in turn, or all do both where they are few.

    Args:
        contexts: ordered by their hash.
    """
    for number, context in enumerate(contexts):
        if len(contexts) < MIN_DIVIDED:
            yield context
        else:
            yield context._replace(role=(TUNES, JUDGES)[number % 2])


class RenderContexts(beam.PTransform):
    """Contexts -> the lines of `contexts.jsonl.gz`, sorted by kind and id."""

    def expand(self, contexts: beam.PCollection[Context]) -> beam.PCollection[str]:
        """One line a context."""
        return (
            contexts
            | "Gather" >> beam.combiners.ToList()
            | "Render" >> beam.FlatMap(render_contexts)
        )


def render_contexts(contexts: Iterable[Context]) -> list[str]:
    """JSON lines of the contexts, sorted by kind and id."""
    lines = []
    for context in contexts:
        content = {
            "kind": context.kind,
            "source": context.source,
            "role": context.role,
            "query": context.query,
            "profile": context.profile,
            "history": list(context.history),
            "history_event": list(context.history_event),
            "history_age": list(context.history_age),
            "relevant": context.gains,
            "slices": list(context.slices),
        }
        digest = hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()
        lines.append((context.kind, digest, json.dumps(
            {"context_id": digest, **content}, ensure_ascii=False)))
    return [line for _, _, line in sorted(lines)]
