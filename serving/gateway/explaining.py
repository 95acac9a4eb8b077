"""Why a product is answered in a context, as far as the server's own answers tell.

The same question is asked again without one part of the context at a time. What changes is what
that part did; nothing is said of what goes on inside the model.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from serving.gateway.catalogue import Catalogue, Product
from serving.gateway.model_client import ModelClient
from serving.gateway.schemas import ContextPart, ExplainAnswer, SharedWords
from serving.retrieval import Context, Result

MAX_HISTORY_ITEMS = 8
_WORD = re.compile(r"[^\W_]{2,}")
# Words that are in every text; what else two texts share is worth telling.
_COMMON = frozenset({
    "an", "and", "are", "as", "at", "be", "by", "for", "from", "have", "in", "is", "it", "like",
    "my", "of", "on", "or", "our", "that", "the", "this", "to", "we", "who", "with", "you", "your"})
# A share of a softmax: below this a change of the score is not worth a word.
_SAME_SCORE = 0.05

Effect = Literal["decisive", "helps", "none", "lowers"]


@dataclasses.dataclass(frozen=True)
class _Variant:
    """The context without a part."""

    part: Literal["query", "history", "profile", "history item"]
    context: Context
    product_id: str | None = None


async def explain(client: ModelClient, catalogue: Catalogue, product: Product,
                  context: Context) -> ExplainAnswer:
    """Asks for the context and for it without each part, in one call of the model server."""
    variants = list(_variants(context))
    full, *others = await client.recommend([context, *(each.context for each in variants)])
    rank, score = _place(full, product.product_id)
    parts = []
    for variant, results in zip(variants, others, strict=True):
        rank_without, score_without = _place(results, product.product_id)
        parts.append(ContextPart(
            part=variant.part, product_id=variant.product_id,
            title=_title(catalogue, variant.product_id), rank_without=rank_without,
            score_without=score_without,
            effect=effect_of((rank, score), (rank_without, score_without))))
    return ExplainAnswer(
        product_id=product.product_id, rank=rank, score=score, candidates=len(full), parts=parts,
        words=list(_shared_words(catalogue, product, context)))


def effect_of(with_part: tuple[int | None, float | None],
              without: tuple[int | None, float | None]) -> Effect:
    """What a part does, by (rank, score) with and without it; None is not among the candidates."""
    (rank, score), (other_rank, other_score) = with_part, without
    if rank is None or score is None:
        return "none" if other_rank is None else "lowers"
    if other_rank is None or other_score is None:
        return "decisive"
    if rank != other_rank:
        return "helps" if rank < other_rank else "lowers"
    change = (score - other_score) / max(abs(score), abs(other_score), 1e-9)
    if abs(change) < _SAME_SCORE:
        return "none"
    return "helps" if change > 0 else "lowers"


def words_of(text: str) -> set[str]:
    """Words of a text for comparison, in lower case, without those that every text has."""
    return set(_WORD.findall(text.casefold())) - _COMMON


def _variants(context: Context) -> Iterator[_Variant]:
    if context.query:
        yield _Variant("query", dataclasses.replace(context, query=""))
    if context.profile:
        yield _Variant("profile", dataclasses.replace(context, profile=""))
    if context.history:
        yield _Variant("history", _with_history(context, ()))
    if len(context.history) > 1:
        last = range(len(context.history))[-MAX_HISTORY_ITEMS:]
        for position in reversed(last):
            kept = [each for each in range(len(context.history)) if each != position]
            yield _Variant(
                "history item", _with_history(context, kept), context.history[position])


def _with_history(context: Context, positions: Sequence[int]) -> Context:
    return dataclasses.replace(
        context, history=[context.history[each] for each in positions],
        events=[context.events[each] for each in positions] if context.events else (),
        ages=[context.ages[each] for each in positions] if context.ages else ())


def _place(results: Sequence[Result], product_id: str) -> tuple[int | None, float | None]:
    for rank, result in enumerate(results, start=1):
        if result.product_id == product_id:
            return rank, result.score
    return None, None


def _shared_words(catalogue: Catalogue, product: Product,
                  context: Context) -> Iterator[SharedWords]:
    words = _product_words(product)
    for part, text in (("query", context.query), ("profile", context.profile)):
        if shared := sorted(words & words_of(text)):
            yield SharedWords.model_validate(
                {"part": part, "product_id": None, "title": None, "words": shared})
    for product_id in list(dict.fromkeys(reversed(context.history)))[:MAX_HISTORY_ITEMS]:
        earlier = catalogue.get(product_id)
        if earlier is not None and (shared := sorted(words & _product_words(earlier))):
            yield SharedWords(
                part="history item", product_id=product_id, title=earlier.title, words=shared)


def _product_words(product: Product) -> set[str]:
    return words_of(" ".join(
        (product.title, product.brand, *product.category, *product.attributes.values())))


def _title(catalogue: Catalogue, product_id: str | None) -> str | None:
    product = catalogue.get(product_id or "")
    return None if product is None else product.title
