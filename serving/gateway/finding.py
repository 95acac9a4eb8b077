"""Products for a search, with filters: which the model does not know, but it knows `exclude`."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable

from serving.gateway.catalogue import Catalogue, Product
from serving.gateway.filters import Facets, Filters, count_facets
from serving.gateway.model_client import ModelClient
from serving.retrieval import Context, Result

# The longest list that the project's model server takes, `serving.signature.Limits`.
MAX_EXCLUDED = 2048
# Of a larger catalogue not every product is looked at: others would wait for it.
_MAX_SCANNED = 20_000
_MAX_ROUNDS = 4


@dataclasses.dataclass(frozen=True)
class Hit:
    """A product with its score."""

    product: Product
    score: float


@dataclasses.dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        hits: those that meet the filters, best first.
        considered: different candidates that the model gave.
        unknown: candidates that the catalogue does not have.
        facets: counts over the candidates.
    """

    hits: list[Hit]
    considered: int
    unknown: int
    facets: Facets


async def find(client: ModelClient, catalogue: Catalogue, query: str, filters: Filters,
               wanted: int) -> Found:
    """Searches, and where filters leave fewer than wanted asks again without what they refuse.

    Where no more than `MAX_EXCLUDED` products of a small catalogue fail the filters, all of them
    are excluded and the answer is exact. Else those that were answered so far are, a few times.
    """
    [results] = await client.search([query])
    candidates = {result.product_id: result for result in results}
    if filters:
        excluded = _all_failing(catalogue, filters)
        if excluded is not None:
            results = await _without(client, query, excluded, candidates)
        else:
            results = await _deepen(client, catalogue, query, filters, wanted, candidates)
    known = join(candidates.values(), catalogue)
    # One answer of the model, so that its order and its scores are of one piece.
    hits = [hit for hit in join(results, catalogue) if filters.accepts(hit.product)]
    return Found(
        hits, len(candidates), len(candidates) - len(known),
        count_facets((hit.product for hit in known), filters))


def join(results: Iterable[Result], catalogue: Catalogue) -> list[Hit]:
    """The products of results, without those that the catalogue does not have."""
    return [
        Hit(product, result.score) for result in results
        if (product := catalogue.get(result.product_id)) is not None]


async def _deepen(client: ModelClient, catalogue: Catalogue, query: str, filters: Filters,
                  wanted: int, candidates: dict[str, Result]) -> list[Result]:
    results = list(candidates.values())
    excluded: list[str] = []
    for _ in range(_MAX_ROUNDS):
        passing = sum(filters.accepts(hit.product) for hit in join(results, catalogue))
        failing = _failing(
            (hit.product for hit in join(candidates.values(), catalogue)), filters, MAX_EXCLUDED)
        if passing >= wanted or len(failing) == len(excluded):
            break
        excluded = failing
        results = await _without(client, query, excluded, candidates)
    return results


async def _without(client: ModelClient, query: str, excluded: list[str],
                   candidates: dict[str, Result]) -> list[Result]:
    """The answer without some products, which is added to the candidates."""
    [results] = await client.recommend([Context(query=query, exclude=excluded)])
    for result in results:
        candidates.setdefault(result.product_id, result)
    return results


def _all_failing(catalogue: Catalogue, filters: Filters) -> list[str] | None:
    """The products that fail the filters, None where they are too many to look for or exclude."""
    if len(catalogue) > _MAX_SCANNED:
        return None
    failing = _failing(catalogue.products.values(), filters, MAX_EXCLUDED + 1)
    return failing if len(failing) <= MAX_EXCLUDED else None


def _failing(products: Iterable[Product], filters: Filters, limit: int) -> list[str]:
    return list(itertools.islice(
        (product.product_id for product in products if not filters.accepts(product)), limit))
