"""How often each product was wanted: the baseline to beat, and the fallback of an empty context."""

from __future__ import annotations

import json
from collections.abc import Iterable

import apache_beam as beam


class CountPopularity(beam.PTransform):
    """(product id, (count in training, count)) pairs -> the text of `popularity.json`.

    The text is `{"train": {product_id: count}, "all": {product_id: count}}`, products with a
    count over 0 only, in the order of their ids; one element even where nothing was counted.
    """

    def expand(
        self, pairs: beam.PCollection[tuple[str, tuple[int, int]]]
    ) -> beam.PCollection[str]:
        """Sums by product and renders."""
        return (
            pairs
            | "SumByProduct" >> beam.CombinePerKey(beam.combiners.TupleCombineFn(sum, sum))
            | "Gather" >> beam.combiners.ToList()
            | "Render" >> beam.Map(render_popularity)
        )


def render_popularity(counts: Iterable[tuple[str, tuple[int, int]]]) -> str:
    """The JSON text of summed counts."""
    ordered = sorted(counts)
    return json.dumps({
        "train": {product_id: trained for product_id, (trained, _) in ordered if trained},
        "all": {product_id: total for product_id, (_, total) in ordered if total},
    }, ensure_ascii=False)
