"""What is decided about the graph."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class GraphSettings:
    """How much evidence an edge needs, and how many of each kind a product has.

    Attributes:
        min_shoppers: different shoppers behind every edge that is drawn from events. With 1 an
            edge could tell what one person bought.
        min_value_products: products that must share an attribute's value for it to be a node: one
            that a single product has connects nothing.
        neighbours: edges of a product to other products, for each relation and kind of evidence,
            at the most.
        reach: how many products apart, in order, two of a visit may be. A wholesaler's basket of
            500 lines has 125,000 pairs, most of them chance: recall@10 of the next item is .240
            with 20 and .234 with 200 (benchmarks/governance/graph.py, online_retail).
        ordered_reach: the same where events have neither session nor date, and a shopper's rows
            are all that is known of a visit. By the same benchmark, on scientific: .111 with 1,
            .121 with 3, .118 with 10.
        min_likeness: cosine of two titles' words, weighted by rarity, from which on products of a
            category are substitutes.
        price_ratio: between substitutes, at the most, where both have a price.
    """

    min_shoppers: int = 2
    min_value_products: int = 2
    neighbours: int = 20
    reach: int = 20
    ordered_reach: int = 3
    min_likeness: float = 0.35
    price_ratio: float = 1.5

    def __post_init__(self) -> None:
        """Refuses what makes no sense.

        Raises:
            ValueError: a setting is below 1, or a likeness not in (0, 1].
        """
        for name, value in dataclasses.asdict(self).items():
            if name != "min_likeness" and value < 1:
                raise ValueError(f"{name} should be at least 1. Received: {value}")
        if not 0 < self.min_likeness <= 1:
            raise ValueError(
                f"min_likeness should be above 0 and at most 1. Received: {self.min_likeness}")
