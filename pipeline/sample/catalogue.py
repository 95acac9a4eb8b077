"""What each product truly is: the latent columns from which texts, grades and events follow.

A title or description tells a part of this. The rest (which style and price level a brand stands
for, what a product is best used for) shows in judgments and events alone.
"""

from __future__ import annotations

import calendar
import dataclasses
import functools

import numpy as np
import numpy.typing as npt

from pipeline.sample.randomness import stream
from pipeline.sample.vocabulary import Vocabulary

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

YEAR_START = calendar.timegm((2024, 1, 1, 0, 0, 0))
YEAR_END = calendar.timegm((2025, 1, 1, 0, 0, 0))
DAY = 86_400

NONE = -1
"""A facet that a product, query or shopper does not have."""

_LATE_SHARE = 0.08  # products that arrive in the last two months: few events, or none
_PRODUCTS_PER_TYPE = 10  # small catalogues have fewer types rather than one product of each


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """Columns `[products]` of numbers into the vocabulary; `NONE` where nothing applies."""

    vocabulary: Vocabulary
    kind: Ints
    """Product type."""
    brand: Ints
    line: Ints
    colour: Ints
    material: Ints
    size: Ints
    """Position in the sizes of the product's type."""
    style: Ints
    tier: Ints
    use: Ints
    """What it is best for, one of the uses of its type."""
    price: Floats
    created: Ints
    """Seconds since the epoch."""
    appeal: Floats
    """Log of how often it is taken, all else equal: a long tail."""
    brand_style: Ints
    """House style of each brand, `[brands]`."""
    brand_tier: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def product_id(self, index: int) -> str:
        """The id under which the tables name product `index`."""
        return f"P{index + 1:07d}"

    @functools.cached_property
    def colour_kind(self) -> Ints:
        """Everyday colour of each product, `[products]`."""
        return _kinds(self.colour, [shade.kind for shade in self.vocabulary.colours])

    @functools.cached_property
    def material_kind(self) -> Ints:
        """Everyday material of each product, `[products]`."""
        return _kinds(self.material, [shade.kind for shade in self.vocabulary.materials])

    @functools.cached_property
    def family(self) -> Ints:
        """Family of each product, `[products]`."""
        return self.vocabulary.type_family[self.kind]

    @functools.cached_property
    def of_type(self) -> list[Ints]:
        """Products of each type, in the order of the catalogue; empty where a type is absent."""
        order = np.argsort(self.kind, kind="stable")
        return np.split(order, np.cumsum(np.bincount(
            self.kind, minlength=len(self.vocabulary.types)))[:-1])

    @functools.cached_property
    def types(self) -> Ints:
        """Types that have a product."""
        return np.unique(self.kind)


def draw_catalogue(vocabulary: Vocabulary, products: int, seed: int) -> Catalogue:
    """Draws `products` products; the same arguments give the same catalogue."""
    rng = stream(seed, "catalogue")
    kind = _draw_types(vocabulary, products, rng)
    brand_style, brand_tier = (
        rng.permutation(len(vocabulary.brands)) % count
        for count in (len(vocabulary.styles), len(vocabulary.tiers)))
    departments = vocabulary.type_department[kind]
    brand = _choose([vocabulary.departments[d].brands for d in departments], rng)
    style = np.where(
        rng.random(products) < 0.8, brand_style[brand],
        rng.integers(len(vocabulary.styles), size=products))
    tier = np.where(
        rng.random(products) < 0.85, brand_tier[brand],
        rng.integers(len(vocabulary.tiers), size=products))
    types = [vocabulary.types[k] for k in kind]
    return Catalogue(
        vocabulary=vocabulary, kind=kind, brand=brand,
        line=(brand * 5 + rng.integers(4, size=products)) % len(vocabulary.lines),
        colour=_choose([vocabulary.departments[d].colours for d in departments], rng),
        material=_choose([kind.materials for kind in types], rng),
        size=_choose([range(len(kind.sizes)) for kind in types], rng),
        style=style, tier=tier,
        use=_choose([kind.uses for kind in types], rng),
        price=_draw_prices(np.array([kind.price for kind in types]), tier, rng),
        created=_draw_arrivals(kind, rng),
        appeal=rng.normal(0.0, 1.2, products) + 0.4 * rng.standard_exponential(products),
        brand_style=brand_style, brand_tier=brand_tier)


def _draw_types(vocabulary: Vocabulary, products: int, rng: np.random.Generator) -> Ints:
    """Types in use are spread over the departments, and each has a fair share of products."""
    by_department: dict[int, int] = {}
    rank = []
    for number in rng.permutation(len(vocabulary.types)):
        department = vocabulary.types[number].department
        by_department[department] = by_department.get(department, 0) + 1
        rank.append((by_department[department], int(number)))
    used = [number for _, number in sorted(rank, key=lambda pair: pair[0])]
    used = used[:max(len(vocabulary.departments), products // _PRODUCTS_PER_TYPE)]
    share = rng.dirichlet(np.full(len(used), 12.0))
    kind = rng.choice(used, products, p=share)
    kind[:len(used)] = used[:products]
    return rng.permutation(kind)


def _draw_prices(ranges: Floats, tier: Ints, rng: np.random.Generator) -> Floats:
    """Each price level takes its third of a type's range, on a log scale."""
    low, high = np.log(ranges[:, 0]), np.log(ranges[:, 1])
    price = np.exp(low + (high - low) * (tier + rng.random(len(tier))) / 3)
    return np.where(price < 20, np.floor(price) + 0.99, np.round(price) - 0.05).round(2)


def _draw_arrivals(kind: Ints, rng: np.random.Generator) -> Ints:
    """Most are as old as the shop; one of each type is, so that every search finds something."""
    old = YEAR_START - rng.integers(DAY, 900 * DAY, len(kind))
    within = YEAR_START + rng.integers(0, 300 * DAY, len(kind))
    late = YEAR_END - rng.integers(DAY, 60 * DAY, len(kind))
    when = rng.random(len(kind))
    created = np.where(when < _LATE_SHARE, late, np.where(when < 0.25, within, old))
    first = np.unique(kind, return_index=True)[1]
    created[first] = old[first]
    return created


def _choose(options: list[tuple[int, ...]] | list[range], rng: np.random.Generator) -> Ints:
    """One of each row's options, earlier ones more often; `NONE` for a row without any."""
    place = rng.random(len(options)) ** 1.3
    return np.array([
        row[int(u * len(row))] if row else NONE
        for row, u in zip(options, place.tolist(), strict=True)])


def _kinds(values: Ints, kinds: list[int]) -> Ints:
    return np.where(values == NONE, NONE, np.array(kinds)[values])
