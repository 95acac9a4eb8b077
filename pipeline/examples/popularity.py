"""How often each product was wanted: the baseline to beat, and what divides products into bands.

Only training counts: with what is held out, both would know the answers that they are judged by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import apache_beam as beam


class CountPopularity(beam.PTransform):
    """Product ids -> the text of `popularity.json`, `{product_id: count}` in the ids' order.

    One element even where nothing was wanted.
    """

    def expand(self, wants: beam.PCollection[str]) -> beam.PCollection[str]:
        """Counts by product and renders."""
        return (
            wants
            | "CountEach" >> beam.combiners.Count.PerElement()
            | "Gather" >> beam.combiners.ToList()
            | "Render" >> beam.Map(render_popularity)
        )


def render_popularity(counts: Iterable[tuple[str, int]]) -> str:
    """The JSON text of counts."""
    return json.dumps(dict(sorted(counts)), ensure_ascii=False)
