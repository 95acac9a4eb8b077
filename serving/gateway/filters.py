"""What a shopper narrows an answer by, and the counts that the page offers for it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from serving.gateway.catalogue import Product

MAX_BRANDS = 30
MAX_CATEGORIES = 60


@dataclasses.dataclass(frozen=True)
class Filters:
    """Conditions that a product has to meet, all of them.

    Attributes:
        brands: any of these, without regard to case; none at all means any brand.
        category: the path has to begin with these names, without regard to case.
        price_min: a product without a price fails where either limit is given.
        price_max: likewise.
    """

    brands: frozenset[str] = frozenset()
    category: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None

    @classmethod
    def of(cls, brands: Iterable[str], category: Sequence[str], price_min: float | None,
           price_max: float | None) -> Filters:
        """Filters of texts as they were sent."""
        return cls(
            frozenset(brand.casefold() for brand in brands),
            tuple(name.casefold() for name in category), price_min, price_max)

    def __bool__(self) -> bool:
        return self != Filters()

    def accepts(self, product: Product) -> bool:
        """Whether a product meets all conditions."""
        return (self.accepts_brand(product) and self.accepts_category(product)
                and self.accepts_price(product))

    def accepts_brand(self, product: Product) -> bool:
        """Whether the brand is one of those wanted."""
        return not self.brands or product.brand.casefold() in self.brands

    def accepts_category(self, product: Product) -> bool:
        """Whether the product is in the category or one below."""
        path = product.category[:len(self.category)]
        return tuple(name.casefold() for name in path) == self.category

    def accepts_price(self, product: Product) -> bool:
        """Whether the price is within the limits."""
        if self.price_min is None and self.price_max is None:
            return True
        price = product.price
        return (price is not None and (self.price_min is None or price >= self.price_min)
                and (self.price_max is None or price <= self.price_max))


@dataclasses.dataclass(frozen=True)
class Facets:
    """Counts over candidates; each leaves its own filter out, so that another can be chosen.

    Attributes:
        brands: (brand, products), most first.
        categories: (path, products) of the level below the chosen category, most first.
        prices: lowest and highest price, None where no candidate has one.
    """

    brands: list[tuple[str, int]]
    categories: list[tuple[tuple[str, ...], int]]
    prices: tuple[float, float] | None


def count_facets(candidates: Iterable[Product], filters: Filters) -> Facets:
    """Facets of candidates under the filters."""
    brands: Counter[str] = Counter()
    categories: Counter[tuple[str, ...]] = Counter()
    prices: list[float] = []
    depth = len(filters.category) + 1
    for product in candidates:
        brand, category, price = (
            filters.accepts_brand(product), filters.accepts_category(product),
            filters.accepts_price(product))
        if product.brand and category and price:
            brands[product.brand] += 1
        if brand and category and price and len(product.category) >= depth:
            categories[product.category[:depth]] += 1
        if product.price is not None and brand and category:
            prices.append(product.price)
    return Facets(
        _most(brands, MAX_BRANDS), _most(categories, MAX_CATEGORIES),
        (min(prices), max(prices)) if prices else None)


def _most(counts: Counter, limit: int) -> list:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
