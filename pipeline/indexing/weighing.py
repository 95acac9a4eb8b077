"""Weighs the arms on validation contexts: what each feature counts, and what each arm is worth."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import tensorflow as tf

from model.fusion import ARMS, FEATURES, LEARNED_KINDS, SPREADS, ContextKind, feature_mask
from model.hybrid import Behaviour, Candidates
from model.signatures import Servable
from pipeline.evaluation.data import Context, dense_histories
from pipeline.examples.records import CATALOGUE, JUDGES, TUNES
from pipeline.indexing import fusion
from pipeline.indexing.fusion import Judged

_log = logging.getLogger("emporium.indexing")

_BATCH = 32
_K = 10


@dataclasses.dataclass(frozen=True)
class KindReport:
    """What was learned of one kind of context.

    Attributes:
        tuned, judged: contexts that weights were learned on, and that the figures are of.
        both: those among them that did both, since there are too few to divide.
        learned: whether there were enough to learn from; else the priors stand.
        weights: by feature.
        ndcg: nDCG@10 of `fused`, of each arm alone, and `without ARM`, over what the arms found.
    """

    tuned: int
    judged: int
    both: int
    learned: bool
    weights: Mapping[str, float]
    ndcg: Mapping[str, float]


def weigh_arms(
    servable: Servable, behaviour: Behaviour, contexts: Sequence[Context], arms: Collection[str],
    row_of: Mapping[str, int],
) -> dict[str, KindReport]:
    """Learns the fusion's weights and sets them in the servable.

    Queries that a catalogue made of itself teach nothing here: they are its own words, which would
    speak for the lexical arm whatever shoppers type. They are measured all the same. Nor do
    judgments teach what popularity is worth: they count how often raters looked.

    Args:
        servable: with the priors as weights; changed in place.
        behaviour: as it was before validation began.
        contexts: validation contexts.
        arms: names of the arms that are on.
        row_of: row of each product id.

    Returns:
        What was learned, by the name of the kind.
    """
    priors = servable.hybrid.weights.numpy()
    weights, reports = priors.copy(), {}
    by_kind = _by_kind(contexts, row_of)
    spreads = SPREADS.copy()
    if behaviour.item_to_item is None:
        spreads[list(map(FEATURES.index, ARMS["popularity"]))] = 0.0
    for kind in LEARNED_KINDS:
        some = by_kind.get(kind, [])
        if not some:
            continue
        found = judge(servable, behaviour, some, row_of)
        tunes = np.array([c.role != JUDGES and c.source != CATALOGUE for c in some])
        judges = np.array([c.role != TUNES for c in some])
        weights[kind] = _learn(found, tunes, priors[kind], spreads, arms)
        reports[kind.name.lower()] = KindReport(
            int(tunes.sum()), int(judges.sum()), int((tunes & judges).sum()),
            bool((weights[kind] != priors[kind]).any()),
            {name: round(float(w), 4) for name, w in zip(FEATURES, weights[kind], strict=True)},
            _worth(found, tunes, judges, priors[kind], spreads, weights[kind], arms))
        _log.info("fusion: %s", _summary(kind.name.lower(), reports[kind.name.lower()]))
    servable.hybrid.weights.assign(weights)
    return reports


def _summary(kind: str, report: KindReport) -> str:
    """A line of progress: what the arms reach together, and without each of them."""
    without = [
        f"{value:.3f} {name}" for name, value in report.ndcg.items() if name.startswith("without ")]
    weights = f"weights learned on {report.tuned:,}" if report.learned else "the weights' defaults"
    reached = f"nDCG@10 {report.ndcg['fused']:.3f} on {report.judged:,}"
    parts = [reached, *([", ".join(without)] if without else []), weights]
    return f"{kind} contexts, {'; '.join(parts)}"


def judge(
    servable: Servable, behaviour: Behaviour, contexts: Sequence[Context],
    row_of: Mapping[str, int],
) -> Judged:
    """Candidates of contexts of one kind, with their features and gains.

    Returns:
        Contexts in the order in which they are given.
    """
    strings, lists = tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.string)
    numbers = tf.TensorSpec([None, None], tf.float32)

    @tf.function(autograph=False, input_signature=[strings])
    def search(query: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return _parts(servable.hybrid.candidates(servable.search_request(query), behaviour))

    @tf.function(autograph=False, input_signature=[lists, lists, numbers, strings, strings])
    def recommend(
        history: tf.Tensor, events: tf.Tensor, ages: tf.Tensor, profile: tf.Tensor,
        query: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        request = servable.recommend_request(history, events, ages, profile, query, history)
        return _parts(servable.hybrid.candidates(request, behaviour))

    found: dict[int, tuple[np.ndarray, ...]] = {}
    # Of like lengths together: a batch is as wide as its longest history.
    order = sorted(range(len(contexts)), key=lambda n: len(contexts[n].history))
    for start in range(0, len(order), _BATCH):
        chosen = order[start:start + _BATCH]
        batch = [contexts[n] for n in chosen]
        query = tf.constant([context.query for context in batch])
        if all(context.kind == "search" for context in batch):
            parts = search(query)
        else:
            profile = tf.constant([context.profile for context in batch])
            parts = recommend(*dense_histories(batch), profile, query)
        found |= zip(chosen, zip(*(part.numpy() for part in parts), strict=True), strict=True)
    return _with_gains(contexts, row_of, [found[n] for n in range(len(contexts))])


def _parts(found: Candidates) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    return found.rows, found.features, found.usable


def _with_gains(
    contexts: Sequence[Context], row_of: Mapping[str, int],
    found: Sequence[tuple[np.ndarray, ...]],
) -> Judged:
    """Candidates of different numbers side by side, padded with what is not usable."""
    width = max(len(rows) for rows, _, _ in found)
    shape = len(contexts), width
    judged = Judged(
        np.zeros((*shape, len(FEATURES)), np.float32), np.zeros(shape, bool),
        np.zeros(shape, np.float32), np.zeros(len(contexts), np.float32))
    discounts = 1.0 / np.log2(np.arange(_K) + 2.0)
    for number, context in enumerate(contexts):
        rows, features, usable = found[number]
        count = len(rows)
        judged.features[number, :count] = features
        judged.usable[number, :count] = usable
        gains = {row_of[p]: 2.0**gain - 1.0 for p, gain in context.relevant.items() if p in row_of}
        judged.gains[number, :count] = [gains.get(int(row), 0.0) for row in rows]
        best = np.sort(list(gains.values()))[::-1][:_K]
        judged.ideal[number] = max(1e-9, float(best @ discounts[:len(best)]))
    return judged


def _by_kind(
    contexts: Sequence[Context], row_of: Mapping[str, int],
) -> dict[ContextKind, list[Context]]:
    found: dict[ContextKind, list[Context]] = {}
    for context in contexts:
        went = any(product in row_of for product in context.history)
        if context.query.strip():
            kind = ContextKind.BOTH if went else ContextKind.QUERY
        else:
            kind = ContextKind.HISTORY if went else ContextKind.PROFILE
        found.setdefault(kind, []).append(context)
    return found


def _learn(
    found: Judged, rows: np.ndarray, prior: np.ndarray, spreads: np.ndarray,
    arms: Collection[str],
) -> np.ndarray:
    mask = feature_mask(arms)
    return fusion.learn_weights(_only(found, rows), prior * mask, spreads * mask)


def _worth(
    found: Judged, tunes: np.ndarray, judges: np.ndarray, prior: np.ndarray, spreads: np.ndarray,
    weights: np.ndarray, arms: Collection[str],
) -> dict[str, float]:
    """nDCG@10 of the fusion, of each arm alone and of the fusion without it, learned anew."""
    seen = _only(found, judges)
    trials = {"fused": weights}
    for arm in arms:
        own = list(map(FEATURES.index, ARMS[arm]))
        if prior[own].any() or weights[own].any():
            trials[arm] = _learn(found, tunes, prior, spreads, [arm])
            trials[f"without {arm}"] = _learn(
                found, tunes, prior, spreads, [other for other in arms if other != arm])
    return {name: round(float(fusion.ndcg(seen, w).mean()), 4) for name, w in trials.items()}


def _only(found: Judged, rows: np.ndarray) -> Judged:
    return Judged(*(getattr(found, field.name)[rows] for field in dataclasses.fields(Judged)))
