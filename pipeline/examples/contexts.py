"""Which validation contexts are kept, and how a line of `contexts.jsonl.gz` reads.

A line is `{"context_id", "kind", "query", "profile", "history", "history_event", "history_age",
"relevant", "slices"}`. The id is a hash of the other fields: it names a line in a report without
naming a shopper.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import apache_beam as beam

from pipeline.examples.records import Context


class ChooseContexts(beam.PTransform):
    """Keeps the `limit` contexts of each kind that come first by hash."""

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
            | "Ungroup" >> beam.FlatMap(lambda chosen: chosen[1])
        )


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
